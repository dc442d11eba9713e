# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows that each lint finds what it is there for, and lets pass what is right, on small trees made for it."""
import os
import subprocess
import tempfile
from pathlib import Path

import flatpak
import includes
import layout
import linkage
import manual
import service
import tap
import translations
import tree

LICENCE = '/* SPDX-License-Identifier: GPL-3.0-or-later */\n'
README = '''# The map
| directory | may include | what lives there |
| --- | --- | --- |
| `core/` | GLib, GIO, json-glib | |
| `transport/` | core | the contract |
| `transport/log/` | core, transport, SQLite | one of its back-ends |
| `client/` | core, transport, libsoup | |
| `server/store/` | core | |
| `server/session/` | core, server/store, libsodium | |
| `server/api/` | core, the server's services, libsoup | |
| `server/` | all of the server's | `chat-server.c`, the composition root; the two factories; `main.c` |
| `app/` | core, client, GTK | `chat-application.c` is its composition root |
'''
HEADERS = ['core/chat-a.h', 'transport/chat-t.h', 'transport/log/chat-l.h', 'client/chat-c.h', 'server/store/chat-s.h',
           'server/session/chat-session.h', 'server/api/chat-api.h', 'app/chat-window.h']
RIGHT = [
    ('core/chat-a.c', '"core/chat-a.h"'), ('core/chat-a.c', '<json-glib/json-glib.h>'), ('core/chat-a.c', '<string.h>'),
    ('core/chat-a.c', '<sys/stat.h>'), ('core/chat-a.c', '"config.h"'), ('transport/log/chat-l.c', '<sqlite3.h>'),
    ('transport/log/chat-l.c', '"transport/chat-t.h"'), ('transport/chat-t.c', '<gio/gio.h>'),
    ('server/api/chat-api.c', '"server/session/chat-session.h"'), ('server/chat-server.c', '"transport/log/chat-l.h"'),
    ('server/chat-store-factory.c', '"transport/log/chat-l.h"'), ('server/chat-server.c', '<libsoup/soup.h>'),
    ('app/chat-window.c', '<gtk/gtk.h>'), ('app/chat-application.c', '"transport/log/chat-l.h"'),
]
WRONG = [
    ('core/chat-a.c', '"transport/chat-t.h"'), ('core/chat-a.c', '<sqlite3.h>'), ('core/chat-a.c', '<gtk/gtk.h>'),
    ('core/chat-a.c', '"chat-a.h"'), ('core/chat-a.c', '<librdkafka/rdkafka.h>'), ('transport/chat-t.c', '<sqlite3.h>'),
    ('transport/chat-t.c', '"transport/log/chat-l.h"'), ('client/chat-c.c', '<gtk/gtk.h>'),
    ('client/chat-c.c', '"transport/log/chat-l.h"'), ('server/store/chat-s.c', '"server/session/chat-session.h"'),
    ('server/session/chat-session.c', '"server/api/chat-api.h"'), ('server/session/chat-session.c', '<libsoup/soup.h>'),
    ('server/chat-role.c', '"transport/log/chat-l.h"'), ('server/chat-server.c', '"app/chat-window.h"'),
    ('server/chat-server.c', '<gtk/gtk.h>'), ('app/chat-window.c', '"server/api/chat-api.h"'),
    ('app/chat-window.c', '<libsoup/soup.h>'), ('app/chat-window.c', '"transport/log/chat-l.h"'),
    ('other/chat-x.c', '<glib.h>'),
]


