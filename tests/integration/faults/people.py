# SPDX-License-Identifier: GPL-3.0-or-later
"""People who send, and the ledger of what the service told them it had accepted."""
import http.client
import json
import secrets
import threading
import time
from urllib.parse import quote

from parts import HOST

PATIENCE = 90
PAUSE = 0.05


def make_id():
    """A UUIDv7 (RFC 9562)."""
    number = (time.time_ns() // 1000000) << 80 | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62)
    text = f'{number:032x}'
    return '-'.join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


class Person(threading.Thread):
    """Somebody who sends one message after the other to all channels in turn, and the same again until it is accepted."""

    def __init__(self, service, name, pace=0):
        super().__init__(daemon=True)
        self.service, self.name_ = service, name
        self.sent = {channel: [] for channel in service.channels}  # accepted: (id, text), in this order
        self.pace = pace    # seconds between two messages
        self.accepted = 0
        self.attempts = 0
        self.trouble = None
        self.leaving = threading.Event()
        self.connection = None
        self.token = None

    def ask(self, method, path, body):
        """(status, the answer); OSError or HTTPException where there is none."""
        if not self.connection:
            self.connection = http.client.HTTPConnection(HOST, self.service.port, timeout=40)
        headers = {'Content-Type': 'application/json'} | ({'Authorization': f'Bearer {self.token}'} if self.token else {})
        try:
            self.connection.request(method, path, json.dumps(body), headers)
            response = self.connection.getresponse()
            return response.status, json.loads(response.read() or b'null')
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.connection = None
            raise

    def insist(self, method, path, body):
        """Asks until it is answered with success."""
        deadline = time.monotonic() + PATIENCE
        while True:
            self.attempts += 1
            try:
                status, answer = self.ask(method, path, body)
            except (OSError, http.client.HTTPException) as error:
                status, answer = 0, repr(error)
            if status in (200, 201, 202):
                return answer
            if status not in (0, 429, 500, 502, 503, 504) or time.monotonic() > deadline:
                raise AssertionError(f'{self.name_}: {method} {path}: {status} {answer}')
            self.leaving.wait(PAUSE)

    def sign_in(self):
        self.token = self.insist('POST', '/v1/sessions', {'user': self.name_})['token']

    def run(self):
        try:
            while not self.leaving.is_set():
                for channel in self.service.channels:
                    self.say(channel, f'{self.name_} says {self.accepted} in {channel}')
                    self.leaving.wait(self.pace)
        except AssertionError as error:
            self.trouble = str(error)

    def say(self, channel, text):
        identity = make_id()
        self.insist('POST', f'/v1/channels/{quote(channel)}/messages', {'id': identity, 'data': text})
        self.sent[channel].append((identity, text))
        self.accepted += 1


class Crowd:
    """So many people at once. `with` lets them leave, and waits until the last has had the answer to what was sent."""

    def __init__(self, service, number=8, name='p', pace=0):
        self.service = service
        self.people = [Person(service, f'{name}{index}', pace) for index in range(number)]
        for person in self.people:
            person.sign_in()

    def __enter__(self):
        for person in self.people:
            person.start()
        return self

    def __exit__(self, *_):
        self.leave()

    def leave(self):
        for person in self.people:
            person.leaving.set()
        for person in self.people:
            person.join(PATIENCE + 60)
            if person.trouble or person.is_alive():
                raise AssertionError(person.trouble or f'{person.name_} is still waiting')

    def accepted(self):
        return sum(person.accepted for person in self.people)

    def wait_for_more(self, number, seconds=60):
        """Until so many more have been accepted."""
        wanted = self.accepted() + number
        deadline = time.monotonic() + seconds
        while self.accepted() < wanted:
            trouble = [person.trouble for person in self.people if person.trouble]
            if trouble or time.monotonic() > deadline:
                raise AssertionError(f'{self.accepted()} of {wanted} were accepted within {seconds} s; {trouble}')
            threading.Event().wait(0.02)
