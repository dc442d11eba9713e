# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts what meson's logs say, for tests/run.

  report.py tests [--require NAMES] [--steps FILE] [--log LABEL STATUS FILE]… [--again LABEL 0 FILE]…
  report.py failed --log LABEL STATUS FILE     the names of the programs that failed, one a line
  report.py bench --output FILE --log LABEL STATUS FILE

A log is a testlog.json of `meson test`, STATUS what that ended with; --again: of what failed in the log of that label
and ran once more, which counts in its place; the steps are TAP lines about things that are no test of meson's. What
failed and what was skipped is listed, and the last line is "N passed, N failed, N skipped".
"""
import argparse
import json
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

TAP_LINE = re.compile(r'(?P<verdict>ok|not ok)\b *\d* *-? *(?P<name>.*?)(?: *# *(?i:SKIP)\S* *(?P<why>.*))?')
SKIP_ALL = re.compile(r'1\.\.0 *(?:# *(?i:SKIP)\S* *(?P<why>.*))?')
GOOD = ('OK', 'EXPECTEDFAIL')


@dataclass
class Count:
    """What passed, and the names of what did not."""
    passed: int = 0
    failed: list = field(default_factory=list)
    skipped: list = field(default_factory=list)  # (program, name, reason)

    def add_tap(self, label, text):
        """Adds the tests that a program told of; returns how many these are."""
        before = self.total()
        for line in text.splitlines():
            if match := TAP_LINE.fullmatch(line):
                name = f'{label}: {match["name"]}' if label else match['name']
                if match['verdict'] == 'not ok':
                    self.failed.append(name)
                elif match['why'] is not None:
                    self.skipped.append((label, name, match['why'] or 'no reason given'))
                else:
                    self.passed += 1
            elif match := SKIP_ALL.fullmatch(line):
                self.skipped.append((label, label, match['why'] or 'no reason given'))
        return self.total() - before

    def add_program(self, label, entry):
        """Adds one program of a meson log: its own tests, and its end where they do not explain it."""
        result, code = entry['result'], entry['returncode']
        failed_before = len(self.failed)
        told = self.add_tap(label, entry['stdout'] or '')
        if result in GOOD:
            self.passed += told == 0
        elif result == 'SKIP':
            if told == 0 and code == 77:
                self.skipped.append((label, label, (entry['stdout'] or '').strip().split('\n')[-1] or 'no reason given'))
            elif told == 0:
                self.failed.append(f'{label}: ran no test')
        elif len(self.failed) == failed_before:
            how = f'signal {-code}' if code < 0 else f'status {code}'
            self.failed.append(f'{label}: {"took too long" if result == "TIMEOUT" else f"ended with {how}"}')

    def require(self, names):
        """Makes failures of what was skipped for want of one of these."""
        wanted = re.compile(rf'\b({"|".join(map(re.escape, names))})\b', re.IGNORECASE) if names else None
        kept = []
        for program, name, why in self.skipped:
            if wanted and wanted.search(why):
                self.failed.append(f'{name}: skipped, but REQUIRE wants it: {why}')
            else:
                kept.append((program, name, why))
        self.skipped = kept

    def total(self):
        return self.passed + len(self.failed) + len(self.skipped)

    def close(self):
        """Prints what is to know, the closing line last; the status to end with."""
        together = {}
        for program, name, why in self.skipped:
            together.setdefault((program, why), []).append(name)
        for (program, why), names in together.items():
            print(f'SKIP {names[0] if len(names) == 1 else f"{program}, {len(names)} tests"}: {why}')
        for name in self.failed:
            print(f'FAIL {name}')
        print(f'{self.passed} passed, {len(self.failed)} failed, {len(self.skipped)} skipped')
        return 1 if self.failed else 0


def entries(path):
    """The programs in a log of meson; none where it made no log, having had nothing to run."""
    if not Path(path).is_file():
        return []
    return [json.loads(line) for line in Path(path).read_text(encoding='utf-8').splitlines() if line]


def program(entry):
    return entry['name'].split(' / ')[-1].split(':')[-1]


def count_logs(count, logs, add, agains=()):
    second = {label + program(entry): entry for label, _, path in agains for entry in entries(path)}
    for label, status, path in logs:
        failed_before, repeated = len(count.failed), False
        for entry in entries(path):
            name = label + program(entry)
            if entry['result'] not in (*GOOD, 'SKIP') and name in second:
                entry, repeated = second[name], True
                if entry['result'] in GOOD:
                    print(f'AGAIN {name}: failed beside the others, passed alone')
            add(name, entry)
        if int(status) != 0 and len(count.failed) == failed_before and not repeated:
            count.failed.append(f'{label}meson test ended with status {status}')


def tests(options):
    count = Count()
    if options.steps and Path(options.steps).is_file():
        count.add_tap('', Path(options.steps).read_text(encoding='utf-8'))
    steps = count.total()
    count_logs(count, options.log, count.add_program, options.again)
    if options.log and count.total() == steps:
        count.failed.append('no test was run')
    count.require([name for name in re.split(r'[\s,]+', options.require) if name])
    return count.close()


def failed(options):
    for _, _, path in options.log:
        for entry in entries(path):
            if entry['result'] not in (*GOOD, 'SKIP'):
                print(program(entry))
    return 0


def figures(entry):
    """The figures of one bench: its lines that are JSON objects with a name and a value."""
    for line in (entry['stdout'] or '').splitlines():
        try:
            figure = json.loads(line)
        except ValueError:
            continue
        if isinstance(figure, dict) and 'name' in figure and 'value' in figure:
            yield figure


def cell(value):
    return '' if value is None else f'{value:,.4g}' if isinstance(value, float) and abs(value) < 1000 else \
        f'{value:,.0f}' if isinstance(value, (int, float)) else str(value)


def table(rows):
    """Prints rows of cells, numbers to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print('  '.join(text.rjust(width) if 0 < column < 5 and column != 2 else text.ljust(width)
                        for column, (text, width) in enumerate(zip(row, widths))).rstrip())


