# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every file of the tree: usage: tree.py SOURCE_ROOT."""
import os
import re
import subprocess
import sys
from pathlib import Path

import tap

MOST_LINES = 1200
LICENSED = {'.c', '.h', '.py', '.build', '.bash', '.sh', '.ui', '.css', '.sql', '.yaml', '.yml', '.po', '.supp', '.dict'}
CODE = {'.c', '.h', '.py', '.bash', '.sh', '.ui', '.css', '.sql', '.build'}

# Any of these in a test, instead of the event that it waits for.
SLEEP = re.compile(r'(?<![\w.])(g_usleep|usleep|nanosleep|clock_nanosleep|time\.sleep|asyncio\.sleep|sleep)\s*\(|'
                   r'^\s*(sleep|\w.*[;&|]\s*sleep)\s+[\d$]', re.MULTILINE)
UNFINISHED = re.compile(r'\b(TODO|FIXME|XXX)\b')
# A path is absolute where it does not go on from a name, a variable or another path.
ABSOLUTE = r'(?<![\w.})*~/-])'


def texts(root, files, wanted):
    """(path, text) of the files that `wanted` takes and that are text."""
    for path in files:
        if wanted(path):
            text = tap.read(root / path)
            if text is not None:
                yield path, text


def is_script(text):
    return text.startswith('#!')


def is_code(path, text):
    return path.suffix in CODE or path.name == 'meson_options.txt' or is_script(text)


def lines_with(root, files, pattern, message, wanted):
    """`message` for each line in which the pattern is found."""
    found = []
    for path, text in texts(root, files, wanted):
        for match in pattern.finditer(text):
            line = text.count('\n', 0, match.start()) + 1
            found.append(f'{path}:{line}: {message}: {match[0].strip()}')
    return found


def too_long(root, files):
    return [f'{path}: {text.count(chr(10))} lines; {MOST_LINES} is the end: divide it by aspect'
            for path, text in texts(root, files, lambda p: True)
            if is_code(path, text) and text.count('\n') > MOST_LINES]


def unlicensed(root, files):
    return [f'{path}: its first lines have no "SPDX-License-Identifier: GPL-3.0-or-later"'
            for path, text in texts(root, files, lambda p: True)
            if (path.suffix in LICENSED or is_code(path, text))
            and 'SPDX-License-Identifier: GPL-3.0-or-later' not in ''.join(text.splitlines(True)[:5])]


def unguarded(root, files):
    return [f'{path}: has no "#pragma once"'
            for path, text in texts(root, files, lambda p: p.suffix == '.h')
            if not re.search(r'^#pragma once$', text, re.MULTILINE)]


def broken_scripts(root, files):
    found = []
    for path, text in texts(root, files, lambda p: True):
        shebang = is_script(text) and text.splitlines()[0]
        if shebang and not os.access(root / path, os.X_OK):
            found.append(f'{path}: begins with "#!" but is not executable')
        if path.suffix in ('.bash', '.sh') or shebang and re.search(r'\b(ba)?sh\b', shebang):
            answer = subprocess.run(['bash', '-n', root / path], capture_output=True, text=True, check=False)
            found += [f'{path}: {line}' for line in answer.stderr.splitlines()]
    return found


def sleeps(root, files):
    """Of tests: a bench may keep a pace, and what starts a broker asks it again and again whether it is ready."""
    return lines_with(root, files, SLEEP, 'a test waits for an event, not for a time',
                      lambda p: p.parts[0] == 'tests' and p.parts[1] not in ('bench', 'lint') and p.parent.name != 'brokers')


def unfinished(root, files):
    return lines_with(root, files, UNFINISHED, 'unfinished', lambda p: p.parts[:2] != ('tests', 'lint'))


def package_hosts():
    """The hosts from which this machine installs packages."""
    try:
        sites = subprocess.run(['apt-get', 'indextargets', '--format', '$(SITE)'], capture_output=True, text=True,
                               check=False).stdout.split()
    except OSError:
        sites = []
    sites += [value for name, value in os.environ.items() if re.search('PROXY$|INDEX_URL$|REGISTRY$', name.upper())]
    hosts = {match[1] for match in (re.match(r'\w+://(?:[^/@]*@)?([\w.-]+)', site) for site in sites) if match}
    return hosts - {'localhost', '127.0.0.1'}


def machine_pattern(root, home, hosts):
    """What tells of one machine: where this tree and somebody's home are, and where packages come from."""
    places = {str(root), home}
    if str(root.parent) not in ('/', '/tmp', '/usr', '/opt', '/srv', '/var', '/home', '/mnt', '/media'):
        places.add(str(root.parent))
    parts = [ABSOLUTE + re.escape(place) + '/' for place in sorted(places) if place.count('/') and place != '/']
    parts += [ABSOLUTE + r'/(?:home|Users)/\w+/', ABSOLUTE + '/root/']
    parts += [r'\b' + re.escape(host) + r'\b' for host in sorted(hosts)]
    return re.compile('|'.join(parts))


def machine_words(root, files):
    pattern = machine_pattern(root.resolve(), os.path.expanduser('~'), package_hosts())
    return lines_with(root, files, pattern, 'tells of one machine', lambda p: p.parts[:2] != ('tests', 'lint'))


CHECKS = {
    f'no file has over {MOST_LINES} lines': too_long,
    'every file names its licence': unlicensed,
    'every header has #pragma once': unguarded,
    'every script parses and can be run': broken_scripts,
    'no test sleeps': sleeps,
    'nothing is marked as unfinished': unfinished,
    'nothing tells of the machine it was written on': machine_words,
}

if __name__ == '__main__':
    top = Path(sys.argv[1])
    all_files = tap.tree_files(top)
    tap.run({name: lambda check=check: check(top, all_files) for name, check in CHECKS.items()})
