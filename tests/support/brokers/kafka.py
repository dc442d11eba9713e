# SPDX-License-Identifier: GPL-3.0-or-later
"""Apache Kafka out of its Maven artifacts, as KRaft: one node or three, each broker and controller."""
import base64
import fcntl
import hashlib
import json
import os
import pwd
import secrets
import shutil
import socket
from pathlib import Path

from parts import HOST, Broken, Missing, free_port, make_certificates, program, run, spawn, wait_until

HERE = Path(__file__).resolve().parent / 'kafka'
VERSION = '3.9.1'
# name: (protocol, what its address is called in the description)
LISTENERS = {
    'OPEN': ('PLAINTEXT', 'addresses'),
    'TLS': ('SSL', 'tls_addresses'),
    'MUTUAL': ('SSL', 'mutual_tls_addresses'),
    'SASL': ('SASL_PLAINTEXT', 'sasl_addresses'),
    'BOTH': ('SASL_SSL', 'sasl_tls_addresses'),
    'BEHIND': ('PLAINTEXT', 'behind_addresses'),
}
MECHANISMS = ('PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512')
MEMORY = ['-Xms128m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto', '-Djava.awt.headless=true']
COMMANDS = {
    'topics': 'org.apache.kafka.tools.TopicCommand',
    'groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
    'leaders': 'org.apache.kafka.tools.LeaderElectionCommand',
    'acls': 'kafka.admin.AclCommand',
    'configs': 'kafka.admin.ConfigCommand',
}
LOGGING = '''log4j.rootLogger=WARN, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.Target=System.err
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d{ISO8601} %p %c{1}: %m%n
'''


def cache():
    """Where the artifacts are kept: TERTULIA_BROKER_CACHE, or the user's cache, also where a test has another HOME."""
    chosen = os.environ.get('TERTULIA_BROKER_CACHE')
    if chosen:
        return Path(chosen)
    base = os.environ.get('XDG_CACHE_HOME') or Path(pwd.getpwuid(os.getuid()).pw_dir) / '.cache'
    return Path(base) / 'tertulia'


def artifacts():
    return cache() / f'kafka-{VERSION}'


def expected_sums():
    lines = (HERE / 'sha256sums').read_text(encoding='ascii').splitlines()
    return {name: digest for digest, name in (line.split() for line in lines if not line.startswith('#'))}


def wrong_artifacts(folder):
    """What of this folder is not as the committed sums say; empty where all is."""
    expected = expected_sums()
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob('*')} if folder.is_dir() else {}
    return sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))


def fetch(folder):
    """Lets Maven fetch the artifacts into a folder, if they are not all there; two that want this wait for each other."""
    maven = program('mvn', 'maven')
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = open(folder.parent / 'kafka.lock', 'wb')
    except OSError as error:
        raise Missing(f'its artifacts cannot be kept: {error}') from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not wrong_artifacts(folder):
            return
        unfinished = folder.with_name(folder.name + '.new')
        for old in (unfinished, folder):
            shutil.rmtree(old, ignore_errors=True)
        try:
            run([maven, '-B', '-ntp', '-q', '-C', '-f', HERE / 'pom.xml', 'dependency:copy-dependencies',
                 '-DincludeScope=runtime', f'-DoutputDirectory={unfinished}'], timeout=300)
        except Broken as error:
            raise Missing(f'its artifacts are not in {folder}, and Maven could not fetch them: {error}') from None
        wrong = wrong_artifacts(unfinished)
        if wrong:
            raise Broken(f'these artifacts in {unfinished} are not those of {HERE / "sha256sums"}: {", ".join(wrong)}')
        unfinished.rename(folder)


