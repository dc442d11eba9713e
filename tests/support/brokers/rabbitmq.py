# SPDX-License-Identifier: GPL-3.0-or-later
"""RabbitMQ as Debian has it, one node or a cluster of three, started by any user beside a system's own."""
import base64
import hashlib
import json
import os
import secrets
import socket
import struct
from pathlib import Path

from parts import HOST, Broken, free_port, make_certificates, program, run, spawn, wait_until

PLUGINS = ('rabbitmq_consistent_hash_exchange', 'rabbitmq_auth_mechanism_ssl')
BINARIES = '/usr/lib/rabbitmq/bin'
VHOST = 'chat'
EVERYTHING = ('.*', '.*', '.*')


def password_hash(password):
    salt = os.urandom(4)
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def logs_in(port, user, password, vhost):
    """Whether a login over AMQP 0-9-1 gets as far as its virtual host. An open port says less than that: the users are
    imported after it."""
    def short(text):
        return bytes([len(text)]) + text.encode()

    def send(channel, payload):
        connection.sendall(struct.pack('>BHI', 1, channel, len(payload)) + payload + b'\xce')

    def receive(class_id, method_id):
        header = stream.read(7)
        if len(header) < 7:
            return False
        payload = stream.read(struct.unpack('>I', header[3:])[0] + 1)
        return struct.unpack('>HH', payload[:4]) == (class_id, method_id)

    try:
        with socket.create_connection((HOST, port), timeout=5) as connection, connection.makefile('rb') as stream:
            connection.sendall(b'AMQP\x00\x00\x09\x01')
            if not receive(10, 10):
                return False
            response = f'\0{user}\0{password}'.encode()
            send(0, struct.pack('>HHI', 10, 11, 0) + short('PLAIN') + struct.pack('>I', len(response)) + response + short('en_US'))
            if not receive(10, 30):
                return False
            send(0, struct.pack('>HHHIH', 10, 31, 16, 131072, 0))
            send(0, struct.pack('>HH', 10, 40) + short(vhost) + short('') + b'\0')
            return receive(10, 41)
    except OSError:
        return False


