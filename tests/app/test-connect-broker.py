#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kafka and RabbitMQ without a Tertulia server: connecting, topics as channels, live messages, sending, history after
a restart, going to a date. The other side is kcat, and pika for AMQP."""
import functools
import json
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

from driver import App, pyatspi, run, wait, xdotool

try:
    import pika
except ImportError as problem:
    print(f'1..0 # SKIP rabbitmq: {problem}')
    sys.exit(0)

BROKER = Path(__file__).parents[1] / 'support' / 'brokers' / 'broker'

MONITORING = '''[dialect]
title = Monitoring
format = json
author_member = from.username
text_member = body
time_member = at
time_format = epoch-milliseconds
id_member = uuid
'''


@functools.cache
def broker(kind):
    """The one of this run, or of this program alone; skips where it can't be had."""
    how = ['share', kind] if 'TERTULIA_BROKERS' in os.environ else ['start', kind, '--watch', str(os.getpid())]
    started = subprocess.run([sys.executable, BROKER, *how], capture_output=True, text=True, check=False)
    if started.returncode == 77 and kind not in os.environ.get('REQUIRE', '').split(','):
        print(f'# SKIP {started.stdout.strip()}', flush=True)
        return None
    assert started.returncode == 0, started.stdout + started.stderr
    return json.loads(started.stdout)


def kcat(kafka, *arguments, text=None):
    return subprocess.run(['kcat', '-q', '-b', kafka['addresses'], *arguments], input=text, check=True, text=True,
                          capture_output=True).stdout


def produce(kafka, topic, *records):
    """One record a line."""
    kcat(kafka, '-P', '-t', topic, text='\n'.join(records) + '\n')


def consume(kafka, topic):
    return [line for line in kcat(kafka, '-C', '-t', topic, '-o', 'beginning', '-e').split('\n') if line]


def fill(app, **fields):
    """Fills entries, the first each whose label begins with that name."""
    for name, text in fields.items():
        label = name.replace('_', ' ')
        wait(lambda: app.look('text', label), f'the entry {label}').queryEditableText().setTextContents(text)


DIALECT, MECHANISM = 2, 4               # rows behind that of the address, where the keyboard is at first


def pick(app, row, downs):
    """Chooses in a row of the dialog, by the keyboard alone."""
    app.key(*['Tab'] * row, 'space')
    wait(lambda: app.look('list', '') and app.focused() and 'list item' in app.focused()[0], 'the choices')
    app.key(*['Down'] * downs, 'Return')


def connect(scratch, **fields):
    app = App(scratch / 'ana', '--profile', 'ana')
    app.press('Connect to a broker')
    fill(app, Name='ana', **fields)
    return app


def record(author, text):
    return json.dumps({'from': {'username': author}, 'body': text, 'at': int(time.time() * 1000), 'uuid': str(uuid.uuid4()), 'more': [1]},
                      ensure_ascii=False)


def write_dialect(scratch):
    own = scratch / 'ana' / 'config' / 'tertulia' / 'dialects'
    own.mkdir(parents=True)
    (own / 'monitoring.conf').write_text(MONITORING, encoding='utf-8')


