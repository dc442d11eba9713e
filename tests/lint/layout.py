# SPDX-License-Identifier: GPL-3.0-or-later
"""What changed in C is laid out as .clang-format says: usage: layout.py SOURCE_ROOT."""
import re
import shutil
import subprocess
import sys
from pathlib import Path

import tap

VERSION = '14'  # another one lays some things out differently


def git(root, *arguments):
    answer = subprocess.run(['git', '-C', root, *arguments], capture_output=True, text=True, check=False)
    return answer.stdout.strip() if answer.returncode == 0 else None


def changed_since(root):
    """The commit that this work began from: where it left origin/main, else the last commit's parent."""
    head = git(root, 'rev-parse', 'HEAD')
    if head is None:
        raise tap.Skip('this is no git clone, so nothing tells what changed')
    base = git(root, 'merge-base', 'origin/main', 'HEAD')
    if base is None or base == head:
        base = git(root, 'rev-parse', '--verify', 'HEAD~')
    if base is None:
        raise tap.Skip('the clone has a single commit, so nothing tells what changed')
    return base


def complaints(root):
    for need in ('clang-format', 'git'):
        if not shutil.which(need):
            raise tap.Skip(f'{need} is not installed')
    version = subprocess.run(['clang-format', '--version'], capture_output=True, text=True, check=False).stdout
    if not re.search(rf'version {VERSION}\.', version):
        raise tap.Skip(f'clang-format is not version {VERSION}, which the tree is laid out with: {version.strip()}')
    base = changed_since(root)
    names = (git(root, 'diff', '--name-only', '--diff-filter=d', base) or '').splitlines()
    names += (git(root, 'ls-files', '--others', '--exclude-standard') or '').splitlines()
    found = []
    for name in sorted(set(names)):
        if name.endswith(('.c', '.h')):
            answer = subprocess.run(['clang-format', '--dry-run', '--Werror', '--ferror-limit=1', name], cwd=root,
                                    capture_output=True, text=True, check=False)
            if answer.returncode:
                found.append(f'{answer.stderr.splitlines()[0]}; run `clang-format -i {name}`')
    return found


if __name__ == '__main__':
    tap.run({'what changed is laid out by clang-format': lambda: complaints(Path(sys.argv[1]))})
