# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds every #include under src/ against the table in src/README.md: usage: includes.py SOURCE_ROOT."""
import re
import sys
from pathlib import Path

import tap

# What the table's words for libraries mean: the headers of each, a directory where it ends in a slash.
VENDORS = {
    'GLib': ('glib.h', 'glib-object.h', 'glib-unix.h', 'glib/'),
    'GIO': ('gio/',),
    'json-glib': ('json-glib/',),
    'ICU': ('unicode/',),
    'SQLite': ('sqlite3.h',),
    'libsoup': ('libsoup/',),
    'librdkafka': ('librdkafka/',),
    'librabbitmq': ('amqp.h', 'amqp_framing.h', 'amqp_ssl_socket.h', 'amqp_tcp_socket.h', 'rabbitmq-c/', 'openssl/'),
    'libpq': ('libpq-fe.h', 'pg_config.h'),
    'libsecret': ('libsecret/',),
    'libsodium': ('sodium.h', 'sodium/'),
    'GTK': ('gtk/', 'gdk/', 'gsk/', 'gdk-pixbuf/', 'pango/', 'cairo.h', 'graphene.h'),
    'libadwaita': ('adwaita.h',),
    'enchant': ('enchant.h',),
}

# Below a contract, but no implementation of it: what several of them share.
SHARED = ('server/store/sql/',)

# Everybody may use C's and the system's own.
SYSTEM = re.compile(r'''(assert|complex|ctype|errno|fcntl|fenv|float|inttypes|iso646|langinfo|libintl|limits|locale|math
    |poll|pthread|pwd|grp|sched|setjmp|signal|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn
    |string|strings|syslog|termios|tgmath|threads|time|unistd|utime|wchar|wctype|malloc|netdb|getopt)\.h
    |(sys|netinet|arpa|net|linux)/.*''', re.VERBOSE)

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:<([^>]+)>|"([^"]+)")', re.MULTILINE)


class Table:
    """The rows of the table: which directory may include which directories and which libraries."""

    def __init__(self, text):
        self.rows, self.problems, self.roots = {}, [], set()
        cells = re.findall(r'^\| `([\w/-]+/)` \| ([^|]*) \|([^|]*)\|$', text, re.MULTILINE)
        self.notes = {directory: note for directory, _, note in cells}
        words = {directory: [word.strip() for word in allowed.split(',')] for directory, allowed, _ in cells}
        if not words:
            self.problems.append('src/README.md: no table with rows like "| `core/` | GLib, GIO | … |"')
        # The row "all of the server's" takes what the others have, so it comes last.
        for directory in sorted(words, key=lambda d: "all of the server's" in words[d]):
            self.rows[directory] = self.resolve(directory, words[directory], words)
        for directory, note in self.notes.items():
            self.roots |= {directory + name for name in re.findall(r'`([\w-]+\.c)`(?:, the| is its) composition root',
                                                                   note)}

    def resolve(self, directory, words, table):
        """The directories and libraries that one row allows. GLib is the floor that everything stands on."""
        directories, vendors = {directory}, {'GLib', 'GIO', 'json-glib'}
        for word in words:
            if word in VENDORS:
                vendors.add(word)
            elif word.strip('`/') + '/' in table:
                directories.add(word.strip('`/') + '/')
            elif word == "the server's services":
                directories |= {d for d in table if d.startswith('server/') and d.count('/') == 2} - {'server/api/'}
            elif word == "all of the server's":
                for row in [row for d, row in self.rows.items() if d.startswith('server/')]:
                    directories |= row[0]
                    vendors |= row[1]
            else:
                self.problems.append(f'src/README.md: the row of {directory} names "{word}", which is neither a row '
                                     f'nor a library that tests/lint/includes.py knows')
        return directories, vendors

    def row_of(self, path):
        """The most particular row in whose directory this path is, or None."""
        rows = [d for d in self.rows if path.startswith(d)]
        return max(rows, key=len, default=None)

    def is_backend(self, directory):
        """Whether the row is one implementation of a contract that is the row above it."""
        return directory not in SHARED and any(directory.startswith(contract) and directory != contract
                                               for contract in ('transport/', 'server/store/'))

    def may_name_backends(self, path):
        """Composition roots, factories, and main.c beside them."""
        name = path.rsplit('/', 1)
        beside_root = name[0] + '/' in {root.rsplit('/', 1)[0] + '/' for root in self.roots}
        return path in self.roots or beside_root and bool(re.fullmatch(r'main\.c|chat-.*-factory\.[ch]', name[1]))

    def verdict(self, path, system, quoted, exists):
        """What is wrong with one include of one file, or None."""
        directory = self.row_of(path)
        directories, vendors = self.rows[directory]
        if system:
            if SYSTEM.fullmatch(system):
                return None
            vendor = next((v for v, headers in VENDORS.items()
                           if any(system.startswith(h) if h.endswith('/') else system == h for h in headers)), None)
            if vendor is None:
                return f'<{system}> belongs to no library that tests/lint/includes.py knows'
            return None if vendor in vendors else f'<{system}> is {vendor}, which {directory} may not use'
        if quoted == 'config.h' or quoted == directory + Path(directory).name + '-resources.h':
            return None
        if not exists:
            return f'"{quoted}" is no file under src/: write its path from there, like "core/chat-message.h"'
        target = self.row_of(quoted)
        if target == directory:
            return None
        if self.is_backend(target):
            return None if self.may_name_backends(path) else \
                f'"{quoted}" is a concrete back-end: only composition roots and factories name one'
        return None if target in directories else f'"{quoted}" is of {target}, which {directory} may not include'


def complaints(root, files):
    """Every include that the table does not allow."""
    source = root / 'src'
    table = Table((source / 'README.md').read_text(encoding='utf-8'))
    found = list(table.problems)
    found += [f'src/README.md: there is no directory src/{d}' for d in table.rows if not (source / d).is_dir()]
    for path in (f for f in files if f.parts[0] == 'src' and f.suffix in ('.c', '.h')):
        name = path.relative_to('src').as_posix()
        if table.row_of(name) is None:
            found.append(f'{path}: its directory has no row in src/README.md')
            continue
        text = tap.read(root / path) or ''
        for match in INCLUDE.finditer(text):
            problem = table.verdict(name, match[1], match[2], match[2] and (source / match[2]).is_file())
            if problem:
                found.append(f'{path}:{text.count(chr(10), 0, match.start()) + 1}: {problem}')
    return found


if __name__ == '__main__':
    top = Path(sys.argv[1])
    tap.run({'every include is one that src/README.md allows': lambda: complaints(top, tap.tree_files(top))})