def kafka_topics(scratch):
    kafka = broker('kafka')
    if kafka is None:
        return
    produce(kafka, 'alerts', *(record('bot', f'alert {n}') for n in range(300)))
    produce(kafka, 'Sales_EU', record('luis', 'primera venta'), 'no JSON at all', '{"body": 7, "body": 8}')
    write_dialect(scratch)

    app = connect(scratch, Address='nowhere')
    fill(app, Address='broker:port')
    app.press('C_onnect')
    app.find('label', 'broker:port')                    # says what is wrong with it
    fill(app, Address=kafka['addresses'])
    pick(app, DIALECT, 2)
    shoot(app, 'broker-dialog')
    app.press('C_onnect')
    app.opened()
    app.wait_channel('alerts')
    app.choose('sales_eu')
    app.wait_row('luis', 'primera venta')
    app.wait_row('no JSON at all')

    produce(kafka, 'Sales_EU', record('eva', 'en vivo'))
    app.wait_row('eva', 'en vivo')
    produce(kafka, 'alerts', record('bot', 'alert 300'))
    app.wait_channel('alerts', '1')
    app.say('¡hola, broker!')
    app.wait_row('ana', '¡hola, broker!', 'Stored')
    written = json.loads(consume(kafka, 'Sales_EU')[-1])
    assert written['from'] == {'username': 'ana'} and written['body'] == '¡hola, broker!', written
    assert set(written) == {'from', 'body', 'at', 'uuid'} and isinstance(written['at'], int), written
    assert not app.look('push button', 'Search in this channel'), 'a search without a server'
    shoot(app, 'broker-window')
    app.close()

    produce(kafka, 'Sales_EU', record('eva', 'mientras tanto'))
    app = App(scratch / 'ana', '--profile', 'ana').opened()         # goes straight there
    app.wait_row('eva', 'mientras tanto')
    app.wait_row('luis', 'primera venta')
    texts = [r for r in app.rows() if '¡hola, broker!' in r]
    assert len(texts) == 1, f'sent once, seen {len(texts)} times'
    app.choose('alerts')
    app.wait_row('alert 300')
    assert not any('alert 10,' in r for r in app.rows()), 'all of it at once'
    app.say('/goto today')
    wait(lambda: app.rows() and not any('alert 300' in r for r in app.rows()), 'what was written first')
    app.press('Back to now')
    app.wait_row('alert 300')
    app.close()


def plain_text(scratch):
    kafka = broker('kafka')
    if kafka is None:
        return
    lines = f'lines-{uuid.uuid4().hex[:8]}'
    produce(kafka, lines, 'uno', 'dos')
    app = connect(scratch, Address=kafka['addresses'], Topics=lines)
    pick(app, DIALECT, 1)
    app.press('C_onnect')
    app.opened()
    app.wait_row('dos')
    app.say('tres')
    app.wait_row('ana', 'tres', 'Stored')
    assert sorted(consume(kafka, lines)) == ['dos', 'tres', 'uno'], consume(kafka, lines)
    produce(kafka, lines, 'cuatro')
    app.wait_row('cuatro')
    app.close()


class Amqp:
    """Somebody else with a plain AMQP client."""

    def __init__(self, uri):
        self.connection = pika.BlockingConnection(pika.URLParameters(uri))
        self.channel = self.connection.channel()

    def declare(self, exchange, stream):
        self.channel.exchange_declare(exchange, 'topic', durable=True)
        if stream:
            self.channel.queue_declare(exchange + '.log', durable=True, arguments={'x-queue-type': 'stream'})
            self.channel.queue_bind(exchange + '.log', exchange, '#')
        self.queue = self.channel.queue_declare('', exclusive=True).method.queue
        self.channel.queue_bind(self.queue, exchange, '#')

    def publish(self, exchange, key, text):
        self.channel.basic_publish(exchange, key, text.encode())

    def take(self):
        """The next routing key and payload."""
        def get():
            method, _properties, body = self.channel.basic_get(self.queue, auto_ack=True)
            return method and (method.routing_key, body.decode())
        return wait(get, 'a message of the exchange')


def rabbitmq_keys(scratch):
    rabbit = broker('rabbitmq')
    if rabbit is None:
        return
    other = Amqp(rabbit['uri'])
    other.declare('site', stream=True)
    for number in range(80):
        other.publish('site', 'busy', record('bot', f'busy {number}'))
    other.publish('site', 'Floor.1', record('luis', 'buenos días'))
    other.publish('site', 'Floor.1', '{"body": [')
    write_dialect(scratch)
    app = connect(scratch, Address=rabbit['uri'])
    fill(app, Exchange='site')
    pick(app, DIALECT, 2)
    app.press('C_onnect')
    wait(lambda: app.look('label', 'RabbitMQ · live'), 'a live feed')
    other.publish('site', 'Floor.1', record('eva', 'en vivo'))
    app.wait_channel('floor.1')
    app.choose('floor.1')
    app.wait_row('eva', 'en vivo')
    app.wait_row('luis', 'buenos días')
    for _ in range(83):
        other.take()
    app.say('hola desde la ventana')
    app.wait_row('ana', 'hola desde la ventana', 'Stored')
    key, payload = other.take()
    assert key == 'Floor.1' and json.loads(payload)['body'] == 'hola desde la ventana', (key, payload)
    app.close()
    other.publish('site', 'Floor.1', record('eva', 'mientras tanto'))
    app = App(scratch / 'ana', '--profile', 'ana').opened()
    app.wait_row('eva', 'mientras tanto')
    app.wait_row('luis', 'buenos días')
    assert len([r for r in app.rows() if 'hola desde la ventana' in r]) == 1, app.rows()
    app.close()


