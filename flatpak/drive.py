#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives the installed application in its sandbox, the way a person would, and breaks what it stands on. Run by
build-offline, on a display and a session bus of its own, where there is neither a portal nor a keyring."""
import ctypes
import hashlib
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'tests' / 'app'))
from driver import DEADLINE, App, run, wait, xdotool       # noqa: E402  pylint: disable=wrong-import-position

from gi.repository import Gio, GLib                        # noqa: E402  pylint: disable=wrong-import-position

HOME = Path(os.environ['TERTULIA_FLATPAK_HOME'])
APP = os.environ['TERTULIA_FLATPAK_APP']
BUNDLE = os.environ['TERTULIA_FLATPAK_BUNDLE']
FIRST = os.environ['TERTULIA_FLATPAK_FIRST']
OUTPUT = Path(os.environ['TERTULIA_FLATPAK_OUTPUT'])
OWN = HOME / '.var' / 'app' / APP
# what libraries say of portals and drivers that are not there
HARMLESS = ('Unable to retrieve the Flatpak portal version', 'Could not query proxy', 'MESA', 'libEGL', 'ulkan')
ROUNDS = 7


def environment(**more):
    env = {key: value for key, value in os.environ.items() if not key.startswith(('GSETTINGS', 'GDK_', 'GSK_'))}
    return dict(env, HOME=str(HOME), G_DEBUG='fatal-criticals', **more)


def flatpak(*arguments, **more):
    # what installs asks the system bus, of which there may be none
    return subprocess.run(['flatpak', *arguments], check=True, capture_output=True, text=True, timeout=120,
                          env=environment(DBUS_SYSTEM_BUS_ADDRESS=os.environ['DBUS_SESSION_BUS_ADDRESS']), **more).stdout


def inside(command, *arguments, options=()):
    """What a program of the sandbox prints."""
    return flatpak('run', *options, f'--command={command}', APP, *arguments).strip()


class Sandboxed(App):
    """The window of the installed application. Its processes are in a namespace of their own, so that it is known by
    its name, and there is one of it."""
    root = None

    def __init__(self, *arguments, options=(), before=()):      # pylint: disable=super-init-not-called
        self.arguments = arguments
        self.home = HOME
        self.log = open(HOME / 'log', 'w', encoding='utf-8')
        if find_application():              # of a test that failed
            flatpak('kill', APP)
        self.process = subprocess.Popen([*before, 'flatpak', 'run', *options, APP, *arguments], env=environment(),
                                        stdout=self.log, stderr=self.log)
        self.root = wait(self.find_root, 'the window on the accessibility bus')

    def find_root(self, known=()):
        if self.process is not None and self.process.poll() is not None:
            raise AssertionError(f'the window ended with {self.process.returncode}: {self.read_log()}')
        return find_application()

    def look(self, role, label, root=None):
        try:
            return super().look(role, label, root) if root or self.root else None
        except GLib.Error:                  # it has just gone
            return None

    def find_window(self):
        return xdotool('search', '--onlyvisible', '--name', 'Tertulia').split()[-1]

    def shoot(self, path):
        subprocess.run(['import', '-window', self.find_window(), str(path)], check=True)

    def close(self, expected=()):       # pylint: disable=arguments-differ
        tell('ActivateAction', GLib.Variant('(sava{sv})', ('quit', [], {})))
        status = self.process.wait(DEADLINE)
        assert status == 0, f'the window ended with {status}: {self.read_log()}'
        wait(lambda: find_application() is None, 'the application to leave the accessibility bus')
        complaints = [line for line in self.read_log().splitlines()
                      if ('WARNING' in line or 'CRITICAL' in line) and not any(word in line for word in (*HARMLESS, *expected))]
        assert not complaints, complaints

    def kill(self):
        flatpak('kill', APP)
        self.process.wait(DEADLINE)
        wait(lambda: find_application() is None, 'the application to leave the accessibility bus')


def find_application():
    from driver import pyatspi
    for app in pyatspi.Registry.getDesktop(0):
        if app and app.name in ('tertulia', APP) and len(app):
            return app
    return None


def bus():
    return Gio.bus_get_sync(Gio.BusType.SESSION)


def tell(method, arguments, name=APP):
    """Says something to the application over the session bus, which starts it where it is not there."""
    path = '/' + name.replace('.', '/')
    bus().call_sync(name, path, 'org.freedesktop.Application', method, arguments, None, Gio.DBusCallFlags.NONE,
                    int(DEADLINE * 1000), None)


def fresh():
    """A user who has never started it; what there was is kept aside."""
    aside = HOME / f'aside-{len(list(HOME.glob("aside-*")))}'
    if OWN.exists():
        OWN.rename(aside)


def start_here(app):
    app.press('Start on this computer')
    return app.opened()


def entry(app, label):
    text = app.find('text', label).queryText()
    return text.getText(0, text.characterCount)


def first_conversation(scratch):
    """From the welcome page to the history after a restart, without portal and keyring."""
    app = start_here(Sandboxed('--user', 'ana'))
    app.choose('eco')
    app.say('¿hay alguien?')
    app.wait_row('eco', '¿hay alguien?')
    app.choose('general')
    app.say('hola a todos')
    app.wait_row('ana', 'hola a todos', 'Stored')
    app.say('what an asshole')
    app.wait_row('what an *******')
    app.wait_row('Warning 1 of 3')
    app.shoot(OUTPUT / 'screenshot.png')
    app.close()
    app = Sandboxed()
    app.opened()
    app.choose('general')
    app.wait_row('ana', 'hola a todos')
    wait(lambda: len([r for r in app.rows() if 'hola a todos' in r]) == 1, 'the message once')
    app.close()


def activated_over_the_bus(scratch):
    """What a click on a link or a notification does where the application is not running."""
    services = Path(os.environ['XDG_RUNTIME_DIR']).parent / 'services'
    exported = Path(os.environ['FLATPAK_USER_DIR']) / 'exports' / 'share'
    service = (exported / 'dbus-1' / 'services' / f'{APP}.service').read_text(encoding='utf-8')
    (services / f'{APP}.service').write_text(service, encoding='utf-8')
    # the bus passes on the environment that it was started in
    bus().call_sync('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'UpdateActivationEnvironment',
                    GLib.Variant('(a{ss})', (environment(),)), None, Gio.DBusCallFlags.NONE, -1, None)
    bus().call_sync('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'ReloadConfig', None, None,
                    Gio.DBusCallFlags.NONE, -1, None)
    desktop = (exported / 'applications' / f'{APP}.desktop').read_text(encoding='utf-8')
    assert 'MimeType=x-scheme-handler/tertulia;' in desktop and 'DBusActivatable=true' in desktop, desktop
    tell('Open', GLib.Variant('(asa{sv})', (['tertulia://luis@chat.example.org/general'], {})))
    app = Sandboxed.__new__(Sandboxed)
    app.process, app.arguments = None, ()
    app.root = wait(find_application, 'the window on the accessibility bus')
    wait(lambda: entry(app, 'Server address') == 'https://chat.example.org/', 'the address of the link')
    assert entry(app, 'Your name') == 'luis'
    tell('ActivateAction', GLib.Variant('(sava{sv})', ('quit', [], {})))
    wait(lambda: find_application() is None, 'the application to end')
    (services / f'{APP}.service').unlink()


def without_a_network(scratch):
    """On this computer nothing else is needed; elsewhere it says that it can't get there."""
    app = Sandboxed(options=['--unshare=network']).opened()
    app.choose('general')
    app.say('sin red')
    app.wait_row('sin red', 'Stored')
    app.close()
    aside = HOME / 'with-network'
    OWN.rename(aside)
    app = Sandboxed('--connect', '127.0.0.1:9', '--user', 'ana', options=['--unshare=network'])
    app.find('label', "Can't reach http://127.0.0.1:9")
    app.close()
    shutil.rmtree(OWN)
    aside.rename(OWN)


