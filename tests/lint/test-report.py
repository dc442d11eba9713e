# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows that tests/support/report.py counts what it must: the closing line of tests/run stands and falls with it."""
import contextlib
import io
import json
import sys
import tempfile
from pathlib import Path

import tap

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'support'))
import report  # noqa: E402  (after the path to it)


def entry(stdout, result='OK', code=0):
    return {'name': 'tertulia:unit / test-a', 'stdout': stdout, 'result': result, 'returncode': code}


def report_of(command, programs, *arguments, status=0):
    """What the command prints as its last line for these programs, and its status."""
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch) / 'log.json'
        if programs:
            log.write_text(''.join(json.dumps(program) + '\n' for program in programs), encoding='utf-8')
        output = Path(scratch) / 'bench.jsonl'
        more = ['--output', str(output)] if command == 'bench' else []
        sys.argv = ['report.py', command, '--log', '', str(status), str(log), *more, *arguments]
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            code = report.main()
        figures = len(output.read_text(encoding='utf-8').splitlines()) if output.exists() else 0
        return printed.getvalue().splitlines()[-1], code, figures


def expect(command, cases):
    found = []
    for programs, arguments, status, counts in cases:
        line, code, _ = report_of(command, programs, *arguments, status=status)
        wanted = '{} passed, {} failed, {} skipped'.format(*counts)
        if line != wanted or code != (1 if counts[1] else 0):
            found.append(f'{programs} {arguments} gives "{line}" and {code}, not "{wanted}"')
    return found


def tests_are_counted():
    good = entry('TAP version 13\n# random seed\nok 1 /a\nok 2 /b\n1..2\n')
    skip = entry('1..2\nok 1 /a\nok 2 /b # SKIP display: none\n')
    return expect('tests', [
        ([good], [], 0, (2, 0, 0)),
        ([skip], [], 0, (1, 0, 1)),
        ([skip], ['--require', 'display'], 0, (1, 1, 0)),
        ([skip], ['--require', 'kafka,rabbitmq'], 0, (1, 0, 1)),
        ([entry('1..0 # SKIP kafka: none\n', 'SKIP')], [], 0, (0, 0, 1)),
        ([entry('1..0 # SKIP kafka: none\n', 'SKIP')], ['--require', 'display,kafka'], 0, (0, 1, 0)),
        ([entry('1..2\nok 1 /a\nnot ok 2 /b\n', 'ERROR', 1)], [], 1, (1, 1, 0)),
        ([entry('1..3\nok 1 /a\n', 'ERROR', -11)], [], 1, (1, 1, 0)),
        ([entry('1..3\nok 1 /a\n', 'TIMEOUT', -15)], [], 1, (1, 1, 0)),
        ([entry('', 'ERROR', 1)], [], 1, (0, 1, 0)),
        ([entry('', 'SKIP', 0)], [], 0, (0, 1, 0)),
        ([entry('no kafka here\n', 'SKIP', 77)], [], 0, (0, 0, 1)),
        ([entry('whatever\n')], [], 0, (1, 0, 0)),
        ([good, good], [], 0, (4, 0, 0)),
        ([good], [], 2, (2, 1, 0)),
        ([], [], 0, (0, 1, 0)),
    ])


def steps_are_counted():
    with tempfile.TemporaryDirectory() as scratch:
        steps = Path(scratch) / 'steps.tap'
        steps.write_text('ok build: one\nnot ok build: two\n', encoding='utf-8')
        return expect('tests', [([entry('ok 1 /a\n')], ['--steps', str(steps)], 0, (2, 1, 0))])


def figures_are_counted():
    plain = '{"name":"a.b","value":3.5,"unit":"ms"}\n'
    met = '{"name":"a.c","value":3,"unit":"ms","reference":1.5,"ratio":2,"target":3,"bound":"at-most","met":true}\n'
    found = expect('bench', [
        ([entry('hello\n' + plain + met)], [], 0, (2, 0, 0)),
        ([entry(plain + met.replace('true', 'false'), 'FAIL', 1)], [], 1, (1, 1, 0)),
        ([entry(plain, 'ERROR', -6)], [], 1, (1, 1, 0)),
        ([entry('')], [], 0, (0, 1, 0)),
    ])
    _, _, figures = report_of('bench', [entry(plain + 'noise\n' + met)])
    return found + ([] if figures == 2 else [f'writes {figures} figures, not 2'])


tap.run({'tests/run counts tests': tests_are_counted, 'tests/run counts its own steps': steps_are_counted,
         'tests/run counts figures': figures_are_counted})
