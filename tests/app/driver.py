# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives real windows through the accessibility bus, the way a person with a screen reader would.

Needs Debian's own python3 (pyatspi). Run under tests/support/with-display --bus. Nothing here waits for a time:
everything waits for what is to be seen, with a deadline."""
import gc
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

DEADLINE = float(os.environ.get('TERTULIA_TEST_DEADLINE', '20'))

try:
    import gi
    gi.require_version('Atspi', '2.0')
    import pyatspi
except (ImportError, ValueError) as problem:
    print(f'1..0 # SKIP display: {problem}')
    sys.exit(0)


def wait(look, what, seconds=None):
    """The first true answer of @look; widgets come and go while their tree is walked, so its failures count as no."""
    end = time.monotonic() + (seconds or DEADLINE)
    problem = None
    while time.monotonic() < end:
        try:
            found = look()
            if found:
                return found
        except Exception as error:          # pylint: disable=broad-except
            problem = error
        pump()
    raise AssertionError(f'waited in vain for {what}' + (f' ({problem})' if problem else ''))


def pump():
    """Lets the accessibility bus talk for a moment: what is waited for comes over it."""
    from gi.repository import GLib
    context = GLib.MainContext.default()
    GLib.timeout_add(30, lambda: False)
    context.iteration(True)


def xdotool(*arguments):
    return subprocess.run(['xdotool', *arguments], check=True, capture_output=True, text=True).stdout


class Server:
    """A tertulia-server of its own, in a directory of its own."""

    def __init__(self, directory, *arguments):
        self.directory = Path(directory)
        self.arguments = arguments
        self.start()

    def start(self):
        self.process = subprocess.Popen([os.environ['TERTULIA_SERVER'], '--embedded', self.directory, *self.arguments],
                                        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        assert line.startswith('READY '), f'the server said {line!r} in place of READY'
        self.uri = line.split()[1]
        self.port = self.uri.rstrip('/').rsplit(':', 1)[1]

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        status = self.process.wait(DEADLINE)
        assert how == signal.SIGKILL or status == 0, f'the server ended with {status}'

    def restart(self, how=signal.SIGTERM):
        """On the same port, as a site would."""
        self.stop(how)
        self.arguments += ('--set', f'server.port={self.port}')
        self.start()


class Person:
    """Somebody else, who talks to the server without a window."""

    def __init__(self, server, user):
        self.port = int(server.port)
        self.headers = {'Content-Type': 'application/json'}
        self.headers['Authorization'] = 'Bearer ' + self.call('POST', '/v1/sessions', {'user': user})['token']

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=DEADLINE)
        connection.request(method, path, None if body is None else json.dumps(body), self.headers)
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status < 300, f'{method} {path}: {answer.status} {text}'
        return json.loads(text or '{}')

    def say(self, text, channel='general'):
        self.call('POST', f'/v1/channels/{channel}/messages', {'id': str(uuid.uuid4()), 'data': text})

    def messages(self, channel='general'):
        """The texts that the store has, the oldest first: of at most 200 records."""
        records = self.call('GET', f'/v1/channels/{channel}/messages?limit=200')['messages']
        return [r.get('data') for r in records if r.get('kind', 'message') == 'message']


class App:
    """One window of one person, with settings, data and keyring of his own under @home, which outlives it."""
    number = 0

    def __init__(self, home, *arguments, language='C.UTF-8', environment=None):
        self.home = Path(home)
        self.home.mkdir(parents=True, exist_ok=True)
        App.number += 1
        self.arguments = arguments
        env = dict(os.environ, XDG_DATA_HOME=str(self.home / 'data'), XDG_CONFIG_HOME=str(self.home / 'config'),
                   XDG_CACHE_HOME=str(self.home / 'cache'), GSETTINGS_BACKEND='keyfile', LC_ALL=language,
                   SECRET_BACKEND='file', SECRET_FILE_TEST_PATH=str(self.home / 'keyring'),
                   SECRET_FILE_TEST_PASSWORD='test', G_DEBUG='fatal-criticals')
        env.update(environment or {})
        self.log = open(self.home / 'log', 'a', encoding='utf-8')
        known = set(apps())
        self.process = subprocess.Popen([os.environ['TERTULIA_APP'], *arguments], env=env, stderr=self.log,
                                        stdout=self.log)
        self.root = wait(lambda: self.find_root(known), 'the window on the accessibility bus')

    def find_root(self, known):
        if self.process.poll() is not None:
            raise AssertionError(f'the window ended with {self.process.returncode}: ' + self.read_log())
        for app in pyatspi.Registry.getDesktop(0):
            if app and app.name == 'tertulia' and app.get_process_id() == self.process.pid and len(app):
                return app
        return None

    def read_log(self):
        self.log.flush()
        return (self.home / 'log').read_text(encoding='utf-8')[-2000:]

    def look(self, role, label, root=None):
        return pyatspi.findDescendant(root or self.root, lambda x: x.getRoleName() == role and label in (x.name or ''))

    def find(self, role, label):
        return wait(lambda: self.look(role, label), f'the {role} “{label}”')

    def press(self, label, role='push button'):
        wait(lambda: self.look(role, label).queryAction().doAction(0), f'a press on “{label}”')

    def rows(self, label='Messages'):
        """What the rows of a list say, from top to bottom."""
        found = self.look('list', label)
        return [row.name for row in found if row and row.name] if found else []

    def wait_row(self, *parts, seconds=None):
        """The first row of the conversation that has all the parts."""
        return wait(lambda: next((r for r in self.rows() if all(p in r for p in parts)), None),
                    f'a message with {parts}; there are {self.rows()[-5:]}', seconds)

    def opened(self):
        """Waits until a workspace is on screen, signed in and live; answers itself."""
        wait(lambda: self.rows('Channels'), 'channels in the sidebar')
        wait(lambda: self.look('label', '· live'), 'a live feed')
        return self

    def compose(self, text):
        self.find('text', 'Compose').queryEditableText().setTextContents(text)

    def say(self, text):
        """Writes and sends, and waits until the composer is empty again."""
        self.compose(text)
        self.press('Send')
        compose = self.find('text', 'Compose').queryText()
        wait(lambda: compose.characterCount == 0, 'an empty composer')

    def choose(self, channel):
        """Selects a channel of the sidebar, of which nothing is folded or filtered: the list counts hidden rows too."""
        def click():
            rows = self.find('list', 'Channels')
            index = next(i for i, row in enumerate(rows) if row and row.name.split(',')[0] == channel)
            return rows.querySelection().selectChild(index)
        wait(click, f'the channel {channel} in the sidebar')

    def click(self, role, label, button=1):
        """With the pointer."""
        self.point_at(role, label)
        xdotool('click', str(button))

    def find_row(self, channel):
        """What the sidebar says of a channel, "" where it has none."""
        return next((row for row in self.rows('Channels') if row.split(',')[0] == channel), '')

    def wait_channel(self, channel, *parts):
        """Waits until the sidebar says all these of a channel; a part that begins with "!" it must not say."""
        def told():
            row = self.find_row(channel)
            return row and all(p[1:] not in row if p.startswith('!') else p in row for p in parts)
        wait(told, f'the channel {channel} with {parts}; the sidebar has {self.rows("Channels")}')

    def wait_open(self, name):
        """Waits until that channel or conversation is on screen."""
        wait(lambda: any(w.name == f'{name} – Tertulia' for w in self.root), f'the conversation {name}')

    def key(self, *keys, text=None):
        """Presses keys, then types, in whatever window of the application has the focus."""
        active = subprocess.run(['xdotool', 'getactivewindow', 'getwindowpid'], check=False, capture_output=True, text=True)
        if active.stdout.strip() != str(self.process.pid):
            xdotool('windowactivate', '--sync', self.find_window())
        for key in keys:
            xdotool('key', '--clearmodifiers', key)
        if text:
            xdotool('type', text)

    def setting(self, key, value=None):
        """Reads a setting, or sets it as another program would."""
        profile = self.arguments[self.arguments.index('--profile') + 1]
        call = ['gsettings', 'get' if value is None else 'set',
                f'chat.tertulia.Tertulia:/chat/tertulia/Tertulia/profiles/{profile}/', key, *([] if value is None else [value])]
        env = dict(os.environ, XDG_CONFIG_HOME=str(self.home / 'config'), GSETTINGS_BACKEND='keyfile')
        return subprocess.run(call, env=env, check=True, capture_output=True, text=True).stdout.strip()

    def focused(self):
        """The role and name of what has the keyboard."""
        found = pyatspi.findDescendant(self.root, lambda x: x.getState().contains(pyatspi.STATE_FOCUSED))
        return (found.getRoleName(), found.name) if found else None

    def picture(self, left, width):
        """A strip of the conversation as it is on screen, in black and white: its lines of pixels from top to bottom."""
        area = self.look('list', 'Messages').queryComponent().getExtents(pyatspi.WINDOW_COORDS)
        shot = subprocess.run(['import', '-window', self.find_window(), '-crop',
                               f'{width}x{area.height}+{area.x + left}+{area.y}', '-depth', '8', 'gray:-'], check=True,
                              capture_output=True).stdout.translate(bytes(128) + bytes([255]) * 128)
        return [shot[at:at + width] for at in range(0, len(shot), width)]

    def point_at(self, role, label):
        """Moves the pointer over the middle of something."""
        extents = self.find(role, label).queryComponent().getExtents(pyatspi.WINDOW_COORDS)
        window = self.find_window()
        xdotool('windowactivate', '--sync', window)
        xdotool('mousemove', '--window', window, str(extents.x + extents.width // 2),
                str(extents.y + extents.height // 2))

    def click_row(self, part, label='Messages', button=1):
        """Clicks a row that says so, once it has come to rest, with the pointer: a list's rows can't be activated
        over the bus."""
        def place():
            row = next(r for r in self.look('list', label) if r and part in (r.name or ''))
            extents = row.queryComponent().getExtents(pyatspi.WINDOW_COORDS)
            area = self.look('list', label).queryComponent().getExtents(pyatspi.WINDOW_COORDS)
            inside = extents.height > 0 and area.y <= extents.y + extents.height // 2 < area.y + area.height
            return (extents.x + extents.width // 3, extents.y + extents.height // 2) if inside else None
        before = None

        def resting():
            nonlocal before
            now = place()
            rests, before = now is not None and now == before, now
            return rests
        wait(resting, f'a row with “{part}” on screen')
        window = self.find_window()
        xdotool('windowactivate', '--sync', window)
        xdotool('mousemove', '--window', window, str(before[0]), str(before[1]))
        xdotool('click', str(button))

    @staticmethod
    def turn_wheel(clicks, button=4):
        """Where the pointer is; faster than frames are drawn."""
        xdotool('click', '--repeat', str(clicks), '--delay', '4', str(button))

    def find_window(self):
        return xdotool('search', '--all', '--pid', str(self.process.pid), '--name', 'Tertulia').split()[-1]

    def shoot(self, path):
        """The window as PNG."""
        window = xdotool('search', '--onlyvisible', '--pid', str(self.process.pid)).split()[-1]
        xdotool('windowraise', window)
        subprocess.run(['import', '-window', window, str(path)], check=True)

    def close(self):
        """As a person closes it: in an orderly way."""
        self.process.terminate()
        status = self.process.wait(DEADLINE)
        assert status == 0, f'the window ended with {status}: ' + self.read_log()

    def kill(self):
        self.process.kill()
        self.process.wait(DEADLINE)


def apps():
    return [a.get_process_id() for a in pyatspi.Registry.getDesktop(0) if a]


def run(*tests):
    """Runs the tests, functions of a scratch directory, and reports in TAP."""
    failed = 0
    print(f'1..{len(tests)}', flush=True)
    for number, test in enumerate(tests, 1):
        scratch = Path(tempfile.mkdtemp(prefix='tertulia-app.'))
        started = time.monotonic()
        try:
            test(scratch)
            print(f'ok {number} {test.__name__}', flush=True)
        except Exception as problem:        # pylint: disable=broad-except
            failed += 1
            print(f'not ok {number} {test.__name__}', flush=True)
            for app in [o for o in gc.get_objects() if isinstance(o, App) and o.process]:
                print(app.arguments, app.process.poll(), app.rows('Channels'), app.rows()[-12:], app.read_log(), sep='\n  ', file=sys.stderr)
            print(f'{test.__name__} after {time.monotonic() - started:.1f} s: {problem!r}', file=sys.stderr)
            import traceback
            traceback.print_exc()
            subprocess.run(['import', '-window', 'root', os.environ.get('TERTULIA_TEST_PICTURES', '/tmp') + f'/failed-{test.__name__}.png'], check=False)
        finally:
            for child in leftovers():
                child.kill()
            for app in [o for o in gc.get_objects() if isinstance(o, App)]:
                app.process = None
            shutil.rmtree(scratch, ignore_errors=True)
    sys.exit(1 if failed else 0)


def leftovers():
    return [o for o in gc.get_objects() if isinstance(o, subprocess.Popen) and o.poll() is None]
