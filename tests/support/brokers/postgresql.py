# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL 15 as Debian has it, with a data directory of its own."""
import os
import pwd
import secrets
import shutil
from pathlib import Path

from parts import HOST, Broken, Missing, free_port, make_certificates, program, run, spawn, wait_until

# by its folder: what is called postgres in PATH may be somebody else's
BINARIES = '/usr/lib/postgresql/15/bin'
PACKAGE = 'postgresql-15'
DATABASE = 'tertulia'


def ordinary_user():
    """Whom it runs as: None for whoever this is, but never root, which it refuses."""
    if os.geteuid() != 0:
        return None
    for name in ('postgres', 'nobody'):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            pass
    raise Missing('this is root, which PostgreSQL refuses, and there is no user postgres or nobody')


class PostgreSQL:
    """Takes TCP connections of the users `admin` (a superuser) and `tertulia` (who owns the database of that name and may
    make others), with SCRAM-SHA-256, with TLS and without."""
    kind = 'postgresql'

    def __init__(self, directory, nodes, options):
        if nodes != 1:
            raise Broken('PostgreSQL is started as one node only')
        self.directory = directory
        self.nodes = range(1, 2)
        self.durable = 'durable' in options
        self.port = free_port()
        self.passwords = {'admin': secrets.token_hex(8), 'tertulia': secrets.token_hex(8)}
        self.user = ordinary_user()
        self.certificates = make_certificates(directory / 'certificates', expired='expired' in options)
        self.data = directory / 'store' / 'data'

    @staticmethod
    def check():
        """Missing where something is not installed."""
        for name in ('initdb', 'postgres', 'psql'):
            program(name, PACKAGE, BINARIES)
        program('openssl', 'openssl')
        ordinary_user()

    def prepare(self):
        store = self.data.parent
        store.mkdir()
        for name in ('server.pem', 'server.key', 'ca.pem'):
            shutil.copy(self.directory / 'certificates' / name, store / name)
        (store / 'server.key').chmod(0o600)
        (store / 'password').write_text(self.passwords['admin'] + '\n', encoding='ascii')
        if self.user:
            # the way there is passed through, not read
            self.directory.chmod(0o711)
            for path in (store, *store.iterdir()):
                os.chown(path, self.user.pw_uid, self.user.pw_gid)
        run([f'{BINARIES}/initdb', '--username', 'admin', '--pwfile', store / 'password', '--auth', 'scram-sha-256',
             '--encoding', 'UTF8', '--locale', 'C.UTF-8', '--no-sync', '-D', self.data], user=self.user, directory=store,
            environment=self.environment())
        with (self.data / 'postgresql.conf').open('a', encoding='utf-8') as configuration:
            configuration.write('\n'.join([
                '', f"listen_addresses = '{HOST}'", f'port = {self.port}', "unix_socket_directories = ''", 'max_connections = 200',
                'ssl = on', f"ssl_cert_file = '{store}/server.pem'", f"ssl_key_file = '{store}/server.key'",
                f"ssl_ca_file = '{store}/ca.pem'", 'shared_buffers = 64MB', 'log_min_messages = warning',
                # what kill -9 leaves behind is in the kernel's cache all the same
                '' if self.durable else 'fsync = off\nfull_page_writes = off', '']))
        return []

    def environment(self):
        kept = {name: os.environ[name] for name in ('PATH',) if name in os.environ}
        return kept | {'LANG': 'C.UTF-8', 'HOME': str(self.directory)}

    def log(self, _node):
        return self.directory / 'postgresql.log'

    def start(self, node):
        # it must not find the lock of one that was killed, whose number another process may have by now
        (self.data / 'postmaster.pid').unlink(missing_ok=True)
        return spawn([f'{BINARIES}/postgres', '-D', self.data], self.log(node), user=self.user, directory=self.data.parent,
                     environment=self.environment())

    def wait(self, node, process):
        wait_until(self.answers, process, self.log(node), 'PostgreSQL')

    def answers(self):
        try:
            return self.sql('SELECT 1').strip() == '1'
        except Broken:
            return False

    def sql(self, *statements, database='postgres'):
        """Runs statements as the superuser. Returns what they answer, unaligned."""
        commands = [word for statement in statements for word in ('-c', statement)]
        return run([f'{BINARIES}/psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', HOST, '-p', self.port, '-U', 'admin',
                    '-d', database, *commands], environment=self.environment() | {'PGPASSWORD': self.passwords['admin']})

    def complete(self):
        self.sql(f"CREATE ROLE tertulia LOGIN CREATEDB PASSWORD '{self.passwords['tertulia']}'",
                 f'CREATE DATABASE {DATABASE} OWNER tertulia TEMPLATE template0')

    def uri(self, database):
        return f'postgresql://tertulia:{self.passwords["tertulia"]}@{HOST}:{self.port}/{database}'

    def describe(self):
        return {'host': HOST, 'port': str(self.port), 'database': DATABASE, 'user': 'tertulia', 'password': self.passwords['tertulia'],
                'admin': 'admin', 'admin_password': self.passwords['admin'], 'uri': self.uri(DATABASE),
                'admin_uri': f'postgresql://admin:{self.passwords["admin"]}@{HOST}:{self.port}/postgres', **self.certificates}

    def call(self, verb, arguments):
        """What else can be asked of it: "database NAME" makes an empty database, owned by `tertulia`, and answers with its
        address; "sql DATABASE STATEMENT…" runs statements as the superuser."""
        if verb == 'database' and len(arguments) == 1:
            self.sql(f'CREATE DATABASE "{arguments[0]}" OWNER tertulia TEMPLATE template0')
            return self.uri(arguments[0])
        if verb == 'sql' and len(arguments) > 1:
            return self.sql(*arguments[1:], database=arguments[0])
        raise Broken(f'a PostgreSQL cannot be asked to "{" ".join([verb, *arguments])}"')
