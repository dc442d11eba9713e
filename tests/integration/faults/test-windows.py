# SPDX-License-Identifier: GPL-3.0-or-later
"""Real windows beside brokers and services that fail: who was away comes back without a hole or a double, the foot says
what is going on, nothing jumps, what is written meanwhile is sent later, and the window answers all the time.
Usage: test-windows.py BROKERS_DIRECTORY APP_TESTS_DIRECTORY KIND GROUP [TEST…]; KIND is kafka, rabbitmq or websocket."""
import json
import os
import re
import subprocess
import sys
import threading
import time

sys.path[1:1] = sys.argv[1:3]
# pylint: disable=wrong-import-position
from driver import run, wait, xdotool  # noqa: E402
from people import Crowd  # noqa: E402
from proxy import Proxy  # noqa: E402
from windows import (Lateness, Site, Watch, check_cache, check_rows, go_on, said, shoot, stop, wait_still)  # noqa: E402

BROKERS, _, KIND, GROUP = sys.argv[1:5]
FULL = 'TERTULIA_TEST_FULL' in os.environ
AWAY = 60 if FULL else 10
PROGRAM = f'{BROKERS}/broker'
COUNTED = 1000
NOTICED = 50    # seconds
PACE = 0.03    # seconds between two messages of who is no flood
FLOOD = 0.01   # and of who is one: more than a page of history comes meanwhile
BROKER = None


def start_broker():
    """One of our own, which ends with us; exits where it can't be had."""
    started = subprocess.run([PROGRAM, 'start', KIND, '--watch', str(os.getpid())], stdout=subprocess.PIPE, text=True, check=False)
    if started.returncode == 77:
        if KIND in os.environ.get('REQUIRE', '').split(','):
            sys.exit(f'REQUIRE says that {KIND} must be there: {started.stdout}')
        print(f'1..0 # SKIP {KIND}: {started.stdout.strip()}')
        sys.exit(0)
    assert started.returncode == 0, started.stdout
    return json.loads(started.stdout)


def tell(*words):
    subprocess.run([PROGRAM, 'tell', BROKER['directory'], *map(str, words)], check=True, stdout=subprocess.DEVNULL)


def pause(seconds):
    threading.Event().wait(seconds)


def is_unread(app, wanted):
    """The service counts no further than to COUNTED."""
    found = re.match(r'incidencias, (\d+) unread', app.find_row('incidencias'))
    number = int(found[1]) if found else 0
    return number == wanted or COUNTED <= number < wanted


def conclude(site, app, crowd, own=(), unread=True, marks=None):
    """What the window shows and keeps is what is stored, and that is what was accepted. `marks`: in each channel so many
    messages were there before anything broke: these are scrolled past, not all of them."""
    stored = site.check_store(crowd, own)
    wanted = len(stored['incidencias']) - site.before if unread else 0
    wait(lambda: is_unread(app, wanted), f'{wanted} unread; there is “{app.find_row("incidencias")}”')
    for channel in site.channels:
        app.choose(channel)
        app.wait_open(channel)
        check_rows(app, channel, stored, max((marks or {}).get(channel, 0) - 20, 0))
    app.close()
    for channel, kept, missing in check_cache(app, stored):
        assert not missing, f'{channel}: of {kept} messages that are kept {len(missing)} are missing: {missing[:5]}'


# Somebody who is away for a while, as people go on.

def away(scratch, leave, come_back, **settings):
    with Site(scratch, BROKER, KIND, **settings) as site:
        ana = site.open()
        watch = Watch(ana, site.title)
        with Crowd(site, 2, pace=FLOOD) as crowd:
            watch.during(2)
            before = crowd.accepted()
            marks = {channel: len(messages) for channel, messages in site.stored().items()}
            leave(site, ana)
            if leave is not stop:
                watch.during(AWAY)
            else:
                pause(AWAY)
            # a connection that is silent is asked whether it is there, and given up when it does not answer
            assert leave is stop or AWAY < NOTICED or watch.foot[-1][1] != watch.live, f'nothing was noticed: {watch}'
            missed = crowd.accepted() - before
            come_back(site, ana)
            back = watch.until(lambda text: text == f'{site.title} · live', 'the feed again', 60 + AWAY)
            crowd.wait_for_more(100)
        print(f'# missed {missed} of {crowd.accepted()} messages in {AWAY} s; {back} s: {watch}', flush=True)
        conclude(site, ana, crowd, marks=marks)


def cut(scratch):
    """No connection any more, neither to the service nor to the broker: each is refused, and later is not."""
    def leave(site, _):
        for line in site.lines.all():
            line.reachable = False
            line.cut()

    def come_back(site, _):
        for line in site.lines.all():
            line.reachable = True
    away(scratch, leave, come_back)


def silent(scratch):
    """The network takes what is sent and brings nothing; later it does."""
    def leave(site, _):
        for line in site.lines.all():
            line.silent = True
            line.freeze()

    def come_back(site, _):
        for line in site.lines.all():
            line.silent = False
            line.thaw()
    away(scratch, leave, come_back)


def asleep(scratch):
    """SIGSTOP of the desktop: its session has run out when it goes on."""
    away(scratch, stop, go_on, sessions_lease='30s' if FULL else '5s')


# The line to the broker alone breaks: the service brings what it would have.