def without_a_gpu(scratch):
    app = Sandboxed(options=['--nodevice=dri']).opened()
    app.choose('general')
    app.wait_row('sin red')
    app.close()


def with_a_full_home(scratch):
    """It says so in words, and does not go on as if nothing were."""
    fresh()
    data = OWN / 'data'
    data.mkdir(parents=True)
    # a full disk of its own, in a namespace where this user may mount one; flatpak itself must not have that right
    script = f'''mount -t tmpfs -o size=1m none "{data}" && ! dd if=/dev/zero of="{data}/filler" bs=4k 2>/dev/null &&
                 exec setpriv --inh-caps=-all --ambient-caps=-all "$@"'''
    app = Sandboxed('--user', 'ana', before=['unshare', '--user', '--map-current-user', '--mount', '--keep-caps', 'sh', '-c',
                                             script, 'sh'])
    app.press('Start on this computer')
    app.find('label', 'No space left on device')
    app.find('push button', 'Start on this computer')
    app.close(['the disk is full'])
    shutil.rmtree(OWN)


def digest(directory):
    """Of every file: its name and what is in it; but not the lock, in which a process leaves its number, nor what SQLite
    has beside a database that somebody looks into (what it would write back is seen in that)."""
    return {str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(directory.rglob('*')) if path.is_file() and not path.name.endswith(('.lock', '-shm', '-wal'))}


