#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notifications, through a daemon that is told to have them: of what is worth it, once, never of what is on screen,
withdrawn when it is read; a click leads to the message."""
import subprocess
import sys

import pyatspi
from driver import App, Person, Server, run, wait, xdotool

try:
    import dbus
    import dbusmock
except ImportError as problem:
    print(f'1..0 # SKIP display: {problem}')
    sys.exit(0)


class Daemon:
    """The notifications that are on screen: ours is a session bus of its own."""

    def __init__(self):
        self.process, self.mock = dbusmock.DBusTestCase.spawn_server_template('notification_daemon', {}, stdout=subprocess.DEVNULL)

    def calls(self, name):
        return [arguments for _, method, arguments in self.mock.GetCalls() if method == name]

    def titles(self):
        return [str(call[3]) for call in self.calls('Notify')]

    def bodies(self):
        return [str(call[4]) for call in self.calls('Notify')]

    def click(self, number):
        arguments = dbus.Array([dbus.UInt32(number), 'default'], signature='v')
        self.mock.EmitSignal('', 'ActionInvoked', 'us', arguments, dbus_interface=dbusmock.MOCK_IFACE)

    def forget(self):
        self.mock.ClearCalls()

    def stop(self):
        self.process.terminate()
        self.process.wait()


def open_window(scratch, server):
    ana = App(scratch / 'ana', '--profile', 'ana', '--connect', server.uri, '--user', 'ana').opened()
    ana.key()
    ana.choose('general')
    ana.wait_open('general')
    ana.wait_channel('general', '!not joined')
    return ana


def set_notify(app, value):
    """Another program's change comes when it comes. Both settings are in one file: when the second shows, the window
    knows the first."""
    def shows():
        return app.look('push button', 'People').getState().contains(pyatspi.STATE_PRESSED)
    wanted = not shows()
    app.setting('notify', f"'{value}'")
    app.setting('show-people', str(wanted).lower())
    wait(lambda: shows() == wanted, f'the people, {wanted}')


def what_is_worth_it(scratch):
    daemon = Daemon()
    server = Server(scratch / 'server', '--set', 'channels.initial=general;soporte')
    ana, luis = open_window(scratch, server), Person(server, 'luis')
    luis.say('@ana, esto lo ves')                               # on screen
    ana.wait_row('esto lo ves')
    ana.choose('eco')
    ana.wait_open('eco')
    luis.say('sin nombrar a nadie')
    luis.say('@ana, ¿puedes venir?')
    luis.say('@ana, en un canal en el que no está', 'soporte')
    wait(lambda: daemon.titles() == ['luis in #general'], f'the mention alone, not {daemon.titles()}')
    assert daemon.bodies() == ['@ana, ¿puedes venir?'], daemon.bodies()

    daemon.click(1)
    ana.wait_open('general')
    ana.wait_row('luis', 'puedes venir')
    wait(lambda: daemon.calls('CloseNotification'), 'the notification withdrawn: it has been read')

    ana.choose('eco')
    ana.wait_open('eco')
    daemon.forget()
    set_notify(ana, 'all')
    luis.say('ahora todo')
    wait(lambda: daemon.bodies() == ['ahora todo'], 'any message')
    set_notify(ana, 'none')
    luis.say('@ana, ahora nada')
    ana.wait_channel('general', '1 mention')
    set_notify(ana, 'mentions')
    name = luis.call('POST', '/v1/channels', {'with': ['ana']})['name']
    luis.say('entre nosotros', name)
    wait(lambda: daemon.titles() == ['luis in #general', 'luis'], f'the conversation, not {daemon.titles()}')
    for number in range(6):
        luis.say(f'y además {number}', name)
    wait(lambda: daemon.bodies() and '7 new messages' in daemon.bodies()[-1], 'one that counts, for many')
    ana.close()
    server.stop()
    daemon.stop()


def warnings_and_silence(scratch):
    daemon = Daemon()
    server = Server(scratch / 'server', '--set', 'channels.language=es')
    ana, luis = open_window(scratch, server), Person(server, 'luis')
    xdotool('windowminimize', ana.find_window())
    ana.say('vaya mierda')
    wait(lambda: daemon.titles() == ['Warning 1 of 3'], f'the warning, not {daemon.titles()}')
    luis.say('@ana, esto ya no lo ves')
    wait(lambda: len(daemon.titles()) == 2, 'the open channel of a window that nobody looks at')
    ana.key('ctrl+l', 'Down', 'shift+F10')
    ana.press('Mute', 'menu item')
    ana.wait_channel('general', 'muted')
    xdotool('windowminimize', ana.find_window())
    luis.say('@ana, en silencio')
    luis.call('POST', '/v1/channels', {'with': ['ana']})
    ana.wait_row('en silencio')
    name = luis.call('POST', '/v1/channels', {'with': ['ana']})['name']
    luis.say('pero esto sí', name)
    wait(lambda: daemon.bodies()[-1] == 'pero esto sí', 'the conversation')
    assert len(daemon.titles()) == 3, daemon.titles()
    ana.close()
    server.stop()
    daemon.stop()


run(what_is_worth_it, warnings_and_silence)
