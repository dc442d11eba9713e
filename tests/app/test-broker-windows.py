#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two windows whose public channels come straight from a real broker: the sidebar switches, what is said is there, who
swears is warned with his words and blocked, the history is there after a restart; the broker is killed and comes back,
and the foot says so. Usage: test-broker-windows.py BROKER KIND"""
import json
import os
import subprocess
import sys
from pathlib import Path

from driver import App, Server, pyatspi, run, wait

PICTURES = os.environ.get('TERTULIA_TEST_PICTURES')
PROGRAM, KIND = sys.argv[1:]
TITLE = {'kafka': 'Kafka', 'rabbitmq': 'RabbitMQ'}[KIND]


def start_broker():
    """One of our own, which ends with us; exits where it can't be had."""
    started = subprocess.run([PROGRAM, 'start', KIND, '--watch', str(os.getpid())], stdout=subprocess.PIPE, text=True,
                             check=False)
    if started.returncode == 77:
        if KIND in os.environ.get('REQUIRE', '').split(','):
            sys.exit(f'REQUIRE says that {KIND} must be there: {started.stdout}')
        print(f'1..0 # SKIP {KIND}: {started.stdout.strip()}')
        sys.exit(0)
    assert started.returncode == 0, started.stdout
    return json.loads(started.stdout)


def tell(broker, *words):
    subprocess.run([PROGRAM, 'tell', broker['directory'], *words], check=True, stdout=subprocess.DEVNULL)


def settings(broker):
    values = {'broker.kind': KIND, 'broker.addresses': broker['addresses'].replace(',', ';'), 'feeds.broker': 'true',
              'channels.language': 'es', 'channels.initial': 'general;incidencias'}
    if KIND == 'rabbitmq':
        # the administrator reads: another user than the server's
        values |= {'broker.virtual_host': broker['vhost'], 'broker.user': broker['user'],
                   'broker.password': broker['password'], 'feeds.user': broker['admin'],
                   'feeds.password': broker['admin_password']}
    return [word for key, value in values.items() for word in ('--set', f'{key}={value}')]


def labels(app):
    return {x.name for x in pyatspi.findAllDescendants(app.root, lambda x: x.getRoleName() == 'label' and x.name)}


def windows_on_a_broker(scratch):
    broker = BROKER
    server = Server(scratch / 'server', *settings(broker))
    ana = App(scratch / 'ana', '--profile', 'ana', '--connect', server.uri, '--user', 'ana')
    luis = App(scratch / 'luis', '--profile', 'luis', '--connect', server.uri, '--user', 'luis')
    for app in (ana, luis):
        app.opened()
        app.find('push button', f'{TITLE} · live')
        app.choose('general')

    ana.say('hola a todos')
    luis.wait_row('ana', 'hola a todos')
    luis.say('¿qué tal?')
    ana.wait_row('luis', '¿qué tal?')
    luis.choose('incidencias')
    luis.wait_open('incidencias')
    luis.say('la bomba se calienta')
    ana.wait_channel('incidencias', 'unread')
    ana.choose('incidencias')
    ana.wait_row('luis', 'la bomba se calienta')
    ana.key('Shift_L')   # what is behind another window is not read
    ana.wait_channel('incidencias', '!unread')

    for number, text in enumerate(['vaya mierda de día', 'otra mierda', 'y otra mierda más'], 1):
        luis.say(text)
        ana.wait_row('luis', text.replace('mierda', '******'))
        luis.wait_row(f'Warning {number} of 3')
    wait(lambda: sum('Warning' in row for row in luis.rows()) == 3, 'one card for each warning')
    wait(lambda: any('“mierda” matched the rule' in label for label in labels(luis)), 'the word on a card')
    luis.find('label', 'You have been blocked')

    def details():
        """A popover goes when its window loses the keyboard: then it is asked for again."""
        shown = labels(ana)
        if 'Position' not in shown:
            ana.press(f'{TITLE} · live')
        return {'Feed', TITLE, 'Behind', 'Position', 'Service', broker['addresses']} <= shown
    wait(details, 'the details')
    if PICTURES:
        subprocess.run(['import', '-window', 'root', str(Path(PICTURES) / f'feed-{KIND}.png')], check=True)
    ana.key('Escape')

    tell(broker, 'kill9', '1')
    ana.find('push button', f'{TITLE} can’t be reached · WebSocket · live')
    if PICTURES:
        ana.shoot(Path(PICTURES) / f'feed-{KIND}-away.png')
    ana.say('mientras tanto')
    tell(broker, 'restart', '1')
    ana.wait_row('mientras tanto', 'Stored')
    wait(lambda: ana.look('push button', f'{TITLE} · live'), 'the broker again', 40)

    before = [row.split(' (')[0] for row in ana.rows()]
    ana.close()
    ana = App(scratch / 'ana', '--profile', 'ana')
    wait(lambda: [row.split(' (')[0] for row in ana.rows()] == before, f'the history {before}')
    ana.find('push button', f'{TITLE} · live')
    ana.close()
    luis.close()
    server.stop()


BROKER = start_broker()
try:
    run(windows_on_a_broker)
finally:
    subprocess.run([PROGRAM, 'end', BROKER['directory']], check=False)
