# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong between the processes of a service, a real broker and PostgreSQL. Whatever happens, each message that
was accepted is stored exactly once, in the order of its author, and the seqs of a channel are contiguous: as kcat, an AMQP
client and PostgreSQL's own see it. Usage: test-faults.py BROKERS_DIRECTORY KIND GROUP"""
import json
import os
import random
import signal
import sys
import threading
import traceback

sys.path.insert(0, sys.argv[1])
# pylint: disable=wrong-import-position
from cluster import killed_leaders, lost_majority  # noqa: E402
from control import KINDS  # noqa: E402
from parts import HOST, Missing, wait_for  # noqa: E402
from people import Crowd  # noqa: E402
from proxy import Proxy  # noqa: E402
from service import Broker, Service  # noqa: E402
from verdict import check_broker, check_store, read_controlled, wait_for_rejected, watch_rejected, write  # noqa: E402

FULL = 'TERTULIA_TEST_FULL' in os.environ


def pause(seconds):
    """How long something lasts that nothing is heard of: a broker that is stopped, a line that is dead."""
    threading.Event().wait(seconds)


def flood(service, crowd, number):
    crowd.wait_for_more(number)


def conclude(service, crowd):
    service.check_alive()
    check_store(service, crowd)
    check_broker(service, crowd)


# A broker that goes away.

def let_settle(broker):
    """RabbitMQ 3.10 writes down a moment later which quorum queues it has members of. One that is killed before that comes
    back without a leader for ever, and what it had confirmed is gone, whoever its clients are."""
    if broker.kind == 'rabbitmq':
        broker.tell('ctl', 1, 'eval', '[dets:sync(Each) || Each <- dets:all()].')


def killed_broker(broker, store):
    """kill -9 of the broker while people send, and a restart."""
    with Service(broker, store).start() as service:
        with Crowd(service) as crowd:
            for _ in range(3 if FULL else 1):
                flood(service, crowd, 300)
                let_settle(broker)
                broker.tell('kill9', 1)
                pause(1)
                broker.tell('restart', 1)
                flood(service, crowd, 300)
        conclude(service, crowd)


def stopped_broker(broker, store):
    """SIGSTOP of the broker: nothing is closed, and nothing answers."""
    with Service(broker, store).start() as service:
        with Crowd(service) as crowd:
            flood(service, crowd, 300)
            broker.tell('pause', 1)
            pause(60 if FULL else 10)
            broker.tell('resume', 1)
            flood(service, crowd, 300)
        conclude(service, crowd)


# Processes that go away.

def killed_role(broker, store, names, times):
    dice = random.Random(1)
    with Service(broker, store).start() as service:
        with Crowd(service) as crowd:
            for number in range(times):
                flood(service, crowd, dice.randrange(50, 200))
                server = service.servers[names[number % len(names)]]
                server.kill()
                if server.name != 'api':
                    flood(service, crowd, dice.randrange(20, 100))
                server.start()
            flood(service, crowd, 200)
        conclude(service, crowd)


def killed_moderators(broker, store):
    """kill -9 of one moderator after the other, in mid-batch."""
    killed_role(broker, store, ['moderator1', 'moderator2'], 10 if FULL else 4)


def killed_archivers(broker, store):
    """kill -9 of one archiver after the other, in mid-batch."""
    killed_role(broker, store, ['archiver1', 'archiver2'], 10 if FULL else 4)


def killed_api(broker, store):
    """kill -9 of the api while people send: they send again, and nothing is there twice."""
    killed_role(broker, store, ['api'], 10 if FULL else 4)


def more_moderators(broker, store):
    """Moderators that come and go in the middle of batches: the shards change hands."""
    with Service(broker, store, moderators=1).start() as service:
        with Crowd(service) as crowd:
            for index in range(2, 4):
                flood(service, crowd, 200)
                service.add_role('moderator', f'moderator{index}').start()
            flood(service, crowd, 200)
            service.servers['moderator1'].stop()
            flood(service, crowd, 200)
            service.servers['moderator2'].kill()
            flood(service, crowd, 200)
        conclude(service, crowd)


