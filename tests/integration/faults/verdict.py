# SPDX-License-Identifier: GPL-3.0-or-later
"""What came of what was accepted, as independent readers see it: PostgreSQL's own client library, kcat, an AMQP client."""
import json
import subprocess
import threading
import time
from collections import Counter

import pika
import psycopg2


def stored(service):
    """{channel: [(seq, id, record)]} in the order of seq."""
    with psycopg2.connect(service.database) as connection, connection.cursor() as cursor:
        cursor.execute('SELECT c.name, m.seq, m.id, m.record FROM messages m JOIN channels c ON c.number = m.channel ORDER BY 1, 2')
        found = {}
        for channel, seq, identity, record in cursor.fetchall():
            found.setdefault(channel, []).append((seq, identity, json.loads(record)))
    connection.close()
    return found


def heads(service):
    with psycopg2.connect(service.database) as connection, connection.cursor() as cursor:
        cursor.execute('SELECT name, head FROM channels')
        found = dict(cursor.fetchall())
    connection.close()
    return found


def count_stored(service):
    with psycopg2.connect(service.database) as connection, connection.cursor() as cursor:
        cursor.execute('SELECT count(*) FROM messages WHERE said > 0')
        found = cursor.fetchone()[0]
    connection.close()
    return found


def wait_until_stored(service, number, seconds=90):
    """Until at least so many messages are in the store."""
    deadline = time.monotonic() + seconds
    while (found := count_stored(service)) < number:
        if time.monotonic() > deadline:
            raise AssertionError(f'{found} of {number} messages were stored within {seconds} s\n{service.logs()}')
        threading.Event().wait(0.1)


def check_store(service, crowd, *, others=0):
    """Each message that was accepted is stored exactly once, with its text, in the order of its author, and the seqs of
    each channel are contiguous. `others`: so many messages of other origin are there besides."""
    expected = crowd.accepted() + others
    wait_until_stored(service, expected)
    found = stored(service)
    ids = Counter(identity for records in found.values() for _, identity, _ in records)
    twice = [identity for identity, number in ids.items() if number > 1]
    if twice:
        raise AssertionError(f'stored more than once: {twice[:5]}')
    for channel, head in heads(service).items():
        seqs = [seq for seq, _, _ in found.get(channel, [])]
        if seqs != list(range(1, head + 1)):
            raise AssertionError(f'{channel}: the head is {head}, the seqs are {seqs[:3]}…{seqs[-3:]} ({len(seqs)})')
    for person in crowd.people:
        for channel, sent in person.sent.items():
            mine = [(identity, record['data']) for _, identity, record in found.get(channel, [])
                    if record.get('author') == person.name_ and record.get('kind', 'message') == 'message']
            if mine != sent:
                raise AssertionError(f'{channel}: of {len(sent)} messages of {person.name_} {describe(mine, sent)}')
    names = {person.name_ for person in crowd.people}
    strange = [record for records in found.values() for _, _, record in records
               if record.get('kind', 'message') in ('message', 'notice') and record.get('author') not in names]
    if len(strange) != others:
        raise AssertionError(f'{len(strange)} messages of others are stored instead of {others}: {strange[:3]}')
    return found


def describe(mine, sent):
    missing = [entry for entry in sent if entry not in set(mine)]
    more = [entry for entry in mine if entry not in set(sent)]
    if missing or more:
        return f'{len(missing)} are missing: {missing[:3]}, {len(more)} are there that were not accepted: {more[:3]}'
    return 'the order is another'


def read_kafka(service, topic, form='%s'):
    """The records of a topic, as a consumer sees them that reads what is committed; in kcat's format."""
    answer = subprocess.run(['kcat', '-C', '-b', service.broker['addresses'], '-t', service.prefix + topic, '-e', '-q', '-o', 'beginning',
                             '-X', 'isolation.level=read_committed', '-f', form + '\\n'], capture_output=True, check=True, timeout=60)
    return answer.stdout.decode(errors='replace').split('\n')[:-1]


def amqp(service):
    """A connection of pika."""
    host, _, port = service.broker['addresses'].split(',')[0].rpartition(':')
    login = pika.PlainCredentials(service.broker['user'], service.broker['password'])
    return pika.BlockingConnection(pika.ConnectionParameters(host, int(port), service.broker['vhost'], login, heartbeat=60))