def broken(scratch, break_line, mend, *, seconds=AWAY, expect=None):
    with Site(scratch, BROKER, KIND) as site:
        ana = site.open()
        watch = Watch(ana, site.title)
        with Crowd(site, 2, pace=PACE) as crowd:
            watch.honest(crowd)
            watch.during(2)
            break_line(site.lines.broker)
            if expect:
                watch.until(lambda text: text == expect.format(site.title), expect, 30)
                shoot(ana, f'{KIND}-{GROUP}-{break_line.__name__}')
            watch.during(seconds)
            mend(site.lines.broker)
            watch.until(lambda text: text == f'{site.title} · live', 'the feed again', 60)
            watch.during(2)
        print(f'# {crowd.accepted()} messages; {watch}', flush=True)
        conclude(site, ana, crowd)


def block(line):
    line.reachable = False
    line.cut()


def unblock(line):
    line.reachable = True


def hush(line):
    line.silent = True
    line.freeze()


def unhush(line):
    line.silent = False
    line.thaw()


def slow(line):
    line.rate = 3000


def quick(line):
    line.rate = None


def cut_line(scratch):
    """Every connection to the broker is refused for a while."""
    broken(scratch, block, unblock, expect='{} can’t be reached · WebSocket · live')


def silent_line(scratch):
    """The broker takes what is sent and says nothing for a while; then it says what it held back."""
    broken(scratch, hush, unhush, expect='{} can’t be reached · WebSocket · live')


def dead_line(scratch):
    """The connections that there are die without a word; new ones are good."""
    broken(scratch, Proxy.freeze, lambda _: None)


def slow_line(scratch):
    """The line has less room than people need who write."""
    broken(scratch, slow, quick)


def reading_place(scratch):
    """Who reads what was said long ago reads on, whoever brings the rest."""
    with Site(scratch, BROKER, KIND) as site:
        with Crowd(site, 2) as crowd:
            crowd.wait_for_more(600)
        ana = site.open()
        wait(lambda: len(said(ana)) > 50, 'messages')
        ana.point_at('list', 'Messages')
        ana.turn_wheel(40)
        before = wait_still(ana)
        watch = Watch(ana, site.title)
        line = site.lines.broker
        with Crowd(site, 2, 'q', PACE) as others:
            for break_line, mend in ((block, unblock), (hush, unhush)):
                break_line(line)
                watch.until(lambda text: 'WebSocket · live' in text, 'the service', 40)
                watch.during(2)
                assert ana.picture(60, 100) == before, 'what is read has moved'
                mend(line)
                watch.until(lambda text: text == f'{site.title} · live', 'the feed again', 60)
                watch.during(2)
                assert ana.picture(60, 100) == before, 'what is read has moved'
        print(f'# {watch}', flush=True)
        ana.press(' new')
        crowd.people += others.people
        conclude(site, ana, crowd)


# The broker itself is away, and the window is used.

def used(scratch, name, leave, come_back, seconds):
    """Somebody writes, sends, scrolls and goes from channel to channel all the time."""
    with Site(scratch, BROKER, KIND) as site:
        with Crowd(site, 2) as crowd:
            crowd.wait_for_more(200)
        ana = site.open(watched=True)
        watch = Watch(ana, site.title)
        sent = []
        start = time.monotonic()
        ana.say('antes')
        sent.append('antes')
        ana.wait_row('antes', 'Stored')
        leave()
        left = time.monotonic()
        while time.monotonic() < left + seconds:
            sent.append(f'sin broker {len(sent)}')
            ana.choose('general')
            ana.say(sent[-1])
            ana.wait_row(sent[-1])
            watch.look()
            ana.choose('incidencias')
            ana.wait_open('incidencias')
            ana.point_at('list', 'Messages')
            xdotool('click', '--repeat', '5', '--delay', '4', '4')
            xdotool('click', '--repeat', '5', '--delay', '4', '5')
            watch.look()
        ana.choose('general')
        ana.compose('a medias')
        watch.until(lambda text: 'waiting' in text, 'a word of what waits to be sent', 10)
        shoot(ana, f'{KIND}-{name}')
        come_back()
        for text in sent:
            ana.wait_row(text, 'Stored', seconds=60)
        watch.until(lambda text: text == f'{site.title} · live', 'the feed again', 60)
        end = time.monotonic()
        composed = ana.find('text', 'Compose').queryText()
        assert composed.getText(0, composed.characterCount) == 'a medias', 'what is being written stays'
        print(f'# {watch}', flush=True)
        Lateness(site).check(start, end, f'{name} {KIND}')
        conclude(site, ana, crowd, sent, unread=False)


def stopped_broker(scratch):
    """SIGSTOP of the broker: nothing is closed, and nothing answers."""
    used(scratch, 'stopped', lambda: tell('pause', 1), lambda: tell('resume', 1), AWAY + 10)


def killed_broker(scratch):
    """kill -9 of the broker, and a restart."""
    used(scratch, 'killed', lambda: tell('kill9', 1), lambda: tell('restart', 1), AWAY)


GROUPS = {
    'away': [cut, silent, asleep],
    'line': [cut_line, silent_line, dead_line, slow_line, reading_place],
    'broker': [stopped_broker, killed_broker],
}


def main():
    global BROKER  # pylint: disable=global-statement
    if KIND != 'websocket':
        BROKER = start_broker()
    tests = [test for test in GROUPS[GROUP] if not sys.argv[5:] or test.__name__ in sys.argv[5:]]
    try:
        run(*tests)
    finally:
        if BROKER:
            subprocess.run([PROGRAM, 'end', BROKER['directory']], check=False)


main()
