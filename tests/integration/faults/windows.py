# SPDX-License-Identifier: GPL-3.0-or-later
"""A real window beside a broker and a service that fail: lines that can be broken in between, people who send, what they
were told in a ledger, and what the window shows of it, as the accessibility bus and its own file say."""
import json
import os
import re
import signal
import sqlite3
import struct
import time
from collections import Counter
from contextlib import closing

from gi.repository import Atspi  # noqa: E402
from driver import App, Server, pump, wait
from parts import HOST
from proxy import Proxy

HONEST = 5   # seconds
ROWS = 30    # of the newest
SAID = re.compile(r'(\w+), [^:]*:[^:]*?: (.*?)(?: \([^()]*\))?$')


class Lines:
    """Where the desktop has the service and the broker: two ports on which they can be broken apart."""

    def __init__(self, broker, kind):
        self.kind = kind
        self.broker = None
        if kind == 'kafka':
            # it tells its clients where to connect to
            front, behind = (int(broker[name].rpartition(':')[2]) for name in ('front_addresses', 'behind_addresses'))
            self.broker = Proxy(behind, front)
        elif kind == 'rabbitmq':
            self.broker = Proxy(int(broker['addresses'].rpartition(':')[2]))
        self.service = None

    def all(self):
        return [line for line in (self.broker, self.service) if line]

    def end(self):
        for line in self.all():
            line.end()


class Site:
    """A server on a broker of `kind`, or on its own log for `websocket`, and the people there. `with` ends all of it."""
    channels = ('general', 'incidencias')

    def __init__(self, scratch, broker, kind, **settings):
        self.scratch, self.kind = scratch, kind
        self.title = {'kafka': 'Kafka', 'rabbitmq': 'RabbitMQ', 'websocket': 'WebSocket'}[kind]
        self.lines = Lines(broker, kind)
        options = {'channels.initial': ';'.join(self.channels), 'limits.rates': 'false', 'bots.eco': 'false',
                   'bots.ayuda': 'false'} | self.way_in(broker) | {k.replace('_', '.', 1): v for k, v in settings.items()}
        try:
            self.server = Server(scratch / 'server', *[w for k, v in options.items() for w in ('--set', f'{k}={v}')])
            self.lines.service = Proxy(int(self.server.port))
        except BaseException:
            self.lines.end()
            raise
        self.port = int(self.server.port)
        self.apps = []

    def way_in(self, broker):
        if self.kind == 'websocket':
            return {}
        values = {'broker.kind': self.kind, 'broker.addresses': broker['addresses'].replace(',', ';'), 'feeds.broker': 'true',
                  'feeds.addresses': f'{HOST}:{self.lines.broker.port}', 'broker.prefix': f'w{time.monotonic_ns()}.'}
        if self.kind == 'rabbitmq':
            # the administrator reads: another user than the server's
            values |= {'broker.virtual_host': broker['vhost'], 'broker.user': broker['user'], 'broker.password': broker['password'],
                       'feeds.user': broker['admin'], 'feeds.password': broker['admin_password']}
        return values

    def open(self, user='ana', *, watched=False):
        """The window of somebody who has come in by the lines, with `general` on screen and the feed of this site."""
        environment = {}
        if watched:
            environment = {'LD_PRELOAD': os.environ['TERTULIA_LATENESS'], 'TERTULIA_TEST_LATENESS': str(self.scratch / f'{user}.late')}
        app = App(self.scratch / user, '--profile', user, '--connect', f'http://{HOST}:{self.lines.service.port}/', '--user', user,
                  environment=environment)
        # what was said before somebody came for the first time he has not missed
        self.before = len(self.stored()['incidencias'])
        self.apps.append(app)
        # each look is to be one at what is there now
        app.root.set_cache_mask(Atspi.Cache.NONE)
        app.opened()
        app.choose('general')
        app.wait_open('general')
        app.find('push button', f'{self.title} · live')
        return app

    def stored(self):
        """{channel: [(seq, id, author, text)]} of what people have said, in the order of seq: as SQLite's own library reads it."""
        found = {channel: [] for channel in self.channels}
        with closing(sqlite3.connect(f'file:{self.server.directory}/store.db?mode=ro', uri=True)) as database:
            for channel, seq, identity, record in database.execute(
                    'SELECT c.name, m.seq, m.id, m.record FROM messages m JOIN channels c ON c.number = m.channel ORDER BY 1, 2'):
                record = json.loads(record)
                if record.get('kind', 'message') == 'message':
                    found.setdefault(channel, []).append((seq, identity, record['author'], record['data']))
        return found

    def wait_stored(self, number, seconds=60):
        wait(lambda: sum(map(len, self.stored().values())) >= number, f'{number} messages in the store', seconds)
        return self.stored()

    def check_store(self, crowd, own=()):
        """Each message that was accepted is stored once, in the order of its author; so is what a window has sent (text by
        text, in `general`)."""
        found = self.wait_stored(crowd.accepted() + len(own))
        ids = Counter(identity for messages in found.values() for _, identity, _, _ in messages)
        twice = [identity for identity, times in ids.items() if times > 1]
        assert not twice, f'stored twice: {twice[:3]}'
        for person in crowd.people:
            for channel, sent in person.sent.items():
                mine = [(identity, text) for _, identity, author, text in found[channel] if author == person.name_]
                assert mine == sent, f'{channel}: {person.name_} was told of {len(sent)} messages, {len(mine)} are stored, ' \
                                     f'and {sum(a != b for a, b in zip(mine, sent))} in another order'
        if own:
            mine = [text for _, _, author, text in found['general'] if author == 'ana']
            assert mine == list(own), f'ana has sent {own}, and {mine} is stored'
        assert sum(map(len, found.values())) == crowd.accepted() + len(own), 'more is stored than was sent'
        return found

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        # what failed is shown while its windows are there
        for app in self.apps if kind is None else ():
            if app.process and app.process.poll() is None:
                app.close()
        if kind is None:
            self.server.stop()
        else:
            self.server.process.kill()
        self.lines.end()