def read_stream(service, name, number, seconds=30):
    """What is in a stream, with its offset: until nothing more comes, and at least so many records have."""
    records = []
    connection = amqp(service)
    channel = connection.channel()
    channel.basic_qos(prefetch_count=500)
    deadline = time.monotonic() + seconds
    for method, properties, body in channel.consume(service.prefix + name, arguments={'x-stream-offset': 'first'}, inactivity_timeout=0.5):
        if method:
            records.append((properties.headers['x-stream-offset'], body.decode(errors='replace')))
            channel.basic_ack(method.delivery_tag)
        elif len(records) >= number or time.monotonic() > deadline:
            break
    try:
        connection.close()
    except pika.exceptions.AMQPError:
        pass  # it gives back what it has not looked at, which a stream does not know
    return records


def read_log(service, number):
    """chat_controlled, where at least so many records are there: {shard: [(offset, text)]}."""
    if service.broker.kind == 'rabbitmq':
        return {0: read_stream(service, 'chat_controlled.log', number)}
    found = {}
    for line in read_kafka(service, 'chat_controlled', '%p %o %s'):
        shard, offset, text = line.split(' ', 2)
        found.setdefault(int(shard), []).append((int(offset), text))
    return found


def read_controlled(service, number):
    """The records that readers of the broker are shown, where at least so many are there; no garbage."""
    bodies = [text for records in read_log(service, number).values() for _, text in records]
    return [record for record in map(parse, bodies) if isinstance(record, dict)]


def parse(body):
    try:
        return json.loads(body)
    except ValueError:
        return None


def watch_rejected(service):
    """Lets RabbitMQ keep what comes on chat_rejected from here on."""
    if service.broker.kind == 'rabbitmq':
        with amqp(service) as connection:
            channel = connection.channel()
            # whoever needs it first makes it
            channel.exchange_declare(f'{service.prefix}chat_rejected', 'topic', durable=True)
            channel.queue_declare(f'{service.prefix}watch')
            channel.queue_bind(f'{service.prefix}watch', f'{service.prefix}chat_rejected', '#')


def drain(service):
    with amqp(service) as connection:
        channel = connection.channel()
        while True:
            method, _, body = channel.basic_get(f'{service.prefix}watch', auto_ack=True)
            if not method:
                return
            yield body


def wait_for_rejected(service, number, seconds=30):
    """The records on chat_rejected, once so many are there."""
    deadline = time.monotonic() + seconds
    found = []
    while len(found) < number and time.monotonic() < deadline:
        if service.broker.kind == 'kafka':
            found = read_kafka(service, 'chat_rejected')
        else:
            found += drain(service)
        threading.Event().wait(0.2)
    return found


def write(service, topic, channel, *payloads):
    """Another client's records on a channel of a topic."""
    if service.broker.kind == 'kafka':
        for payload in payloads:
            subprocess.run(['kcat', '-P', '-b', service.broker['addresses'], '-t', service.prefix + topic, '-k', channel, '-D', 'no such'],
                           input=payload, check=True, timeout=30)
        return
    with amqp(service) as connection:
        publisher = connection.channel()
        publisher.confirm_delivery()
        for payload in payloads:
            publisher.basic_publish(service.prefix + topic, channel, payload, pika.BasicProperties(delivery_mode=2), mandatory=True)


def check_broker(service, crowd):
    """Readers of the broker itself are shown each accepted message; Kafka's exactly once."""
    wanted = Counter(identity for person in crowd.people for sent in person.sent.values() for identity, _ in sent)
    records = read_controlled(service, crowd.accepted())
    shown = Counter(record.get('id') for record in records if record.get('id') in wanted)
    missing = set(wanted) - set(shown)
    if missing:
        raise AssertionError(f'{len(missing)} accepted messages are not on chat_controlled: {sorted(missing)[:3]}')
    twice = [identity for identity, number in shown.items() if number > 1]
    if twice and service.broker.kind == 'kafka':
        raise AssertionError(f'{len(twice)} messages are on chat_controlled twice: {twice[:3]}')