# The line in between.

def on_a_line(broker):
    """A proxy in front of the broker, and the settings with which a service takes it."""
    if broker.kind == 'kafka':
        # it tells its clients where to connect to
        front, behind = (int(broker[name].rpartition(':')[2]) for name in ('front_addresses', 'behind_addresses'))
        proxy = Proxy(behind, front)
    else:
        proxy = Proxy(int(broker['addresses'].rpartition(':')[2]))
    return proxy, {'broker.addresses': f'{HOST}:{proxy.port}'}


def cut_line(broker, store):
    """All connections to the broker are cut, again and again; then they are slow."""
    proxy, settings = on_a_line(broker)
    with proxy, Service(broker, store, broker_settings=settings).start() as service:
        with Crowd(service) as crowd:
            for _ in range(10 if FULL else 4):
                flood(service, crowd, 100)
                proxy.cut()
            flood(service, crowd, 100)
            proxy.rate = 20000
            pause(20 if FULL else 5)
            proxy.rate = None
            flood(service, crowd, 100)
        conclude(service, crowd)


def dead_line(broker, store):
    """The connections to the broker die without a word; new ones are good."""
    proxy, settings = on_a_line(broker)
    with proxy, Service(broker, store, broker_settings=settings).start() as service:
        with Crowd(service) as crowd:
            flood(service, crowd, 200)
            proxy.freeze()
            crowd.wait_for_more(200, seconds=90)
        conclude(service, crowd)


# What the broker's owner does.

def memory_alarm(broker, store):
    """RabbitMQ has too little memory and blocks who publishes; later it has enough."""
    with Service(broker, store).start() as service:
        with Crowd(service) as crowd:
            flood(service, crowd, 200)
            broker.tell('ctl', 1, 'set_vm_memory_high_watermark', 'absolute', '1MB')
            pause(30 if FULL else 5)
            broker.tell('ctl', 1, 'set_vm_memory_high_watermark', 'absolute', '1GB')
            flood(service, crowd, 200)
        conclude(service, crowd)


def list_queues(service, broker):
    """The queues and the stream behind chat_controlled, on RabbitMQ."""
    names = broker.tell('ctl', 1, 'list_queues', '-p', broker['vhost'], '--no-table-headers', 'name').split()
    return {name for name in names if name.startswith(f'{service.prefix}chat_controlled')}


def delete_topics(service, broker):
    if broker.kind == 'kafka':
        broker.tell('topics', '--delete', '--topic', f'{service.prefix}chat_controlled')
        return
    names = list_queues(service, broker)
    for name in names:
        broker.tell('ctl', 1, 'delete_queue', '-p', broker['vhost'], name)
    # what is sent while one of them is missing goes to another one, where it may overtake
    wait_for(lambda: list_queues(service, broker) >= names, 'the queues are declared again', 30)


def deleted_topic(broker, store):
    """The topic, or its queues and stream, go while archivers read them, when all that was on it is stored."""
    with Service(broker, store).start() as service:
        with Crowd(service) as before:
            flood(service, before, 200)
        check_store(service, before)
        delete_topics(service, broker)
        with Crowd(service, name='q') as after:
            flood(service, after, 200)
        check_store(service, after, others=before.accepted())


def deny(service, broker, denied):
    if broker.kind == 'kafka':
        broker.tell('acls', '--add' if denied else '--remove', '--deny-principal', 'User:chat', '--operation', 'All', '--topic',
                    service.prefix, '--group', service.prefix, '--resource-pattern-type', 'prefixed', *([] if denied else ['--force']))
    else:
        rights = ['^$', '^$', '^$'] if denied else ['.*', '.*', '.*']
        broker.tell('ctl', 1, 'set_permissions', '-p', broker['vhost'], 'chat', *rights)
        if denied:
            # what it has allowed a connection once, it remembers; its own command fails where a client is quicker
            broker.tell('ctl', 1, 'eval', '[catch rabbit_networking:close_connection(Each, "by its owner") || '
                        'Each <- rabbit_networking:connections()], ok.')


