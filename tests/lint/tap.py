# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lints share: the files of the tree, and a verdict in TAP."""
import os
import shutil
import subprocess
import sys
from pathlib import Path


def tree_files(root):
    """The paths (relative, sorted) of what git tracks or would track; without git, of what is no build directory."""
    answer = shutil.which('git') and \
        subprocess.run(['git', '-C', root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'],
                       capture_output=True, check=False)
    if answer and answer.returncode == 0:
        names = [name for name in answer.stdout.decode().split('\0') if name]
    else:
        names = []
        for directory, directories, files in os.walk(root):
            directories[:] = [d for d in directories if d not in ('.git', '__pycache__') and not d.startswith('build')]
            names += [os.path.relpath(os.path.join(directory, name), root) for name in files]
    return sorted(Path(name) for name in set(names) if (root / name).is_file())


def read(path):
    """The text of a file, None where it is none."""
    try:
        return path.read_text(encoding='utf-8')
    except UnicodeDecodeError:
        return None


class Skip(Exception):
    """Raised by a check that cannot be made here; the message says why."""


def run(checks):
    """Makes the checks, {name: function that returns a list of complaints}, and ends the program."""
    failed = False
    print(f'1..{len(checks)}')
    for number, (name, check) in enumerate(checks.items(), 1):
        try:
            complaints = check()
        except Skip as reason:
            print(f'ok {number} {name} # SKIP {reason}')
            continue
        failed = failed or bool(complaints)
        print('not ok' if complaints else 'ok', number, name)
        for complaint in complaints:
            # not as a TAP comment: of a failed test meson shows what it wrote here
            print(complaint, file=sys.stderr)
    sys.exit(1 if failed else 0)