class Watch:
    """What is seen of a window while something goes on: what its foot says, each time with the time, and that its rows never
    jump: nothing is there twice, nobody's messages are in another order, and no row that was the newest one goes away."""

    def __init__(self, app, title):
        self.app = app
        self.live = f'{title} · live'
        self.button = app.find('push button', self.live)
        self.list = app.look('list', 'Messages')
        self.reads = self.looks = 0
        self.foot = []
        self.began = time.monotonic()
        self.newest = {}
        self.crowd = None
        self.accepted = []   # (time, {author: the last number})
        self.stale = 0

    def honest(self, crowd):
        """From here on the foot must not say that all is well while the newest row is older than HONEST seconds. The newest
        row is on screen, of the first channel."""
        self.crowd = crowd

    def check_honest(self, text, live):
        now = time.monotonic()
        self.accepted.append((now, {person.name_: person.accepted for person in self.crowd.people}))
        for (author, channel), shown in self.newest.items():
            if channel != self.crowd.service.channels[0]:
                continue
            # the next one of the same channel, and another one that may be on its way
            known = next((at for at, last in self.accepted if last.get(author, 0) > shown + 2 * len(self.crowd.service.channels)), now)
            self.stale = max(self.stale, now - known)
            assert now - known < HONEST or text != live, \
                f'the foot says “{text}”, and what {author} said {now - known:.1f} s ago is not there: {self}'

    def look(self):
        text = self.button.name
        if not self.foot or self.foot[-1][1] != text:
            self.foot.append((round(time.monotonic() - self.began, 1), text))
        self.looks += 1
        rows = self.read_newest()
        if rows:
            self.check_rows(rows)
        if rows and self.crowd:
            self.check_honest(text, self.live)
        return text

    def read_newest(self):
        """The last rows; nothing where they have changed while they were read, for the bus tells of one after the other."""
        def read():
            length = self.list.childCount
            rows = [self.list[at].name or '' for at in range(max(length - ROWS, 0), length)]
            return length, [match.groups() for row in rows if (match := SAID.fullmatch(row))]
        try:
            before, after = read(), read()
        except Exception:  # pylint: disable=broad-exception-caught
            return None  # a row that is gone
        self.reads += before == after
        return before[1] if before == after else None

    def check_rows(self, rows):
        twice = [row for row, times in Counter(rows).items() if times > 1]
        assert not twice, f'on screen twice: {twice[:3]}'
        last = {}
        for author, text in rows:
            told = re.fullmatch(r'.* says (\d+) in (\S+)', text)
            if not told:
                continue
            who, number = (author, told[2]), int(told[1])
            assert last.get(who, -1) < number, f'{author} says {number} behind {last[who]}'
            last[who] = number
        for who, number in last.items():
            assert number >= self.newest.get(who, -1), f'{who} had said {self.newest[who]}, now {number} is the newest'
        self.newest |= last

    def until(self, look, what, seconds):
        """Looks until `look` is content with what the foot says."""
        end = time.monotonic() + seconds
        while not look(self.look()):
            assert time.monotonic() < end, f'waited {seconds} s in vain for {what}: {self}'
            pump()
        return round(time.monotonic() - self.began, 1)

    def during(self, seconds):
        end = time.monotonic() + seconds
        self.until(lambda _: time.monotonic() > end, '', seconds + 60)

    def __str__(self):
        stale = f'; the newest row was {self.stale:.1f} s behind at most' if self.crowd else ''
        return f'{self.reads} of {self.looks} looks; ' + '; '.join(f'{at} s “{text}”' for at, text in self.foot) + stale


