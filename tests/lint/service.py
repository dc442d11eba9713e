# SPDX-License-Identifier: GPL-3.0-or-later
"""The systemd units can be used as they are: usage: service.py PROGRAM UNIT…"""
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import tap

# What the sandbox must not lose: `systemd-analyze security` says how exposed a unit is, from 0 to 10.
MOST_EXPOSED = 2.5


def copy_of(unit, program, directory):
    """The unit, with the program that is built in place of the one that is not installed, and a manual that is there."""
    text = re.sub(r'^(ExecStart=)\S+', lambda found: found.group(1) + str(program), unit.read_text(encoding='utf-8'),
                  flags=re.MULTILINE)
    path = Path(directory) / unit.name.replace('@', '@api')
    path.write_text(re.sub(r'^Documentation=.*\n', '', text, flags=re.MULTILINE), encoding='utf-8')
    return path


def analyze(*arguments):
    """The status of systemd-analyze and what it wrote."""
    if shutil.which('systemd-analyze') is None:
        raise tap.Skip('systemd-analyze is not installed')
    answer = subprocess.run(['systemd-analyze', *arguments], capture_output=True, text=True, check=False, timeout=60)
    return answer.returncode, answer.stdout + answer.stderr


def mistakes(unit, program):
    """What systemd has against the unit."""
    with tempfile.TemporaryDirectory() as directory:
        path = copy_of(unit, program, directory)
        status, text = analyze('verify', '--man=no', path)
        # it also looks at the units that this one needs, which are not ours
        wrong = [line for line in text.splitlines() if path.name in line]
        return wrong or ([text] if status else [])


def exposure(unit, program):
    """Whether the sandbox is as tight as it was."""
    with tempfile.TemporaryDirectory() as directory:
        path = copy_of(unit, program, directory)
        status, text = analyze('security', '--offline=true', '--no-pager', path)
        found = re.search(r'exposure level for \S+: ([0-9.]+)', text)
        if found is None:
            raise tap.Skip(f'systemd-analyze can’t tell without a running systemd (status {status})')
        if float(found.group(1)) > MOST_EXPOSED:
            return [f'{unit}: the exposure is {found.group(1)}, but {MOST_EXPOSED} at most is held: see '
                    f'`systemd-analyze security --offline=true {unit}`']
        return []


if __name__ == '__main__':
    PROGRAM = Path(sys.argv[1]).resolve()
    CHECKS = {}
    for argument in sys.argv[2:]:
        UNIT = Path(argument)
        CHECKS[f'systemd takes {UNIT.name}'] = lambda unit=UNIT: mistakes(unit, PROGRAM)
        CHECKS[f'the sandbox of {UNIT.name} is tight'] = lambda unit=UNIT: exposure(unit, PROGRAM)
    tap.run(CHECKS)
