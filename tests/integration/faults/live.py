# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody who reads the service's live feed with nothing of ours: a WebSocket (RFC 6455) on a socket."""
import base64
import json
import os
import socket
import struct
import threading

from parts import HOST
from people import Person

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class LiveReader(threading.Thread):
    """Reads public channels from where it subscribes on. It is not to be sent away."""

    def __init__(self, service, name='reader'):
        super().__init__(daemon=True)
        self.service = service
        self.person = Person(service, name)
        self.seen = {channel: [] for channel in service.channels}  # the ids of messages, as they came
        self.trouble = None
        self.subscribed = threading.Event()
        self.socket = None

    def __enter__(self):
        self.person.sign_in()
        self.start()
        if not self.subscribed.wait(60):
            raise AssertionError(f'the live feed has not begun within 60 s: {self.trouble}')
        return self

    def __exit__(self, *_):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.join(60)

    def run(self):
        try:
            self.connect()
            while True:
                self.take(self.receive())
        except (OSError, EOFError) as error:
            self.trouble = repr(error)

    def connect(self):
        self.socket = socket.create_connection((HOST, self.service.port), timeout=60)
        self.stream = self.socket.makefile('rb')
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(f'GET /v1/live HTTP/1.1\r\nHost: {HOST}:{self.service.port}\r\nUpgrade: websocket\r\n'
                            f'Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n'
                            f'Authorization: Bearer {self.person.token}\r\n\r\n'.encode())
        status = self.stream.readline()
        if b' 101 ' not in status:
            raise EOFError(f'the live feed answers {status!r}')
        while self.stream.readline().strip():
            pass
        self.send(TEXT, json.dumps({'op': 'subscribe', 'ref': 1, 'topics': ['chat_controlled']}).encode())

    def send(self, opcode, payload):
        mask = os.urandom(4)
        size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b'\xfe' + struct.pack('>H', len(payload))
        self.socket.sendall(bytes([0x80 | opcode]) + size + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)))

    def read(self, size):
        data = self.stream.read(size)
        if len(data) < size:
            raise EOFError('the live feed has ended')
        return data

    def receive(self):
        """The next frame of text."""
        text = b''
        while True:
            first, size = self.read(2)
            if size >= 126:
                size = struct.unpack(*(('>H', self.read(2)) if size == 126 else ('>Q', self.read(8))))[0]
            payload = self.read(size)
            if first & 15 == PING:
                self.send(PONG, payload)
            elif first & 15 == CLOSE:
                raise EOFError(f'the live feed was closed: {payload!r}')
            elif first & 15 in (0, TEXT):
                text += payload
                if first & 0x80:
                    return json.loads(text)

    def take(self, frame):
        if frame['op'] == 'subscribed':
            self.subscribed.set()
        elif frame['op'] == 'problem':
            raise EOFError(f'the live feed answers {frame}')
        for record in frame.get('records', ()):
            if record.get('kind', 'message') == 'message' and record.get('channel') in self.seen:
                self.seen[record['channel']].append(record['id'])