def wrong_password(scratch):
    kafka = broker('kafka')
    if kafka is None:
        return
    produce(kafka, 'general', json.dumps({'author': 'luis', 'data': 'hola', 'timestamp': '2021-10-10 10:10:10'}))
    app = connect(scratch, Address=kafka['sasl_addresses'], User=kafka['user'], Password='wrong')
    pick(app, MECHANISM, 2)
    app.press('C_onnect')
    app.find('label', 'Connect to a broker')
    wait(lambda: app.look('text', 'Address'), 'the dialog again')
    fill(app, Password=kafka['password'])
    app.press('C_onnect')
    app.opened()
    app.close()
    settings = ''.join(p.read_text(errors='replace') for p in (scratch / 'ana' / 'config').rglob('*') if p.is_file())
    assert kafka['password'] not in settings, 'the password is in a file'
    App(scratch / 'ana', '--profile', 'ana').opened().close()       # the keyring has it


def choose_file(app, number, label, path):
    """With the button beside one of the entries for files."""
    buttons = pyatspi.findAllDescendants(app.root, lambda x: x.getRoleName() == 'push button' and x.name == 'Choose a file')
    buttons[number].queryAction().doAction(0)
    wait(lambda: any(w.name == 'Choose a PEM file' for w in app.root), 'the files')
    xdotool('search', '--sync', '--onlyvisible', '--name', 'Choose a PEM file', 'windowactivate', '--sync')
    xdotool('key', 'ctrl+l')
    xdotool('type', path)
    wait(lambda: next(x for x in pyatspi.findAllDescendants(app.root, lambda x: x.getRoleName() == 'text')
                      if x.queryText().getText(0, x.queryText().characterCount) == path), 'the path in the dialog')
    xdotool('key', 'Return')

    def taken():
        text = app.look('text', label).queryText()
        return text.getText(0, text.characterCount) == path
    wait(taken, f'{path} as “{label}”')


def trial(scratch):
    """A connection is tried before somebody goes there; certificates are chosen among files."""
    kafka = broker('kafka')
    if kafka is None:
        return
    produce(kafka, 'general', json.dumps({'author': 'luis', 'data': 'hola', 'timestamp': '2021-10-10 10:10:10'}))
    app = connect(scratch, Address='127.0.0.1:1')
    app.press('_Test')
    app.find('label', 'Trying to connect…')
    fill(app, Address=kafka['mutual_tls_addresses'])
    wait(lambda: not app.look('label', 'Trying to connect…'), 'the end of a trial of what is there no longer')
    app.press('_Test')
    app.find('label', 'perhaps it wants TLS')
    app.look('check box', '').queryAction().doAction(0)
    for number, (label, key) in enumerate([('Own CA', 'ca'), ('Client certificate', 'certificate'), ('Its key', 'key')]):
        choose_file(app, number, label, kafka[key])
    fill(app, Topics='none-such')
    app.press('_Test')
    app.find('label', 'The broker has no topic “none-such”')
    fill(app, Topics='')
    app.press('_Test')
    app.find('label', 'The connection works: the broker has ')
    shoot(app, 'broker-trial')
    app.press('C_onnect')
    app.opened()
    app.wait_channel('general')
    app.close()


def rabbitmq_trial(scratch):
    rabbit = broker('rabbitmq')
    if rabbit is None:
        return
    app = connect(scratch, Address=rabbit['uri'])
    fill(app, Exchange='none.such')
    app.press('_Test')
    app.find('label', 'none.such')
    Amqp(rabbit['uri']).declare('tried', stream=True)
    fill(app, Exchange='tried')
    app.press('_Test')
    app.find('label', 'The connection works.')
    fill(app, Address='amqp://nobody:wrong@' + rabbit['addresses'])
    app.press('_Test')
    app.find('label', 'password')
    app.close()


def shoot(app, name):
    pictures = os.environ.get('TERTULIA_TEST_PICTURES')
    if pictures:
        app.shoot(Path(pictures) / f'{name}.png')


run(kafka_topics, plain_text, rabbitmq_keys, wrong_password, trial, rabbitmq_trial)