def bench(options):
    count, lines, rows = Count(), [], [['name', 'value', 'unit', 'reference', 'ratio', 'target']]

    def add(label, entry):
        missed, before = 0, len(lines)
        for figure in figures(entry):
            lines.append(json.dumps(figure, ensure_ascii=False))
            met = figure.get('met', True)
            target = f'{figure["bound"].replace("-", " ")} {cell(figure["target"])}' if 'bound' in figure else ''
            rows.append([figure['name'], cell(figure['value']), figure.get('unit', ''), cell(figure.get('reference')),
                         cell(figure.get('ratio')), target + ('' if met else ': MISSED')])
            missed += not met
            if met:
                count.passed += 1
            else:
                count.failed.append(f'{figure["name"]}: {cell(figure["value"])} {figure.get("unit", "")} is not {target}')
        if not missed and entry['result'] not in GOOD:
            count.add_program(label, dict(entry, stdout=''))
        elif len(lines) == before:
            count.failed.append(f'{label}: measured nothing')

    count_logs(count, options.log, add)
    Path(options.output).write_text(''.join(line + '\n' for line in lines), encoding='utf-8')
    table(rows)
    print(f'These figures as JSON lines: {options.output}')
    return count.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    commands = parser.add_subparsers(required=True)
    for name, function in (('tests', tests), ('bench', bench), ('failed', failed)):
        command = commands.add_parser(name)
        command.add_argument('--log', nargs=3, action='append', default=[], metavar=('LABEL', 'STATUS', 'FILE'))
        command.set_defaults(function=function)
        if function is tests:
            command.add_argument('--require', default='')
            command.add_argument('--steps')
            command.add_argument('--again', nargs=3, action='append', default=[], metavar=('LABEL', 'STATUS', 'FILE'))
        elif function is bench:
            command.add_argument('--output', required=True)
    options = parser.parse_args()
    return options.function(options)


if __name__ == '__main__':
    sys.exit(main())
