# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests ask for: a broker of their own or the shared one of a run, and its end. A dictionary describes a broker; its
`directory` stands for it."""
import fcntl
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from kafka import Kafka
from parts import Broken, Missing
from postgresql import PostgreSQL
from rabbitmq import RabbitMQ

BROKER = Path(__file__).resolve().parent / 'broker'
KINDS = {kind.kind: kind for kind in (Kafka, RabbitMQ, PostgreSQL)}


def start(kind, nodes, options, watched, directory=None):
    """Starts one and waits until it is ready. Returns its description; Missing or Broken where that cannot be."""
    KINDS[kind].check()
    if directory:
        directory = Path(directory).absolute()
        directory.mkdir()
    else:
        directory = Path(tempfile.mkdtemp(prefix=f'tertulia-{kind}.'))
    reading, writing = os.pipe()
    # a program of its own: what it forks must not have the caller's output, whose end somebody may wait for
    command = [sys.executable, str(BROKER), 'supervise', kind, str(directory), str(nodes), str(watched), str(writing), *options]
    with open(directory / 'supervisor.log', 'wb') as log:
        supervisor = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                                      pass_fds=[writing])
    os.close(writing)
    try:
        with os.fdopen(reading, encoding='utf-8') as stream:
            told = stream.read()
    except KeyboardInterrupt:
        supervisor.terminate()
        supervisor.wait()
        raise
    if told != 'ready':
        raise Broken(told or 'what was to start it ended without a word')
    return description(directory)


def share(kind):
    """The one of this run, which TERTULIA_BROKERS (a directory) and TERTULIA_BROKERS_PID (its process) stand for. What
    went wrong once is not tried again."""
    folder = Path(os.environ['TERTULIA_BROKERS'])
    with open(folder / f'{kind}.lock', 'wb') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = folder / kind
        for failure in (Missing, Broken):
            note = folder / f'{kind}.{failure.__name__}'
            if note.exists():
                raise failure(note.read_text(encoding='utf-8'))
        try:
            return description(known) if known.exists() else start(kind, 1, [], int(os.environ['TERTULIA_BROKERS_PID']), known)
        except (Missing, Broken) as failure:
            (folder / f'{kind}.{type(failure).__name__}').write_text(str(failure), encoding='utf-8')
            raise


def description(directory):
    """What that broker said of itself when it was ready. Who started it may have been ended while it was not."""
    for _ in range(1200):
        try:
            return json.loads((directory / 'description.json').read_text(encoding='utf-8'))
        except FileNotFoundError:
            time.sleep(0.1)
    raise Broken('what started it was ended, and it did not become ready')


def tell(directory, command):
    """Lets the supervisor of that directory do something. Returns its answer."""
    folder = os.open(directory, os.O_PATH | os.O_DIRECTORY)
    with socket.socket(socket.AF_UNIX) as connection:
        # the name of a socket is short, whatever that of its directory is
        connection.connect(f'/proc/self/fd/{folder}/control')
        os.close(folder)
        with connection.makefile('rw', encoding='utf-8') as stream:
            stream.write(json.dumps(command) + '\n')
            stream.flush()
            answer = json.loads(stream.readline() or '{"error": "it ended"}')
    if 'error' in answer:
        raise Broken(answer['error'])
    return answer['answer']


def end(directory):
    """Ends it and waits until it is gone; nothing where it is gone already."""
    try:
        pid = json.loads((Path(directory) / 'description.json').read_text(encoding='utf-8'))['supervisor']
        handle = os.pidfd_open(pid)
    except (FileNotFoundError, ProcessLookupError):
        return
    os.kill(pid, 15)
    select.select([handle], [], [], 60)


def end_shared():
    folder = os.environ.get('TERTULIA_BROKERS')
    for kind in KINDS if folder else ():
        end(Path(folder) / kind)