def data_of_a_newer_version(scratch):
    """It says so, and leaves it as it is."""
    fresh()
    app = start_here(Sandboxed('--user', 'ana'))
    app.choose('general')
    app.say('antes')
    app.wait_row('antes', 'Stored')
    app.close()
    data = OWN / 'data' / 'tertulia'
    databases = sorted(data.rglob('*.db'))
    assert len(databases) >= 3, databases
    for path in databases:
        with sqlite3.connect(path) as database:
            database.execute('PRAGMA user_version = 9999')
        database.close()
    before = digest(data)
    app = Sandboxed()
    app.find('label', 'newer')
    app.find('label', 'later version')
    app.close(['was written by a newer Tertulia'])
    after = digest(data)
    assert after == before, [name for name in {**before, **after} if before.get(name) != after.get(name)]
    shutil.rmtree(OWN)


class SandboxedServer:
    """A server of another, out of the bundle."""

    def __init__(self, directory, *arguments):
        self.process = subprocess.Popen(
            ['flatpak', 'run', f'--filesystem={directory}', '--command=tertulia-server', APP, '--embedded',
             str(directory), '--exit-with-stdin', *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=environment())
        line = self.process.stdout.readline()
        assert line.startswith('READY '), f'the server said {line!r} in place of READY'
        self.uri = line.split()[1]
        self.port = self.uri.rstrip('/').rsplit(':', 1)[1]

    def stop(self):
        self.process.stdin.close()
        assert self.process.wait(DEADLINE) == 0


def setting(key, *value):
    return inside('gsettings', 'set' if value else 'get', 'chat.tertulia.Tertulia:/chat/tertulia/Tertulia/', key, *value)


def upgraded_from_the_first_bundle(scratch):
    """Messages, a draft, what was not sent yet and settings are there afterwards."""
    fresh()
    flatpak('--user', 'uninstall', '--assumeyes', '--noninteractive', APP)
    flatpak('--user', 'install', '--assumeyes', '--noninteractive', '--no-deps', FIRST)
    directory = HOME / 'site'
    directory.mkdir()
    # nobody can sign out of a server that is not there: the name is free soon
    options = ['--set', 'sessions.lease=3s']
    server = SandboxedServer(directory, *options)
    app = Sandboxed('--connect', server.uri, '--user', 'ana').opened()
    app.choose('general')
    app.say('antes de todo')
    app.wait_row('antes de todo', 'Stored')
    server.stop()
    wait(lambda: not app.look('label', '· live'), 'the feed to be gone')
    app.say('mientras no había nadie')
    app.wait_row('mientras no había nadie')
    app.compose('a medio escribir')
    app.close()
    setting('density', 'compact')
    if Path(FIRST).read_bytes() != Path(BUNDLE).read_bytes():
        flatpak('--user', 'install', '--assumeyes', '--noninteractive', '--no-deps', BUNDLE)
    server = SandboxedServer(directory, *options, '--set', f'server.port={server.port}')
    app = Sandboxed().opened()
    app.choose('general')
    app.wait_row('antes de todo')
    app.wait_row('mientras no había nadie', 'Stored')
    assert len([r for r in app.rows() if 'mientras' in r]) == 1, app.rows()
    assert entry(app, 'Compose') == 'a medio escribir', entry(app, 'Compose')
    assert setting('density') == "'compact'"
    app.close()
    server.stop()
    shutil.rmtree(directory)
    shutil.rmtree(OWN)


EMPTY = '''
#include <adwaita.h>
static void activate (GApplication *application)
{
  GtkWidget *window = adw_application_window_new (GTK_APPLICATION (application));
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  gtk_box_append (GTK_BOX (box), adw_header_bar_new ());
  adw_application_window_set_content (ADW_APPLICATION_WINDOW (window), box);
  gtk_window_set_default_size (GTK_WINDOW (window), 1000, 700);
  gtk_window_present (GTK_WINDOW (window));
}
int main (int argc, char **argv)
{
  AdwApplication *application = adw_application_new ("chat.tertulia.Tertulia.Empty", G_APPLICATION_NON_UNIQUE);
  g_signal_connect (application, "activate", G_CALLBACK (activate), NULL);
  return g_application_run (G_APPLICATION (application), argc, argv);
}
'''


class Screen:
    """One pixel in the middle of the screen, of which this asks the X server itself."""

    def __init__(self):
        x11 = self.x11 = ctypes.CDLL('libX11.so.6')
        x11.XOpenDisplay.restype = x11.XGetImage.restype = ctypes.c_void_p
        x11.XDefaultRootWindow.argtypes = [ctypes.c_void_p]
        x11.XDefaultRootWindow.restype = x11.XGetPixel.restype = ctypes.c_ulong
        x11.XGetImage.argtypes = [ctypes.c_void_p, ctypes.c_ulong, *[ctypes.c_int] * 2, *[ctypes.c_uint] * 2, ctypes.c_ulong,
                                  ctypes.c_int]
        x11.XGetPixel.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
        x11.XFree.argtypes = [ctypes.c_void_p]
        self.display = x11.XOpenDisplay(None)
        self.root = x11.XDefaultRootWindow(self.display)

    def pixel(self):
        image = self.x11.XGetImage(self.display, self.root, 640, 300, 1, 1, 0xffffff, 2)
        value = self.x11.XGetPixel(image, 0, 0)
        self.x11.XFree(image)
        return value

    def painted_after(self, command):
        """Seconds from the start of a program to its first frame on the screen."""
        wait(lambda: self.pixel() == 0, 'an empty screen')
        begun = time.monotonic()
        with open(HOME / 'start.log', 'w', encoding='utf-8') as log:
            with subprocess.Popen(command, env=environment(), stdout=log, stderr=log) as process:
                while self.pixel() == 0:
                    assert time.monotonic() < begun + DEADLINE and process.poll() is None, command
                    time.sleep(0.002)       # between two looks, so that looking costs the program nothing
                taken = time.monotonic() - begun
                flatpak('kill', APP)
                process.wait(DEADLINE)
        return taken


def started_quickly(scratch):
    """With a conversation to show, against an empty window of the same toolkit in the same sandbox."""
    kept = HOME / 'aside-0'
    shutil.rmtree(OWN, ignore_errors=True)
    kept.rename(OWN)
    (HOME / 'empty').mkdir()
    (HOME / 'empty' / 'empty.c').write_text(EMPTY, encoding='utf-8')
    share = f'--filesystem={HOME}/empty'
    inside('sh', '-c', f'cd {HOME}/empty && cc -O2 -o empty empty.c $(pkg-config --cflags --libs libadwaita-1)',
           options=['--devel', share])
    screen = Screen()
    times = {'empty': [], 'tertulia': []}
    commands = {'empty': ['flatpak', 'run', share, f'--command={HOME}/empty/empty', APP], 'tertulia': ['flatpak', 'run', APP]}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            times[name].append(screen.painted_after(command))
    empty, tertulia = (statistics.median(taken[1:]) for taken in times.values())
    print(f'# first frame after {tertulia * 1000:.0f} ms, of an empty window after {empty * 1000:.0f} ms: '
          f'{tertulia / empty:.2f} times', flush=True)
    assert tertulia <= 2 * empty, times


def owned(name):
    return bus().call_sync('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'NameHasOwner',
                           GLib.Variant('(s)', (name,)), None, Gio.DBusCallFlags.NONE, -1, None).unpack()[0]


def beside_the_released_one(scratch):
    """The variant shares nothing with it: neither name nor icon nor data."""
    names = [APP.removesuffix('.Devel'), APP]
    flatpak('--user', 'install', '--assumeyes', '--noninteractive', '--no-deps', FIRST)
    running = [subprocess.Popen(['flatpak', 'run', name], env=environment(), stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL) for name in names]
    wait(lambda: all(owned(name) for name in names), 'two applications on the bus')
    wait(lambda: len(xdotool('search', '--onlyvisible', '--name', 'Tertulia').split()) == 2, 'two windows')
    for name, process in zip(names, running):
        tell('ActivateAction', GLib.Variant('(sava{sv})', ('quit', [], {})), name)
        assert process.wait(DEADLINE) == 0, name
        assert (HOME / '.var' / 'app' / name).is_dir(), name
    apps = Path(os.environ['FLATPAK_USER_DIR']) / 'exports' / 'share' / 'icons' / 'hicolor' / 'scalable' / 'apps'
    pictures = {(apps / f'{name}.svg').read_bytes() for name in names}
    assert len(pictures) == 2, 'both have the same icon'
    flatpak('--user', 'uninstall', '--assumeyes', '--noninteractive', names[0])


if APP.endswith('.Devel'):
    run(beside_the_released_one)
if os.environ.get('TERTULIA_FLATPAK_ONLY'):
    run(*[globals()[name] for name in os.environ['TERTULIA_FLATPAK_ONLY'].split(',')])
run(first_conversation, activated_over_the_bus, without_a_network, without_a_gpu, with_a_full_home,
    data_of_a_newer_version, upgraded_from_the_first_bundle, started_quickly)