# What the brokers' own words for it come to.
DENIALS = ('access_refused', 'does not allow')


def not_ready(service):
    """Whether the api says that it is the broker which it lacks."""
    status, answer = service.readiness()
    return status == 503 and not answer['broker']['ready'] and answer['store']['ready']


def denied_topics(broker, store):
    """The service may do nothing with its topics any more: it says so and is not ready; later it may, and goes on by itself."""
    settings = {} if broker.kind == 'rabbitmq' else {
        'broker.addresses': broker['sasl_addresses'], 'broker.mechanism': 'scram-sha-256', 'broker.user': broker['user'],
        'broker.password': broker['password']}
    with Service(broker, store, broker_settings=settings).start() as service:
        with Crowd(service) as crowd:
            flood(service, crowd, 200)
            deny(service, broker, True)
            try:
                wait_for(lambda: all(says(server, DENIALS) for server in service.servers.values()), 'each says what it may not', 60)
                wait_for(lambda: not_ready(service), 'the api is not ready', 30)
                pause(20 if FULL else 5)
            finally:
                deny(service, broker, False)
            crowd.wait_for_more(200, seconds=90)
            wait_for(lambda: service.readiness()[0] == 200, 'the api is ready again', 30)
        conclude(service, crowd)


def says(server, words):
    said = server.log.read_text(encoding='utf-8', errors='replace').lower()
    return any(word in said for word in words)


GARBAGE = (b'\xff\xfe\x00 no text', b'\x80' * 300, b'{"author": 5, "data": [], "timestamp": "never"}')


def garbage(broker, store):
    """Every twentieth payload on the topics is none that anybody could read."""
    number = 0
    with Service(broker, store).start() as service:
        watch_rejected(service)
        with Crowd(service) as crowd:
            for _ in range(20 if FULL else 5):
                flood(service, crowd, 190)
                for topic in ('chat', 'chat_controlled'):
                    write(service, topic, 'c0', *GARBAGE, GARBAGE[0])
                    number += len(GARBAGE) + 1
        conclude(service, crowd)
        rejected = wait_for_rejected(service, number)
        if len(rejected) != number:
            raise AssertionError(f'{len(rejected)} records are on chat_rejected, {number} were no good')


def foreign_clients(broker, store):
    """Other clients write and read the same channels with the three members that a message needs."""
    with Service(broker, store).start() as service:
        with Crowd(service) as crowd:
            flood(service, crowd, 50)
            for index in range(10):
                write(service, 'chat', 'c1', json.dumps({'author': 'ana', 'data': f'hola {index}', 'timestamp': '2026-11-20T10:10:10.123Z'},
                                                        ).encode())
        found = check_store(service, crowd, others=10)
        hers = [record['data'] for _, _, record in found['c1'] if record['data'].startswith('hola')]
        if hers != [f'hola {index}' for index in range(10)]:
            raise AssertionError(f'what another client wrote is stored as {hers}')
        read = read_controlled(service, crowd.accepted() + 10)
        for record in read:
            if not {'author', 'data', 'timestamp'} <= record.keys() and record.get('kind', 'message') == 'message':
                raise AssertionError(f'another client reads a message without its three members: {record}')
        if sum(record.get('data', '').startswith('hola') for record in read) < 10:
            raise AssertionError('another client does not read what another one wrote')


# Who is not let in.

