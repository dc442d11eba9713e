# SPDX-License-Identifier: GPL-3.0-or-later
"""The manual pages say all there is to say, as mdoc wants it: usage: manual.py DIRECTORY PROGRAM…"""
import re
import shutil
import subprocess
import sys
from pathlib import Path

import tap


def output_of(*command):
    """What a program writes to standard output."""
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def mistakes(pages):
    """What mandoc, or else groff, has against the pages."""
    if shutil.which('mandoc'):
        command = ['mandoc', '-Tlint', '-Wwarning']
    elif shutil.which('groff'):
        command = ['groff', '-mdoc', '-ww', '-z', '-Tutf8']
    else:
        raise tap.Skip('neither mandoc nor groff is installed')
    complaints = []
    for page in pages:
        answer = subprocess.run([*command, page], capture_output=True, text=True, check=False, timeout=60)
        complaints += (answer.stdout + answer.stderr).splitlines()
    return complaints


def missing_options(page, usage):
    """Which options of a program's --help its page leaves out, and which of the page there are not."""
    text = page.read_text(encoding='utf-8')
    described = set(re.findall(r'^\.It Fl .*?\\-([a-z-]+)', text, re.MULTILINE))
    # GOption's own, for other programs of its kind
    offered = set(re.findall(r'^\s+(?:-\w, )?--([a-z-]+)', usage, re.MULTILINE)) - {'help-all', 'help-gapplication'}
    return [f'{page}: --{name} is not described: add an ".It Fl \\-{name}"' for name in sorted(offered - described)] + \
        [f'{page}: there is no --{name}: remove it' for name in sorted(described - offered)]


def keys_of(sample):
    """{(group, key): its default, or None} of what --print-config printed."""
    group, keys = None, {}
    for line in sample.splitlines():
        if re.fullmatch(r'\[\w+\]', line):
            group = line[1:-1]
        elif found := re.fullmatch(r'(# )?([a-z_]+) =(?: (.*))?', line):
            keys[group, found.group(2)] = None if found.group(1) else found.group(3) or ''
    return keys


def described_keys(page):
    """The same of the manual page."""
    group, key, keys = None, None, {}
    for line in page.read_text(encoding='utf-8').splitlines():
        if line.startswith('.Ss '):
            group = line[4:]
        elif line.startswith('.It Ic ') and group:
            key = line[7:]
            keys[group, key] = None
        elif line == 'the default is empty.':
            keys[group, key] = ''
        elif key and (found := re.fullmatch(r'\.Ql (.*) \.', line)):
            keys[group, key] = found.group(1).replace('\\ ', ' ')
    return keys


def wrong_keys(page, sample):
    """Which keys the page leaves out, has too many, or has with another default."""
    there, said = keys_of(sample), described_keys(page)
    complaints = []
    for group, key in sorted(there.keys() | said.keys()):
        name = f'{page}: [{group}] {key}'
        if (group, key) not in said:
            complaints.append(f'{name} is not described: add an ".It Ic {key}" under ".Ss {group}"')
        elif (group, key) not in there:
            complaints.append(f'{name}: there is no such key: remove it')
        elif there[group, key] != said[group, key]:
            complaints.append(f'{name}: the default is {there[group, key]!r}, not {said[group, key]!r}')
    return complaints


def main():
    """The checks: of all pages, of each program, and of the server's configuration."""
    directory, programs = Path(sys.argv[1]), sys.argv[2:]
    checks = {'the pages are right': lambda: mistakes(sorted(directory.iterdir()))}
    for program in programs:
        page = directory / f'{Path(program).name}.1'
        checks[f'every option of {page.stem} is described'] = \
            lambda page=page, program=program: missing_options(page, output_of(program, '--help'))
        if page.stem == 'tertulia-server':
            checks['every key of the configuration is described'] = \
                lambda program=program: wrong_keys(directory / 'tertulia-server.conf.5',
                                                   output_of(program, '--print-config'))
    tap.run(checks)


if __name__ == '__main__':
    main()
