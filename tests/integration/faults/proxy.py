# SPDX-License-Identifier: GPL-3.0-or-later
"""A TCP connection that can be broken: a port that passes everything on to another one."""
import select
import socket
import threading

from parts import HOST

CHUNK = 16384


class Proxy:
    """Runs in a thread of its own. `connections` counts who connected so far."""

    def __init__(self, target, port=0):
        self.target = target
        self.listener = socket.create_server((HOST, port))
        self.port = self.listener.getsockname()[1]
        self.connections = 0
        self.rate = None      # bytes a second, of each direction
        self.frozen = set()   # connections that stay, and nothing passes
        self.reachable = True
        self.silent = False   # new ones are taken, and nothing passes
        self.pairs = {}
        self.lock = threading.Lock()
        self.ending = False
        self.acceptor = threading.Thread(target=self.accept, daemon=True)
        self.acceptor.start()

    def accept(self):
        while not self.ending:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            if not self.reachable:
                near.close()
                continue
            try:
                far = socket.create_connection((HOST, self.target), timeout=5)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            with self.lock:
                self.pairs[near] = far
                if self.silent:
                    self.frozen.add(near)
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self.pass_on, args=(source, sink, near), daemon=True).start()

    def pass_on(self, source, sink, near):
        try:
            while True:
                if not select.select([source], [], [], 0.2)[0]:
                    continue
                if near in self.frozen:
                    threading.Event().wait(0.1)
                    continue
                data = source.recv(1024 if self.rate else CHUNK)
                if not data:
                    break
                if self.rate:
                    threading.Event().wait(len(data) / self.rate)
                sink.sendall(data)
        except (OSError, ValueError):
            pass
        self.close(near)

    def close(self, near):
        with self.lock:
            far = self.pairs.pop(near, None)
        for one in (near, far) if far else ():
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def cut(self):
        """All connections that there are."""
        for near in list(self.pairs):
            self.close(near)

    def freeze(self):
        """From now on nothing passes on those that there are, and nobody is told: a peer that is gone without a word."""
        self.frozen |= set(self.pairs)

    def thaw(self):
        """What was held back passes after all."""
        self.frozen = set()

    def end(self):
        self.ending = True
        self.listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
        self.acceptor.join()
        self.listener.close()
        self.cut()