class RabbitMQ:
    """Listens for AMQP on two ports a node, with TLS and without; the users `admin` and `chat` may do everything on the
    virtual hosts / and chat, and the client's certificate is `chat`'s (EXTERNAL)."""
    kind = 'rabbitmq'

    def __init__(self, directory, nodes, options):
        self.directory = directory
        self.nodes = range(1, nodes + 1)
        self.users = {'admin': secrets.token_hex(8), 'chat': secrets.token_hex(8)}
        self.imported = False
        self.names = {node: f'rabbit{node}@localhost' for node in self.nodes}
        self.ports = {node: {name: free_port() for name in ('amqp', 'amqps', 'distribution')} for node in self.nodes}
        self.epmd_port = free_port()
        self.certificates = make_certificates(directory / 'certificates', expired='expired' in options)

    @staticmethod
    def check():
        """Missing where something is not installed."""
        program('rabbitmq-server', 'rabbitmq-server', BINARIES)
        program('epmd', 'erlang-base')
        program('openssl', 'openssl')

    def prepare(self):
        """What has to run before the nodes: the port mapper, of ours so that it ends with us. Returns its process."""
        cookie = self.directory / '.erlang.cookie'
        cookie.write_text(secrets.token_hex(20), encoding='ascii')
        cookie.chmod(0o400)
        for node in self.nodes:
            folder = self.folder(node)
            (folder / 'log').mkdir(parents=True)
            (folder / 'enabled_plugins').write_text(f'[{",".join(PLUGINS)}].\n', encoding='ascii')
        if len(self.nodes) == 1:
            self.write_definitions()
        log = self.directory / 'epmd.log'
        epmd = spawn([program('epmd', 'erlang-base'), '-port', self.epmd_port, '-address', HOST], log)
        wait_until(lambda: is_open(self.epmd_port), epmd, log, 'epmd')
        return [epmd]

    def folder(self, node):
        return self.directory / f'node{node}'

    def log(self, node):
        return self.folder(node) / 'log' / 'node.log'

    def write_definitions(self):
        configure, write, read = EVERYTHING
        (self.directory / 'definitions.json').write_text(json.dumps({
            'users': [{'name': user, 'password_hash': password_hash(password), 'tags': 'administrator' if user == 'admin' else '',
                       'hashing_algorithm': 'rabbit_password_hashing_sha256'} for user, password in self.users.items()],
            'vhosts': [{'name': '/'}, {'name': VHOST}],
            'permissions': [{'user': user, 'vhost': vhost, 'configure': configure, 'write': write, 'read': read}
                            for user in self.users for vhost in ('/', VHOST)],
        }), encoding='utf-8')

    def write_configuration(self, node):
        certificates = self.directory / 'certificates'
        ports = self.ports[node]
        lines = [
            'listeners.tcp.1 = %s:%d' % (HOST, ports['amqp']),
            'listeners.ssl.1 = %s:%d' % (HOST, ports['amqps']),
            f'ssl_options.cacertfile = {certificates}/ca.pem',
            f'ssl_options.certfile = {certificates}/server.pem',
            f'ssl_options.keyfile = {certificates}/server.key',
            'ssl_options.verify = verify_peer',
            'ssl_options.fail_if_no_peer_cert = false',
            'auth_mechanisms.1 = PLAIN',
            'auth_mechanisms.2 = EXTERNAL',
            'ssl_cert_login_from = common_name',
            'loopback_users = none',
            'log.console = false',
            'log.file.level = info',
            'vm_memory_high_watermark.absolute = 1GiB',
            'disk_free_limit.absolute = 50MB',
            'cluster_partition_handling = ignore',
        ]
        if len(self.nodes) == 1 and not self.imported:
            # only once: a restart would bring back a permission that a test has taken away
            lines.append(f'load_definitions = {self.directory}/definitions.json')
        (self.folder(node) / 'rabbitmq.conf').write_text('\n'.join(lines) + '\n', encoding='utf-8')

    def environment(self, node):
        folder = self.folder(node)
        kept = {name: os.environ[name] for name in ('PATH', 'TMPDIR') if name in os.environ}
        return kept | {
            'LANG': 'C.UTF-8',
            'HOME': str(self.directory),  # where the cookie is
            'RUNNING_UNDER_SYSTEMD': 'true',  # the script becomes the Erlang machine instead of waiting for it
            'RABBITMQ_CONF_ENV_FILE': '/dev/null',
            'RABBITMQ_NODENAME': self.names[node],
            'RABBITMQ_NODE_IP_ADDRESS': HOST,
            'RABBITMQ_NODE_PORT': str(self.ports[node]['amqp']),
            'RABBITMQ_DIST_PORT': str(self.ports[node]['distribution']),
            'RABBITMQ_BASE': str(folder),
            'RABBITMQ_MNESIA_BASE': str(folder / 'mnesia'),
            'RABBITMQ_MNESIA_DIR': str(folder / 'mnesia' / 'node'),
            'RABBITMQ_LOG_BASE': str(folder / 'log'),
            'RABBITMQ_LOGS': str(self.log(node)),
            'RABBITMQ_SCHEMA_DIR': str(folder / 'schema'),
            'RABBITMQ_GENERATED_CONFIG_DIR': str(folder / 'schema'),
            'RABBITMQ_PID_FILE': str(folder / 'pid'),
            'RABBITMQ_CONFIG_FILE': str(folder / 'rabbitmq.conf'),
            'RABBITMQ_ADVANCED_CONFIG_FILE': str(folder / 'advanced.config'),
            'RABBITMQ_ENABLED_PLUGINS_FILE': str(folder / 'enabled_plugins'),
            'RABBITMQ_FEATURE_FLAGS_FILE': str(folder / 'feature_flags'),
            'ERL_EPMD_PORT': str(self.epmd_port),
            'ERL_EPMD_ADDRESS': HOST,
            'ERL_CRASH_DUMP': '/dev/null',
            'ERL_CRASH_DUMP_SECONDS': '0',
            'RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS': '-kernel inet_dist_use_interface {127,0,0,1} +sbwt none',
        }

    def start(self, node):
        self.write_configuration(node)
        folder = self.folder(node)
        return spawn([f'{BINARIES}/rabbitmq-server'], folder / 'log' / 'output', environment=self.environment(node), directory=folder)

    def wait(self, node, process):
        """Until the node lets `chat` in. In a cluster that is being made, until it is up: nobody has a user yet."""
        if len(self.nodes) > 1 and not self.imported:
            wait_until(lambda: is_open(self.ports[node]['amqp']), process, self.log(node), f'RabbitMQ {node}')
            self.control(node, 'await_startup', '--timeout', '90')
        else:
            wait_until(lambda: logs_in(self.ports[node]['amqp'], 'chat', self.users['chat'], VHOST), process,
                       self.log(node), f'RabbitMQ {node}')

    def complete(self):
        """All nodes are up for the first time."""
        if len(self.nodes) > 1:
            for node in self.nodes[1:]:
                self.control(node, 'stop_app')
                self.control(node, 'join_cluster', self.names[1])
                self.control(node, 'start_app')
            self.write_definitions()
            self.control(1, 'import_definitions', self.directory / 'definitions.json')
        self.imported = True

    def control(self, node, *arguments):
        return run([f'{BINARIES}/rabbitmqctl', '-q', '-n', self.names[node], *arguments], environment=self.environment(node),
                   timeout=120, what=f'rabbitmqctl {arguments[0]}')

    def describe(self):
        addresses = {name: ','.join(f'{HOST}:{self.ports[node][name]}' for node in self.nodes) for name in ('amqp', 'amqps')}
        return {'addresses': addresses['amqp'], 'tls_addresses': addresses['amqps'], 'vhost': VHOST, 'user': 'chat',
                'password': self.users['chat'], 'admin': 'admin', 'admin_password': self.users['admin'],
                'uri': f'amqp://chat:{self.users["chat"]}@{HOST}:{self.ports[1]["amqp"]}/{VHOST}', **self.certificates}

    def where(self):
        """A line for each quorum queue and stream: name, leader, members, those online. What has no leader right now has 0."""
        numbers = {name: node for node, name in self.names.items()}
        asked = next(node for node in self.nodes if is_open(self.ports[node]['amqp']))
        rows = json.loads(self.control(asked, 'list_queues', '-p', VHOST, '--formatter', 'json', 'name', 'type', 'leader', 'members',
                                       'online'))

        def ids(members):
            return ','.join(str(number) for number in sorted(numbers[member] for member in members)) or '-'

        return ''.join(f'{row["name"]} {numbers.get(row["leader"], 0)} {ids(row["members"])} {ids(row["online"])}\n'
                       for row in rows if row['type'] in ('quorum', 'stream'))

    def call(self, verb, arguments):
        """What else can be asked of it: "where", who has what; "ctl N ARGUMENT…" runs rabbitmqctl against a node; "vhost
        NAME" makes a virtual host on which `admin` and `chat` may do everything."""
        if verb == 'where' and not arguments:
            return self.where()
        if verb == 'ctl' and len(arguments) > 1:
            return self.control(int(arguments[0]), *arguments[1:])
        if verb == 'vhost' and len(arguments) == 1:
            self.control(1, 'add_vhost', arguments[0])
            for user in self.users:
                self.control(1, 'set_permissions', '-p', arguments[0], user, *EVERYTHING)
            return ''
        raise Broken(f'a RabbitMQ cannot be asked to "{" ".join([verb, *arguments])}"')
