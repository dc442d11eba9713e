# SPDX-License-Identifier: GPL-3.0-or-later
"""A reader of the broker itself that is the product's own, as in a desktop."""
import json
import os
import subprocess
import threading


class FeedReader:
    """Runs broker-reader.c: `records` is {shard: [(offset, text)]} of chat_controlled, as its subscription delivered it."""

    def __init__(self, service):
        broker = service.broker
        options = {'kind': broker.kind, 'addresses': broker['addresses'].split(','), 'prefix': service.prefix}
        if broker.kind == 'rabbitmq':
            options |= {'virtual_host': broker['vhost'], 'mechanism': 'plain', 'user': broker['user'], 'password': broker['password']}
        self.options = json.dumps(options)
        self.log = service.directory / 'broker-reader.log'
        self.records = {}
        self.gaps = []
        self.ready = threading.Event()

    def __enter__(self):
        with open(self.log, 'wb') as log:
            self.process = subprocess.Popen([os.environ['TERTULIA_BROKER_READER'], self.options], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=log)
        threading.Thread(target=self.follow, daemon=True).start()
        if not self.ready.wait(60):
            raise AssertionError(f'the broker\'s reader has not begun within 60 s: {self.said()}')
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def follow(self):
        for line in self.process.stdout:
            what, _, rest = line.rstrip(b'\n').partition(b' ')
            if what == b'record':
                shard, offset, body = rest.split(b' ', 2)
                self.records.setdefault(int(shard), []).append((int(offset), body.decode(errors='replace')))
            elif what == b'gap':
                self.gaps.append(rest.decode())
            else:
                self.ready.set()

    def said(self):
        return self.log.read_text(encoding='utf-8', errors='replace')[-2000:]
