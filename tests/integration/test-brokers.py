# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows that tests/support/brokers starts what it says, keeps what was stored over `kill -9`, and leaves nothing behind
when the process for which it was started, or its own, is killed. Usage: test-brokers.py BROKERS_DIRECTORY KIND"""
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])
# pylint: disable=wrong-import-position
from control import KINDS, start, tell  # noqa: E402
from parts import HOST, Missing, descendants, process_state, wait_for  # noqa: E402


def kafka_write(broker, text):
    subprocess.run(['kcat', '-P', '-b', broker['addresses'], '-t', 'kept'], input=text.encode(), check=True, timeout=30)


def kafka_read(broker):
    return kcat_read(broker['addresses'])


def kcat_read(addresses, *options):
    return subprocess.run(['kcat', '-C', '-b', addresses, '-t', 'kept', '-e', '-q', *options], capture_output=True, check=True,
                          timeout=30).stdout.decode().strip()


def kafka_ways_in(broker):
    ca = ['-X', f'ssl.ca.location={broker["ca"]}']
    yield kcat_read(broker['tls_addresses'], '-X', 'security.protocol=ssl', *ca)
    yield kcat_read(broker['mutual_tls_addresses'], '-X', 'security.protocol=ssl', *ca, '-X',
                    f'ssl.certificate.location={broker["certificate"]}', '-X', f'ssl.key.location={broker["key"]}')
    for mechanism in ('PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'):
        login = ['-X', f'sasl.mechanism={mechanism}', '-X', 'sasl.username=chat', '-X', f'sasl.password={broker["password"]}']
        yield kcat_read(broker['sasl_addresses'], '-X', 'security.protocol=sasl_plaintext', *login)
        yield kcat_read(broker['sasl_tls_addresses'], '-X', 'security.protocol=sasl_ssl', *ca, *login)


def rabbitmq_connect(broker, *, tls=False):
    import pika
    import ssl
    port = int(broker['tls_addresses' if tls else 'addresses'].rpartition(':')[2])
    if tls:
        context = ssl.create_default_context(cafile=broker['ca'])
        context.load_cert_chain(broker['certificate'], broker['key'])
        return pika.BlockingConnection(pika.ConnectionParameters(
            HOST, port, broker['vhost'], pika.credentials.ExternalCredentials(), ssl_options=pika.SSLOptions(context, HOST)))
    login = pika.PlainCredentials(broker['user'], broker['password'])
    return pika.BlockingConnection(pika.ConnectionParameters(HOST, port, broker['vhost'], login))


def rabbitmq_write(broker, text):
    import pika
    with rabbitmq_connect(broker) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        # a quorum queue's first second after a start has no leader, and whoever asks it then waits for a minute
        channel.queue_declare('kept', durable=True)
        channel.basic_publish('', 'kept', text.encode(), pika.BasicProperties(delivery_mode=2))


def rabbitmq_read(broker, **options):
    with rabbitmq_connect(broker, **options) as connection:
        method, _, body = connection.channel().basic_get('kept')
        connection.channel().close()
        return body.decode() if method else ''


def rabbitmq_ways_in(broker):
    # unacknowledged, so that it is there for the next
    yield rabbitmq_read(broker, tls=True)


def postgresql(uri, statement):
    return subprocess.run(['psql', '-X', '-q', '-A', '-t', '-d', uri, '-c', statement], capture_output=True, check=True, timeout=30,
                          ).stdout.decode().strip()


def postgresql_write(broker, text):
    postgresql(broker['uri'], 'CREATE TABLE kept (text text)')
    postgresql(broker['uri'], f"INSERT INTO kept VALUES ('{text}')")


def postgresql_read(broker):
    return postgresql(broker['uri'], 'SELECT text FROM kept')


def postgresql_ways_in(broker):
    yield postgresql(f'{broker["uri"]}?sslmode=verify-full&sslrootcert={broker["ca"]}', 'SELECT text FROM kept')


def wait_for_end(pids, directory):
    wait_for(lambda: not any(process_state(pid) for pid in pids), 'all its processes are gone')
    wait_for(lambda: not Path(directory).exists(), f'{directory} is gone')


def check_equal(found, expected, what):
    if found != expected:
        raise AssertionError(f'{what}: {found!r} instead of {expected!r}')


def keeps(kind, write, read, ways_in):
    watched = subprocess.Popen(['sleep', '110'])
    try:
        broker = start(kind, 1, [], watched.pid)
        family = descendants(broker['supervisor'])
        write(broker, 'something')
        check_equal(read(broker), 'something', 'what was written')
        for number, found in enumerate(ways_in(broker), 1):
            check_equal(found, 'something', f'by way {number}')
        for verb in ('pause', 'resume', 'kill9', 'restart'):
            tell(broker['directory'], [verb])
        check_equal(read(broker), 'something', 'after kill -9 and a restart')
        family += descendants(broker['supervisor'])
    finally:
        watched.kill()
        watched.wait()
    wait_for_end(family, broker['directory'])


def ends_with_supervisor(kind, *_):
    broker = start(kind, 1, [], 0)
    family = descendants(broker['supervisor'])
    os.kill(broker['supervisor'], 9)
    wait_for_end(family, broker['directory'])


def main():
    kind = sys.argv[2]
    mine = [globals()[f'{kind}_{name}'] for name in ('write', 'read', 'ways_in')]
    try:
        KINDS[kind].check()
    except Missing as missing:
        print(f'1..0 # SKIP {kind}: {missing}')
        return 0
    failed = 0
    print('1..2')
    for number, test in enumerate((keeps, ends_with_supervisor), 1):
        try:
            test(kind, *mine)
            print(f'ok {number} {test.__name__}', flush=True)
        except Exception as error:  # pylint: disable=broad-exception-caught
            failed += 1
            print(f'not ok {number} {test.__name__}', flush=True)
            print(repr(error), getattr(error, 'stderr', b''), file=sys.stderr)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
