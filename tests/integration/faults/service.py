# SPDX-License-Identifier: GPL-3.0-or-later
"""A service: a broker, a database and the processes of tertulia-server, each of which can be killed by itself."""
import ctypes
import http.client
import json
import os
import queue
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

from control import end, share, start, tell
from parts import HOST, free_port

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)
READY_SECONDS = 60


class Broker:
    """A broker or a store. A private one is there to be broken, and ends with this process."""

    def __init__(self, kind, *, private=True, nodes=1, options=()):
        self.private = private or 'TERTULIA_BROKERS' not in os.environ
        self.about = start(kind, nodes, options, os.getpid()) if self.private else share(kind)
        self.kind = kind

    def __getitem__(self, name):
        return self.about[name]

    def tell(self, *words):
        return tell(self.about['directory'], [str(word) for word in words])

    def end(self):
        if self.private:
            end(self.about['directory'])


class Server:
    """One process of tertulia-server. What it writes to standard error is kept over all of its starts."""

    def __init__(self, service, name, roles, settings):
        self.service, self.name = service, name
        self.directory = service.directory / name
        self.log = service.directory / f'{name}.log'
        self.configuration = service.directory / f'{name}.conf'
        self.process = None
        self.ended = False  # by a test
        groups = {}
        for key, value in ({'server.roles': ';'.join(roles), 'server.data_directory': self.directory} | settings).items():
            group, _, entry = key.partition('.')
            groups.setdefault(group, []).append(f'{entry} = {value}')
        self.configuration.write_text(''.join(f'[{group}]\n' + '\n'.join(lines) + '\n\n' for group, lines in groups.items()),
                                      encoding='utf-8')

    def spawn(self):
        """Starts it and waits for nothing."""
        self.ended = False

        def die_with_parent():
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

        with open(self.log, 'ab') as log:
            self.process = subprocess.Popen([os.environ['TERTULIA_SERVER'], '--config', self.configuration], stdin=subprocess.DEVNULL,
                                            stdout=subprocess.PIPE, stderr=log, preexec_fn=die_with_parent)
        self.ready = queue.SimpleQueue()
        threading.Thread(target=lambda stream=self.process.stdout: self.ready.put(stream.readline()), daemon=True).start()

    def wait_ready(self):
        line = self.ready.get(timeout=READY_SECONDS)
        if not line.startswith(b'READY'):
            raise AssertionError(f'{self.name} ended before it was ready:\n{self.tail()}')

    def start(self):
        self.spawn()
        self.wait_ready()

    def kill(self):
        self.ended = True
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.ended = True
        self.process.terminate()
        if self.process.wait(timeout=30) != 0:
            raise AssertionError(f'{self.name} ended with {self.process.returncode}:\n{self.tail()}')

    def state(self):
        """Whether it runs, or how it has ended."""
        status = self.process.poll() if self.process else None
        return 'runs' if status is None else f'ended with {status}'

    def tail(self):
        if not self.log.exists():
            return ''
        lines = self.log.read_text(encoding='utf-8', errors='replace').splitlines()
        # of requests that fail there are hundreds
        return '\n'.join(line[:400] for line in [line for line in lines if '="POST /' not in line][-30:] + lines[-3:])


class Service:
    """Nothing of it runs until start(). `with` ends it; what its processes said last stays in `last_words`."""
    last_words = ''

    def __init__(self, broker, store, *, channels=4, shards=4, moderators=2, archivers=2, broker_settings=None, options=None):
        self.broker, self.store = broker, store
        # what starts the broker removes it, whatever becomes of this process
        self.directory = Path(tempfile.mkdtemp(prefix='service.', dir=broker['directory']))
        self.prefix = f't{secrets.token_hex(4)}.'
        self.database = store.tell('database', self.prefix.rstrip('.'))
        self.channels = [f'c{number}' for number in range(channels)]
        self.port = free_port()
        (self.directory / 'signing.key').write_text(secrets.token_hex(32), encoding='ascii')
        (self.directory / 'signing.key').chmod(0o600)
        common = {
            'server.address': HOST, 'server.signing_key': self.directory / 'signing.key',
            'broker.kind': broker.kind, 'broker.prefix': self.prefix, 'broker.shards': shards,
            'store.kind': 'postgresql', 'store.uri': self.database,
            'sessions.lease': '10min', 'limits.rates': 'false', 'bots.eco': 'false', 'bots.ayuda': 'false',
            'channels.initial': ';'.join(self.channels),
        } | self.way_in() | (broker_settings or {}) | (options or {})
        self.servers = {}
        self.add('api', ['api', 'bots'], common | {'server.port': self.port})
        self.common = common
        for role, number in (('moderator', moderators), ('archiver', archivers)):
            for index in range(number):
                self.add_role(role, f'{role}{index + 1}')

    def way_in(self):
        if self.broker.kind == 'kafka':
            return {'broker.addresses': self.broker['addresses'].replace(',', ';')}
        return {'broker.addresses': self.broker['addresses'].replace(',', ';'), 'broker.virtual_host': self.broker['vhost'],
                'broker.user': self.broker['user'], 'broker.password': self.broker['password']}

    def add(self, name, roles, settings):
        self.servers[name] = Server(self, name, roles, settings | {'broker.slot': name})
        return self.servers[name]

    def add_role(self, role, name):
        return self.add(name, [role], self.common | {'server.port': free_port()})

    def start(self):
        # the first makes the tables
        names = iter(self.servers.values())
        next(names).start()
        others = list(names)
        for server in others:
            server.spawn()
        for server in others:
            server.wait_ready()
        return self

    def check_alive(self):
        """No process has ended that nobody has ended."""
        for server in self.servers.values():
            if not server.ended and server.process.poll() is not None:
                raise AssertionError(f'{server.name} ended with {server.process.returncode}:\n{server.tail()}')

    def readiness(self):
        """(status, the answer) of the api to whoever asks whether it is ready."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=10)
        try:
            connection.request('GET', '/readyz')
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def logs(self):
        return '\n'.join(f'--- {name}, {server.state()}\n{server.tail()}' for name, server in self.servers.items())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        Service.last_words = self.logs()
        for server in self.servers.values():
            if server.process and server.process.poll() is None:
                server.kill()
        shutil.rmtree(self.directory, ignore_errors=True)
