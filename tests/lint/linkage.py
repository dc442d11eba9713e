# SPDX-License-Identifier: GPL-3.0-or-later
"""The server needs no library of the desktop: usage: linkage.py PROGRAM."""
import re
import subprocess
import sys
from pathlib import Path

import tap

DESKTOP = re.compile(r'lib(gtk|gdk|adwaita|wayland|X11|xcb)\b')


def desktop_libraries(program):
    """The libraries of the desktop that a program would load, by itself or through another."""
    answer = subprocess.run(['ldd', program], capture_output=True, text=True, check=False)
    if answer.returncode:
        return [f'ldd {program}: {answer.stderr.strip()}']
    return [f'{program} loads {line.split()[0]}' for line in answer.stdout.splitlines() if DESKTOP.search(line)]


if __name__ == '__main__':
    tap.run({'the server loads no library of the desktop': lambda: desktop_libraries(Path(sys.argv[1]))})
