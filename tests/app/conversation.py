# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the conversation share: a service, ana's window and luis, and the menu of a message."""
import os
from pathlib import Path

import pyatspi
from driver import App, Person, Server, wait, xdotool

PICTURES = os.environ.get('TERTULIA_TEST_PICTURES')


def shoot(app, name):
    if PICTURES:
        app.shoot(Path(PICTURES) / name)


def start(scratch, *options):
    server = Server(scratch / 'server', '--set', 'channels.initial=general;incidencias', '--set',
                    'channels.language=es', *options)
    ana = App(scratch / 'ana', '--profile', 'ana', '--connect', server.uri, '--user', 'ana').opened()
    ana.choose('general')
    luis = Person(server, 'luis')
    return server, ana, luis


def end(server, *apps):
    for app in apps:
        app.close()
    server.stop()


def type_in(app, text):
    """By the keyboard, into the composer."""
    app.point_at('text', 'Compose')
    xdotool('click', '1')
    wait(lambda: app.look('text', 'Compose').getState().contains(pyatspi.STATE_FOCUSED), 'the focus in the composer')
    if text:
        xdotool('type', '--delay', '15', text)


def composed(app):
    text = app.find('text', 'Compose').queryText()
    return text.getText(0, text.characterCount)


def open_menu(app, part):
    """The menu of the row that says so."""
    app.wait_row(part)
    app.click_row(part, button=3)
    app.find('menu item', 'Copy text')


def choose_item(app, label):
    app.press(label, 'menu item')


def server_says(person, check, what):
    return wait(lambda: next((m for m in person.call('GET', '/v1/channels/general/messages')['messages'] if check(m)),
                             None), what)
