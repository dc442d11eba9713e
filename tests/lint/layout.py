# SPDX-License-Identifier: GPL-3.0-or-later
"""All C is laid out as .clang-format says: usage: layout.py SOURCE_ROOT."""
import re
import shutil
import subprocess
import sys
from pathlib import Path

import tap

VERSION = '14'  # another one lays some things out differently


def complaints(root):
    for need in ('clang-format', 'git'):
        if not shutil.which(need):
            raise tap.Skip(f'{need} is not installed')
    version = subprocess.run(['clang-format', '--version'], capture_output=True, text=True, check=False).stdout
    if not re.search(rf'version {VERSION}\.', version):
        raise tap.Skip(f'clang-format is not version {VERSION}, which the tree is laid out with: {version.strip()}')
    listed = subprocess.run(['git', 'ls-files', '--cached', '--others', '--exclude-standard', '*.c', '*.h'], cwd=root,
                            capture_output=True, text=True, check=False)
    if listed.returncode:
        raise tap.Skip('this is no git clone, so nothing tells which files are ours')
    names = [name for name in listed.stdout.splitlines() if (root / name).exists()]
    answer = subprocess.run(['clang-format', '--dry-run', '--Werror', '--ferror-limit=1', *names], cwd=root,
                            capture_output=True, text=True, check=False)
    found = {line.split(':')[0] for line in answer.stderr.splitlines() if ' error: ' in line}
    return [f'{name} is laid out in another way; run `clang-format -i {name}`' for name in sorted(found)]


if __name__ == '__main__':
    tap.run({'all C is laid out by clang-format': lambda: complaints(Path(sys.argv[1]))})