def refused(broker, store, settings, words):
    """A service that is not let in at its start: it says why, and ends without having hammered."""
    proxy, line = on_a_line(broker) if 'broker.addresses' not in settings else (None, {})
    if proxy is None:
        proxy = Proxy(int(settings['broker.addresses'].rpartition(':')[2]))
        line = {'broker.addresses': f'{HOST}:{proxy.port}'}
    with proxy, Service(broker, store, moderators=0, archivers=0, broker_settings=settings | line) as service:
        server = service.servers['api']
        server.spawn()
        # its own expired certificate it may find by itself
        wait_for(lambda: says(server, words), f'{server.name} says one of {words}', 30)
        wait_for(lambda: server.process.poll() is not None, 'it has ended', 60)
        if server.process.returncode != 1:
            raise AssertionError(f'it {server.state()}:\n{server.tail()}')
        if proxy.connections > 5:
            raise AssertionError(f'it connected {proxy.connections} times:\n{server.tail()}')


def login(broker, password):
    if broker.kind == 'kafka':
        return {'broker.addresses': broker['sasl_addresses'], 'broker.mechanism': 'scram-sha-512', 'broker.user': 'chat',
                'broker.password': password}
    return {'broker.addresses': broker['addresses'], 'broker.user': 'chat', 'broker.password': password}


def wrong_password(broker, store):
    refused(broker, store, login(broker, 'a wrong one'), ('password',))


def certificates(broker, *, trusted='ca', own='certificate', key='key'):
    """Settings of TLS with a certificate of one's own."""
    settings = {'broker.addresses': broker['mutual_tls_addresses' if broker.kind == 'kafka' else 'tls_addresses'], 'broker.tls': 'true',
                'broker.ca_file': broker[trusted], 'broker.certificate_file': broker[own], 'broker.key_file': broker[key]}
    return settings | ({} if broker.kind == 'kafka' else {'broker.mechanism': 'external'})


def expired_own_certificate(broker, store):
    refused(broker, store, certificates(broker, own='expired_certificate', key='expired_key'), ('certificate',))


def stranger(broker, store):
    """Nobody that is trusted has signed the broker's certificate."""
    refused(broker, store, certificates(broker, trusted='other_ca'), ('certificate',))


def expired_certificate(broker, store):
    """The broker's certificate has expired: another broker."""
    other = Broker(broker.kind, options=('expired',))
    try:
        refused(other, store, certificates(other), ('expired',))
    finally:
        other.end()


GROUPS = {
    'broker': [killed_broker, stopped_broker],
    'roles': [killed_moderators, killed_archivers, killed_api, more_moderators],
    'line': [cut_line, dead_line],
    'cluster': [killed_leaders, lost_majority],
    'owner': [deleted_topic, denied_topics, garbage, foreign_clients, memory_alarm],
    'refused': [wrong_password, expired_own_certificate, stranger, expired_certificate],
}
# What only one of the brokers is put to.
OF_ONE = {memory_alarm: 'rabbitmq'}


def run(test, broker, store):
    try:
        test(broker, store)
        return True
    except Exception as error:  # pylint: disable=broad-exception-caught
        traceback.print_exception(error, file=sys.stderr)
        print(Service.last_words, file=sys.stderr)
        return False


def main():
    kind, group = sys.argv[2:4]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    for name in (kind, 'postgresql'):
        try:
            KINDS[name].check()
        except Missing as missing:
            print(f'1..0 # SKIP {name}: {missing}')
            return 0
    tests = [test for test in GROUPS[group] if kind in OF_ONE.get(test, kind)]
    chosen = sys.argv[4:]
    broker, store = Broker(kind, nodes=3 if group == 'cluster' else 1), Broker('postgresql', private=False)
    failed = 0
    print(f'1..{len(tests)}')
    try:
        for number, test in enumerate(tests, 1):
            if chosen and test.__name__ not in chosen:
                continue
            good = run(test, broker, store)
            failed += not good
            print('ok' if good else 'not ok', number, test.__name__, flush=True)
    finally:
        broker.end()
        store.end()
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
