# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that a broker's nodes belong to. It ends them, and removes their directory, when it is told to or when the
process that it watches ends; should it be killed itself, the kernel ends the nodes, and a child removes the directory."""
import json
import os
import select
import shutil
import signal
import socket
import sys
import time
from pathlib import Path

from parts import Broken, descendants, process_state, send_signal

STOP_SECONDS = 30
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Supervisor:
    """Nodes of one kind and a socket for commands."""

    def __init__(self, kind, watched):
        self.kind = kind
        self.directory = kind.directory
        self.watched = os.pidfd_open(watched) if watched else None
        self.helpers = []
        self.processes = {}

    def start(self):
        self.helpers = self.kind.prepare()
        for node in self.kind.nodes:
            self.processes[node] = self.kind.start(node)
        for node in self.kind.nodes:
            self.kind.wait(node, self.processes[node])
        self.kind.complete()

    def describe(self):
        description = {'kind': self.kind.kind, 'directory': str(self.directory), 'supervisor': os.getpid(),
                       'nodes': [self.processes[node].pid for node in self.kind.nodes], **self.kind.describe()}
        # whole or not at all: who looks for it takes its being there for "ready"
        unfinished = self.directory / 'description.json.new'
        unfinished.write_text(json.dumps(description, indent=1) + '\n', encoding='utf-8')
        unfinished.rename(self.directory / 'description.json')

    # The commands.

    def kill(self, node, number):
        """Ends a node with a signal, and waits for its end and that of its children."""
        process = self.processes[node]
        family = descendants(process.pid)
        if number == signal.SIGKILL:
            send_signal(family, number)
        else:
            send_signal(family, signal.SIGCONT)
            send_signal(family[:1], number)
        deadline = time.monotonic() + STOP_SECONDS
        while process.poll() is None or any(process_state(pid) for pid in family[1:]):
            if time.monotonic() > deadline:
                send_signal(family, signal.SIGKILL)
                deadline += STOP_SECONDS
            time.sleep(0.01)

    def obey(self, verb, arguments):
        if verb not in ('stop', 'kill9', 'pause', 'resume', 'restart'):
            return self.kind.call(verb, arguments)
        node = int(arguments[0]) if arguments else 1
        if node not in self.processes:
            raise Broken(f'there is no node {node}')
        if verb == 'restart':
            if self.processes[node].poll() is None:
                self.kill(node, signal.SIGTERM)
            self.processes[node] = self.kind.start(node)
            self.kind.wait(node, self.processes[node])
            self.describe()
        elif self.processes[node].poll() is not None:
            raise Broken(f'node {node} does not run')
        elif verb == 'stop':
            self.kill(node, signal.SIGTERM)
        elif verb == 'kill9':
            self.kill(node, signal.SIGKILL)
        else:
            send_signal(descendants(self.processes[node].pid), signal.SIGSTOP if verb == 'pause' else signal.SIGCONT)
        return ''

    def answer(self, listener):
        connection, _ = listener.accept()
        with connection, connection.makefile('rw', encoding='utf-8') as stream:
            connection.settimeout(10)
            try:
                verb, *arguments = json.loads(stream.readline())
            except (ValueError, OSError):
                return
            try:
                answer = {'answer': self.obey(verb, arguments)}
            except (Broken, OSError, ValueError) as error:
                answer = {'error': str(error)}
            try:
                stream.write(json.dumps(answer) + '\n')
            except OSError:
                pass

    def listen(self):
        os.chdir(self.directory)  # the name of a socket is short
        listener = socket.socket(socket.AF_UNIX)
        listener.bind('control')
        listener.listen()
        return listener

    def serve(self, listener):
        """Until a signal or the end of the watched process."""
        waiting = [listener] + ([self.watched] if self.watched is not None else [])
        while True:
            ready, _, _ = select.select(waiting, [], [])
            if self.watched in ready:
                shared = os.environ.get('TERTULIA_BROKERS')
                if shared and Path(shared) == self.directory.parent:
                    # nobody is left to remove it
                    self.directory = self.directory.parent
                return
            self.answer(listener)

    def end(self):
        """Nothing of the nodes is worth a proper end."""
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        for process in [*self.processes.values(), *self.helpers]:
            if process.poll() is None:
                send_signal(descendants(process.pid), signal.SIGKILL)
                process.wait()
        remove(self.directory)


def remove(directory):
    """Removes a directory in which somebody may still be at work for a moment."""
    for _ in range(100):
        shutil.rmtree(directory, ignore_errors=True)
        if not directory.exists():
            return
        time.sleep(0.05)


def fork_cleaner(directory):
    """A child that waits for this process to end, in whatever way, and removes the directory then."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.setsid()
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        os.dup2(reading, 3)
        os.closerange(4, 1024)
        os.chdir('/')
        os.read(3, 1)
        remove(directory)
        os._exit(0)
    os.close(reading)


def supervise(make_kind, directory, watched, told):
    """Runs until the end. @told: a file descriptor that hears "ready" or what is wrong."""
    def tell(text):
        try:
            os.write(told, text.encode())
            os.close(told)
        except OSError:
            pass

    def leave(_number, _frame):
        sys.exit(0)

    for number in SIGNALS:
        signal.signal(number, leave)
    fork_cleaner(directory)
    supervisor = None
    try:
        supervisor = Supervisor(make_kind(), watched)
        supervisor.start()
        listener = supervisor.listen()
        supervisor.describe()
        tell('ready')
        supervisor.serve(listener)
    except (Broken, OSError) as error:
        tell(str(error))
    finally:
        if supervisor:
            supervisor.end()
        else:
            remove(directory)
