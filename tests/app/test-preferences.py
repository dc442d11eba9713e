#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person sets, in the window for it and from outside, is so at once and after a restart."""
import re

from driver import App, Person, Server, run, subprocess, wait


def open_window(scratch, server, **more):
    return App(scratch / 'ana', '--profile', 'ana', '--connect', server.uri, '--user', 'ana', **more).opened()


def brightness(app):
    """Of the conversation's ground, 0 to 255."""
    shot = subprocess.run(['import', '-window', app.find_window(), '-crop', '60x40+600+300', '-depth', '8', 'gray:-'],
                          check=True, capture_output=True).stdout
    return sum(shot) / max(len(shot), 1)


def tab_to(app, name):
    """Goes by the Tab key until that has the keyboard."""
    def focused():
        if app.focused() and app.focused()[1] == name:
            return True
        app.key('Tab')
        return False
    wait(focused, f'the focus on {name} by Tab')


def appearance(scratch):
    server = Server(scratch / 'server')
    luis = Person(server, 'luis')
    for number in range(3):
        luis.say(f'uno {number}')
        Person(server, f'p{number}').say(f'otro {number}')
    ana = open_window(scratch, server)
    ana.choose('general')
    row = ana.wait_row('luis', 'uno 0')
    assert re.search(r', \d\d:\d\d: ', row), row
    assert brightness(ana) > 200
    ana.setting('color-scheme', 'dark')
    wait(lambda: brightness(ana) < 80, 'a dark window')
    ana.setting('color-scheme', 'light')
    wait(lambda: brightness(ana) > 200, 'a light window')
    ana.setting('clock', '12')
    wait(lambda: re.search(r', \d?\d:\d\d (AM|PM): uno 0', '\n'.join(ana.rows())), f'twelve hours; there is {ana.rows()[:1]}')

    def height():
        return ana.look('list item', 'otro 1').queryComponent().getSize()[1]
    comfortable = height()
    ana.setting('density', 'compact')
    wait(lambda: height() < comfortable, f'rows lower than {comfortable}')
    ana.close()
    server.stop()


def window_of_preferences(scratch):
    server = Server(scratch / 'server')
    ana = open_window(scratch, server)
    ana.key('ctrl+comma')
    ana.find('label', 'Light or dark')
    ana.press('Enter sends', 'check box')
    wait(lambda: ana.setting('enter-sends') == 'false', 'the setting')
    ana.key('Escape')
    wait(lambda: not ana.look('label', 'Light or dark'), 'no preferences')
    ana.find('text', 'Compose').queryEditableText().setTextContents('una línea')
    ana.click('text', 'Compose')
    ana.key('Return', 'shift+Return')
    ana.wait_row('ana', 'una línea')
    ana.close()
    server.stop()


def workspaces(scratch):
    one, other = Server(scratch / 'one'), Server(scratch / 'other', '--set', 'channels.initial=turnos')
    ana = open_window(scratch, one)
    ana.choose('general')
    ana.say('en la primera')
    ana.wait_row('ana', 'Stored')
    ana.close()
    ana = App(scratch / 'ana', '--profile', 'ana', '--connect', other.uri, '--user', 'ana').opened()
    ana.choose('turnos')
    ana.wait_open('turnos')
    title = f'127.0.0.1:{one.port} · ana'
    ana.click('push button', 'Workspaces')
    ana.press(title, 'menu item')
    ana.wait_row('ana', 'en la primera')
    ana.opened()
    assert one.uri in ana.setting('last-workspace')
    ana.say('y otra vez')
    ana.wait_row('y otra vez', 'Stored')

    ana.key('ctrl+comma')
    ana.find('label', 'Light or dark')
    tab_to(ana, 'Workspaces')
    ana.key('space')
    ana.find('label', f'127.0.0.1:{other.port} · ana')
    ana.press('Remove from the list')
    wait(lambda: len(ana.setting('workspaces').split('),')) == 1, 'one less')
    ana.close()
    one.stop()
    other.stop()


run(appearance, window_of_preferences, workspaces)