def complaints(check, contents):
    """What a check says of a tree with these {path: text} files; a text that begins with #! can be run."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch).resolve()
        for name, text in contents.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding='utf-8')
            path.chmod(0o755 if text.startswith('#!') else 0o644)
        return check(root, tap.tree_files(root))


def expect(check, right, wrong):
    """Complaints about the check itself: each `right` tree must pass, each `wrong` one give one complaint."""
    found = [f'complains of {tree}: {said}' for tree in right if (said := complaints(check, tree))]
    found += [f'says {said} of {tree}' for tree in wrong if len(said := complaints(check, tree)) != 1]
    return found


def include_tree(path, include):
    tree_with = {f'src/{header}': '#pragma once\n' for header in HEADERS}
    return tree_with | {'src/README.md': README, f'src/{path}': f'{LICENCE}#include {include}\n'}


def includes_are_held():
    return expect(includes.complaints, [include_tree(*case) for case in RIGHT], [include_tree(*case) for case in WRONG])


def rows_are_read():
    """A table that is no table, or names what nobody knows, is a complaint and no free pass."""
    right = include_tree('core/chat-a.c', '<glib.h>')
    unknown = right | {'src/README.md': README.replace('| core, client, GTK |', '| core, client, Qt |')}
    missing = right | {'src/README.md': README + '| `bots/` | core | |\n'}
    found = expect(includes.complaints, [right], [unknown, missing])
    return found + ([] if complaints(includes.complaints, right | {'src/README.md': '# Nothing'}) else ['no table passes'])


def files_are_held():
    line = 'int x;\n'
    cases = [
        (tree.too_long, [{'src/a.c': line * 1200}, {'data/words.txt': line * 9999}], [{'src/a.c': line * 1201}]),
        (tree.unlicensed, [{'src/a.c': LICENCE}, {'data/words.txt': line}], [{'src/a.c': line}, {'data/x': '#!/bin/sh\n'}]),
        (tree.unguarded, [{'src/a.h': '#pragma once\n'}, {'src/a.c': line}], [{'src/a.h': '#ifndef A_H\n'}]),
        (tree.broken_scripts, [{'data/x': '#!/usr/bin/env bash\ntrue\n'}], [{'data/x.sh': 'case x in\n'}]),
        (tree.sleeps, [{'tests/a.c': 'sleeper (1); /* no sleep */'}, {'src/a.c': 'g_usleep (1);'},
                       {'tests/bench/a.c': 'g_usleep (1);'}],
         [{'tests/a.c': '  g_usleep (1000);'}, {'tests/a.py': 'time.sleep(0.1)'}, {'tests/run': '#!/bin/sh\nsleep 1\n'},
          {'tests/run': '#!/bin/sh\ntrue; sleep $n\n'}]),
        (tree.unfinished, [{'src/a.c': '/* todos */'}], [{'src/a.c': '/* TODO: more */'}]),
        (tree.machine_words, [{'src/a.c': 'see /usr/share and ${HOME}/root/x and ~/home/a/'}],
         [{'src/a.c': 'see /home/ana/x'}, {'src/a.c': f'see {os.path.expanduser("~")}/x'}]),
    ]
    return [said for case in cases for said in expect(*case)]


def machines_are_recognised():
    pattern = tree.machine_pattern(Path('/srv2/clones/tertulia'), '/home/ana', {'packages.example.org'})
    wrong = ['"/srv2/clones/tertulia/src"', 'cd /srv2/clones/x', 'http://packages.example.org/x', '/root/x']
    right = ['build/root/x', '${dir}/root/x', 'packages.example.com', '/srv2/other/x']
    return [f'finds nothing in {t}' for t in wrong if not pattern.search(t)] + \
           [f'finds something in {t}' for t in right if pattern.search(t)]


def potfiles_are_held():
    listing = {'po/POTFILES.in': '# list\nsrc/a.c\nsrc/b.ui\n', 'src/a.c': '_ ("Hello")',
               'src/b.ui': '<p translatable="yes">Hello</p>'}
    return expect(translations.potfiles, [listing, listing | {'src/c.c': 'x_("no")'}],
                  [listing | {'src/c.c': 'ngettext ("a", "b", n)'}, listing | {'src/a.c': '"Hello"'},
                   listing | {'data/c.gschema.xml': '<summary>Hello</summary>'},
                   listing | {'data/c.desktop.in': 'Name=Hello'},
                   listing | {'po/POTFILES.in': 'src/b.ui\nsrc/a.c\n'}])


def languages_are_held():
    """Complete passes; untranslated, fuzzy, gone from the file and malformed do not."""
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    base = {'po/LINGUAS': 'es\n', 'po/POTFILES.in': 'src/a.c\n', 'src/a.c': '_ ("Hello"); _ ("%d people");\n'}
    people = '#, c-format\nmsgid "%d people"\nmsgstr "%d personas"\n\n'
    wrong = [head + people, head + people + 'msgid "Hello"\nmsgstr ""\n',
             head + people + '#, fuzzy\nmsgid "Hello"\nmsgstr "Hola"\n',
             head + people.replace('"%d personas"', '"%s personas"') + 'msgid "Hello"\nmsgstr "Hola"\n',
             head + 'nonsense\n']
    right = base | {'po/es.po': head + people + 'msgid "Hello"\nmsgstr "Hola"\n'}

    def check(root, _):
        return translations.languages(root)[:1]
    cut = right | {'src/a.c': base['src/a.c'] + '_ ("%" G_GSIZE_FORMAT " bytes");\n',
                   'po/es.po': right['po/es.po'] + 'msgid "%"\nmsgstr "%"\n'}
    return expect(check, [right], [base, cut] + [base | {'po/es.po': text} for text in wrong])


def layout_is_held():
    """All that git knows or would take counts."""
    def check(root, _):
        (root / '.clang-format').write_text('BasedOnStyle: GNU\n', encoding='utf-8')
        (root / '.gitignore').write_text('build/\n', encoding='utf-8')
        subprocess.run(['git', '-C', root, 'init', '--quiet'], check=True, capture_output=True)
        subprocess.run(['git', '-C', root, 'add', '.'], check=True, capture_output=True)
        return layout.complaints(root)
    right = {'right.c': 'int x;\n'}
    return expect(check, [right, right | {'build/made.c': 'int   x ;\n'}], [right | {'wrong.c': 'int   x ;\n'}])


def linkage_is_held():
    """A program that loads libX11 or GTK: whichever of these is there."""
    for program in ('xdotool', 'gtk4-query-settings', 'openbox'):
        for directory in os.environ['PATH'].split(':'):
            path = Path(directory) / program
            if path.is_file():
                return [] if linkage.desktop_libraries(path) else [f'{path} passes']
    raise tap.Skip('none of the programs is installed that would show it')


def manuals_are_held():
    """An option or a key too few or too many, another default, and a page that is none."""
    usage = 'Usage:\n  -h, --help   Print\n  --config=FILE   Read\n'
    sample = '[server]\n\n# A text.\nname = Two words\n\n# A path.\n# path =\n'
    head = '.Dd November 21, 2026\n.Dt X 1\n.Os\n.Sh NAME\n.Nm x\n.Nd y\n.Sh DESCRIPTION\n'
    options = '.Bl -tag -width Ds\n.It Fl h , \\-help\nz\n.It Fl \\-config Ns = Ns Ar FILE\nz\n.El\n'
    keys = '.Ss server\n.Bl -tag -width Ds\n.It Ic name\nz\n.Ql Two\\ words .\n.It Ic path\nno default.\n.El\n'
    found = []
    with tempfile.TemporaryDirectory() as scratch:
        page = Path(scratch) / 'x.1'
        for text, options_wrong, keys_wrong in (
                (head + options + keys, 0, 0), (head + keys, 2, 0), (head + options, 0, 2),
                (head + options.replace('config', 'confug') + keys.replace('Two', 'Three'), 2, 1),
                (head + options + keys.replace('path', 'paths'), 0, 2)):
            page.write_text(text, encoding='utf-8')
            if len(manual.missing_options(page, usage)) != options_wrong:
                found.append(f'options: {manual.missing_options(page, usage)} of {text}')
            if len(manual.wrong_keys(page, sample)) != keys_wrong:
                found.append(f'keys: {manual.wrong_keys(page, sample)} of {text}')
        page.write_text(head + '.Bl -tag -width Ds\n', encoding='utf-8')
        found += [] if manual.mistakes([page]) else ['a list without an end passes']
    return found


def units_are_held():
    """A unit with a mistake, and one without a sandbox."""
    right = '[Unit]\nDescription=x\n[Service]\nExecStart=/x --y\n'
    found = []
    with tempfile.TemporaryDirectory() as scratch:
        unit = Path(scratch) / 'x.service.in'
        for text, wrong in ((right, False), (right + 'Restarts=x\n', True), (right + 'Type=often\n', True)):
            unit.write_text(text, encoding='utf-8')
            if bool(service.mistakes(unit, '/bin/true')) != wrong:
                found.append(f'{service.mistakes(unit, "/bin/true")} of {text}')
        unit.write_text(right, encoding='utf-8')
        found += [] if service.exposure(unit, '/bin/true') else ['no sandbox at all passes']
    return found


def manifests_are_held():
    """A source that is not pinned, a variant that is another program, a permission that nobody gave a reason for."""
    archive = {'type': 'archive', 'url': 'https://x.example/x.tar.gz', 'sha256': '0' * 64}
    tree_source = {'type': 'dir', 'path': '..', 'skip': []}
    right = {'id': 'x', 'finish-args': ['--share=ipc', '--device=dri'],
             'modules': [{'name': 'x', 'config-opts': [], 'sources': [archive, tree_source]}]}
    found = [f'passes: {wrong}' for wrong in ({**archive, 'sha256': ''}, {**archive, 'url': 'http://x.example/x.tar.gz'},
                                              {'type': 'git', 'url': 'https://x.example'}, {**tree_source, 'path': '/'})
             if not flatpak.unpinned({'modules': [{'name': 'x', 'sources': [wrong]}]})]
    found += flatpak.unpinned(right)
    devel = {**right, 'id': 'x.Devel', 'modules': [{**right['modules'][0], 'config-opts': ['-Dprofile=development']}]}
    found += flatpak.difference(right, devel)
    if not flatpak.difference(right, {**devel, 'command': 'y'}):
        found.append('a variant with another command passes')
    reviewed, reasons = '[Context]\nshared=ipc;\ndevices=dri;\n', '| `--share=ipc` | shm |\n| `--device=dri` | GL |\n'
    found += flatpak.permissions(right, reviewed, reasons)
    for one, other in ((reviewed + 'filesystems=home;\n', reasons), ('[Context]\nshared=ipc;\n', reasons),
                       (reviewed, '| `--share=ipc` | shm |\n'), (reviewed, reasons + '| `--socket=x11` | x |\n')):
        if not flatpak.permissions(right, one, other):
            found.append(f'passes: {one!r} with {other!r}')
    return found


tap.run({
    'lint of includes: each wrong one is found, no right one': includes_are_held,
    'lint of includes: the table is read': rows_are_read,
    'lint of files': files_are_held,
    'lint of machine words': machines_are_recognised,
    'lint of po/POTFILES.in': potfiles_are_held,
    'lint of translations': languages_are_held,
    'lint of layout': layout_is_held,
    'lint of linkage': linkage_is_held,
    'lint of manual pages': manuals_are_held,
    'lint of the unit': units_are_held,
    'lint of the Flatpak': manifests_are_held,
})