class Kafka:
    """Each node listens six times: open; with TLS; with TLS and the client's certificate; with SASL; with both; and open
    behind a front, a port that a test may put a proxy on: a client that came that way is sent there again. The users
    `admin` and `chat` have a password, which all three mechanisms take; the client's certificate is `chat`'s. Whatever no
    ACL speaks of is allowed to all; the open listener is for superusers, like `admin`."""
    kind = 'kafka'

    def __init__(self, directory, nodes, options):
        self.directory = directory
        self.nodes = range(1, nodes + 1)
        self.passwords = {'admin': secrets.token_hex(8), 'chat': secrets.token_hex(8)}
        self.ports = {node: {name: free_port() for name in (*LISTENERS, 'CONTROLLER', 'FRONT')} for node in self.nodes}
        self.identity = base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip('=').replace('-', 'A')
        self.certificates = make_certificates(directory / 'certificates', expired='expired' in options)

    @staticmethod
    def check():
        """Missing where something is not installed or cannot be fetched."""
        program('java', 'openjdk-17-jre-headless')
        program('kcat', 'kcat')
        program('openssl', 'openssl')
        if wrong_artifacts(artifacts()):
            fetch(artifacts())

    def java(self, name, *arguments, memory=()):
        return [program('java', 'openjdk-17-jre-headless'), *MEMORY, *memory, '-cp', f'{artifacts()}/*',
                f'-Dlog4j.configuration=file:{self.directory}/log4j.properties', name, *arguments]

    def prepare(self):
        certificates = self.directory / 'certificates'
        (certificates / 'server-store.pem').write_text(''.join((certificates / f'server.{part}').read_text(encoding='ascii')
                                                               for part in ('key', 'pem')), encoding='ascii')
        (self.directory / 'log4j.properties').write_text(LOGGING, encoding='ascii')
        scram = [word for user, password in self.passwords.items() for mechanism in MECHANISMS[1:]
                 for word in ('--add-scram', f'{mechanism}=[name={user},password={password}]')]
        for node in self.nodes:
            configuration = self.directory / f'node{node}.properties'
            configuration.write_text(''.join(f'{name}={value}\n' for name, value in self.settings(node)), encoding='ascii')
            run(self.java('kafka.tools.StorageTool', 'format', '-t', self.identity, '-c', configuration, *scram),
                directory=self.directory, what='the formatting of Kafka\'s storage')
        return []

    def settings(self, node):
        """The configuration of a node as pairs. https://kafka.apache.org/39/documentation.html#brokerconfigs"""
        ports = self.ports[node]
        several = len(self.nodes) > 1
        copies = 3 if several else 1
        everywhere = [*LISTENERS, 'CONTROLLER']
        logins = ' '.join(f'user_{user}="{password}"' for user, password in self.passwords.items())
        yield from {
            'process.roles': 'broker,controller',
            'node.id': node,
            'controller.quorum.voters': ','.join(f'{other}@{HOST}:{self.ports[other]["CONTROLLER"]}' for other in self.nodes),
            'listeners': ','.join(f'{name}://{HOST}:{ports[name]}' for name in everywhere),
            'advertised.listeners': ','.join(f'{name}://{HOST}:{ports["FRONT" if name == "BEHIND" else name]}' for name in LISTENERS),
            'listener.security.protocol.map': ','.join(f'{name}:{LISTENERS[name][0] if name in LISTENERS else "PLAINTEXT"}'
                                                       for name in everywhere),
            'controller.listener.names': 'CONTROLLER',
            'inter.broker.listener.name': 'OPEN',
            'log.dirs': self.directory / f'node{node}',
            'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
            'super.users': 'User:ANONYMOUS;User:admin',
            'allow.everyone.if.no.acl.found': 'true',
            'ssl.keystore.type': 'PEM',
            'ssl.keystore.location': self.directory / 'certificates' / 'server-store.pem',
            'ssl.truststore.type': 'PEM',
            'ssl.truststore.location': self.directory / 'certificates' / 'ca.pem',
            'ssl.principal.mapping.rules': 'RULE:^CN=([^,]+).*$/$1/',
            'listener.name.mutual.ssl.client.auth': 'required',
            'num.partitions': 3,
            'default.replication.factor': copies,
            'min.insync.replicas': 2 if several else 1,
            'offsets.topic.replication.factor': copies,
            'offsets.topic.num.partitions': 3,
            'transaction.state.log.replication.factor': copies,
            'transaction.state.log.min.isr': 2 if several else 1,
            'transaction.state.log.num.partitions': 3,
            'group.initial.rebalance.delay.ms': 0,
            'auto.create.topics.enable': 'true',
            'num.network.threads': 2,
            'num.io.threads': 2,
            'log.cleaner.dedupe.buffer.size': 8388608,
            # a node that comes back, or takes over, is not to wait longer than a test does
            'broker.session.timeout.ms': 3000,
            'broker.heartbeat.interval.ms': 500,
            'controlled.shutdown.max.retries': 1,
        }.items()
        for name in ('sasl', 'both'):
            yield f'listener.name.{name}.sasl.enabled.mechanisms', ','.join(MECHANISMS)
            yield (f'listener.name.{name}.plain.sasl.jaas.config',
                   f'org.apache.kafka.common.security.plain.PlainLoginModule required {logins};')
            for mechanism in MECHANISMS[1:]:
                yield (f'listener.name.{name}.{mechanism.lower()}.sasl.jaas.config',
                       'org.apache.kafka.common.security.scram.ScramLoginModule required;')

    def log(self, node):
        return self.directory / f'node{node}.log'

    def start(self, node):
        return spawn(self.java('kafka.Kafka', self.directory / f'node{node}.properties'), self.log(node), directory=self.directory)

    def wait(self, node, process):
        wait_until(lambda: self.answers(node), process, self.log(node), f'Kafka {node}', seconds=120)

    def answers(self, node):
        """Whether a node answers and knows all that were started with it, if they run."""
        try:
            with socket.create_connection((HOST, self.ports[node]['OPEN']), timeout=1):
                pass
            answer = run([program('kcat', 'kcat'), '-b', f'{HOST}:{self.ports[node]["OPEN"]}', '-L', '-J', '-m', '2'], timeout=10)
        except (OSError, Broken):
            return False
        known = {broker['id'] for broker in json.loads(answer)['brokers']}
        return node in known

    def complete(self):
        """Nothing is left to do once all nodes run."""

    def addresses(self, name):
        return ','.join(f'{HOST}:{self.ports[node][name]}' for node in self.nodes)

    def describe(self):
        return {called: self.addresses(name) for name, (_, called) in LISTENERS.items()} | {
            'front_addresses': self.addresses('FRONT'),
            'user': 'chat', 'password': self.passwords['chat'], 'admin': 'admin', 'admin_password': self.passwords['admin'],
            **self.certificates}

    def where(self):
        """A line for each partition: its name, leader, replicas, those in sync. What has no leader right now has 0."""
        answer = run([program('kcat', 'kcat'), '-b', self.addresses('OPEN'), '-L', '-J', '-m', '10'], timeout=30)

        def ids(members):
            return ','.join(str(identity) for identity in sorted(member['id'] for member in members))

        return ''.join(f'{topic["topic"]}.{part["partition"]} {max(part["leader"], 0)} {ids(part["replicas"])} {ids(part["isrs"])}\n'
                       for topic in json.loads(answer)['topics'] for part in topic['partitions'])

    def call(self, verb, arguments):
        """What else can be asked of it: "where", who has what; "topics", "groups", "acls", "configs" or "leaders" with the
        arguments of Kafka's own command of that name (https://kafka.apache.org/39/documentation.html#operations)."""
        if verb == 'where' and not arguments:
            return self.where()
        if verb not in COMMANDS:
            raise Broken(f'a Kafka cannot be asked to "{" ".join([verb, *arguments])}"')
        return run(self.java(COMMANDS[verb], '--bootstrap-server', self.addresses('OPEN'), *arguments), timeout=60, what=verb,
                   directory=self.directory)