def said(app):
    """[(author, text)] of the rows that the list has made, from top to bottom."""
    return [match.groups() for row in app.rows() if (match := SAID.fullmatch(row))]


def check_rows(app, channel, stored, back):
    """The channel that is on screen shows what is stored in it: its newest rows, and, when somebody turns the wheel, all
    others from the place `back` on, each once and in the order of seq."""
    expected = [(author, text) for _, _, author, text in stored[channel]]
    wait(lambda: said(app)[-1:] == expected[-1:], f'{expected[-1:]} as the newest row of {channel}; there is {said(app)[-1:]}', 60)
    seen = run_of(said(app), expected)
    assert seen == expected[-len(seen):], describe(channel, seen, expected[-len(seen):])
    app.point_at('list', 'Messages')
    deadline = time.monotonic() + 240
    while len(seen) < len(expected) - back:
        assert time.monotonic() < deadline, f'{channel}: the wheel shows nothing above {seen[0]}'
        app.turn_wheel(30)
        pump()
        rows = run_of(said(app), expected)
        # the list makes many more rows than are on screen, so that there are some that were seen before
        if seen[0] in rows:
            seen = rows[:rows.index(seen[0])] + seen
            assert seen == expected[-len(seen):], describe(channel, seen, expected[-len(seen):])
    return len(seen)


def run_of(rows, expected):
    """Without what a GtkListView keeps besides the rows around those on screen: the row with the focus, wherever it is."""
    if len(rows) > 1 and rows[0] in expected and expected.index(rows[0]) + 1 != expected.index(rows[1]):
        return rows[1:]
    return rows


def wait_still(app):
    """The words of the messages as they are on screen, once nothing moves."""
    last = None

    def still():
        nonlocal last
        now, was = app.picture(60, 100), last
        last = now
        return now if now == was else None
    return wait(still, 'a picture that stays')


def describe(channel, seen, expected):
    missing = [row for row in expected if row not in set(seen)]
    more = [row for row in seen if row not in set(expected)]
    return f'{channel}: {len(missing)} rows are missing: {missing[:3]}…{missing[-1:]}, {len(more)} are not stored: {more[:3]}, ' \
           f'{len(seen) - len(set(seen))} are there twice, or the order is another'


def check_cache(app, stored):
    """After the window was closed: what it has kept of each channel is the newest of what is stored, without a hole."""
    paths = list(app.home.rglob('workspace.db'))
    assert len(paths) == 1, paths
    with closing(sqlite3.connect(paths[0])) as database:
        for channel, messages in stored.items():
            kept = {seq: json.loads(record) for seq, record in
                    database.execute('SELECT seq, record FROM messages WHERE channel = ? ORDER BY seq', [channel])}
            ids = {seq: identity for seq, identity, _, _ in messages}
            strange = [seq for seq, record in kept.items() if ids.get(seq, record['id']) != record['id']]
            assert not strange, f'{channel}: the file has other messages than the store at {strange[:5]}'
            first = min(kept, default=0)
            missing = [seq for seq in ids if seq >= first and seq not in kept]
            assert kept or not messages, f'{channel}: nothing is kept'
            yield channel, len(kept), missing


class Lateness:
    """How late a timer of 10 ms was in the window (tests/support/lateness.c)."""

    def __init__(self, site, user='ana'):
        self.path = site.scratch / f'{user}.late'

    def between(self, start, end):
        """Milliseconds from smallest to largest, of ticks in that time (time.monotonic()): less what the thread waited for a
        processor that others had."""
        ticks = self.path.read_bytes()
        ticks = struct.iter_unpack('=3q', ticks[:len(ticks) // 24 * 24])
        return sorted(max(late - waited, 0) / 1000 for at, late, waited in ticks if start <= at / 1e6 <= end)

    def check(self, start, end, what):
        late = self.between(start, end)
        assert len(late) > 50 * (end - start) * 0.5, f'{len(late)} ticks in {end - start:.0f} s'
        p99, most = late[int(len(late) * 0.99)], late[-1]
        print(f'# {what}: a timer of 10 ms is late by {late[len(late) // 2]:.1f} ms (median), {p99:.1f} (p99), {most:.1f} (most)', flush=True)
        assert p99 <= 25, f'{what}: a timer of 10 ms was late by {p99:.1f} ms (p99), {most:.1f} at most'


def shoot(app, name):
    if 'TERTULIA_TEST_PICTURES' in os.environ:
        app.shoot(f'{os.environ["TERTULIA_TEST_PICTURES"]}/{name}.png')


def stop(_, app):
    """As a computer that sleeps: nothing is closed, and it does nothing."""
    app.process.send_signal(signal.SIGSTOP)


def go_on(_, app):
    app.process.send_signal(signal.SIGCONT)
