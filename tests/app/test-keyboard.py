#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything without a mouse: the switcher, the keys from channel to channel, what Escape closes, and where the focus
is afterwards."""
from driver import App, Person, Server, run, wait

CHANNELS = 'channels.initial=general;incidencias;linea-dos;soporte'
COMPOSER = ('text', 'Compose a message')


def open_window(scratch, server):
    ana = App(scratch / 'ana', '--profile', 'ana', '--connect', server.uri, '--user', 'ana').opened()
    ana.choose('general')
    ana.wait_open('general')
    return ana


def found(app):
    """What the switcher offers, the best first; an empty list while it is not there."""
    return [row.split(',')[0] for row in app.rows('Found')]


def pick(app, key, text, *expected):
    """Opens a picker, types into it once it has the keyboard, and waits for what it then offers."""
    app.key(key)
    wait(lambda: found(app) and app.focused() not in (None, COMPOSER), 'a picker with the keyboard')
    app.key(text=text)
    wait(lambda: any(found(app)[:len(e)] == e for e in expected), f'{expected} for “{text}”')


def back_in_composer(app):
    wait(lambda: app.focused() == COMPOSER, 'the focus in the composer')


def switcher(scratch):
    server = Server(scratch / 'server', '--set', CHANNELS)
    Person(server, 'luis')
    ana = open_window(scratch, server)
    for channel in ('soporte', 'incidencias', 'general'):
        ana.choose(channel)
        ana.wait_open(channel)
    ana.key('ctrl+k')
    wait(lambda: found(ana)[:2] == ['incidencias', 'soporte'], 'the recent ones first, without the open one')
    ana.key('Down', 'Return')
    ana.wait_open('soporte')
    wait(lambda: not found(ana), 'no switcher')
    back_in_composer(ana)

    pick(ana, 'ctrl+k', 'lido', ['linea-dos'])
    ana.key('Escape')
    wait(lambda: not found(ana), 'no switcher')
    back_in_composer(ana)
    ana.wait_open('soporte')

    pick(ana, 'ctrl+k', 'ec', ['eco'])
    ana.key('Return')
    ana.wait_open('eco')
    ana.close()
    server.stop()


def from_channel_to_channel(scratch):
    server = Server(scratch / 'server', '--set', CHANNELS)
    ana, luis = open_window(scratch, server), Person(server, 'luis')
    ana.wait_channel('eco')
    shown = [row.split(',')[0] for row in ana.rows('Channels') if not row.startswith('Section')]
    for key, place in (('alt+Down', 1), ('alt+Down', 2), ('alt+Up', 1), ('alt+Up', 0), ('alt+Up', -1), ('alt+Down', 0)):
        ana.key(key)
        ana.wait_open(shown[place])
        back_in_composer(ana)
    for number in (3, 1, 2):
        ana.key(f'ctrl+{number}')
        ana.wait_open(shown[number - 1])
    ana.key('ctrl+1')
    for channel in ('linea-dos', 'soporte'):
        luis.say('hola', channel)
        ana.wait_channel(channel, '1 unread message')
    ana.key('alt+shift+Down')
    ana.wait_open('linea-dos')
    ana.key('alt+shift+Up')
    ana.wait_open('soporte')
    ana.wait_channel('soporte', '!unread')
    ana.close()
    server.stop()


def channels_and_people(scratch):
    server = Server(scratch / 'server', '--set', CHANNELS)
    ana, luis = open_window(scratch, server), Person(server, 'luis')
    pick(ana, 'ctrl+j', 'lndos', ['linea-dos'])
    ana.key('Return')
    ana.wait_open('linea-dos')
    ana.wait_channel('linea-dos', '!not joined')

    pick(ana, 'ctrl+j', 'turno-noche', ['Create the channel “turno-noche”…'])
    ana.key('Return')
    ana.find('text', 'Topic').queryEditableText().setTextContents('De 22 a 6')
    ana.press('Create')
    ana.wait_open('turno-noche')
    wait(lambda: [c['topic'] for c in luis.call('GET', '/v1/channels')['channels'] if c['name'] == 'turno-noche'] == ['De 22 a 6'],
         'the channel at the service')

    pick(ana, 'ctrl+n', 'luis', ['luis'], ['Talk to “luis”'])
    ana.key('Return')
    ana.wait_open('luis')
    ana.say('¿comemos?')
    wait(lambda: [c for c in luis.call('GET', '/v1/channels')['channels'] if c['kind'] == 'private'], 'a conversation')
    ana.close()
    server.stop()


def windows_and_escape(scratch):
    server = Server(scratch / 'server')
    ana = open_window(scratch, server)
    back_in_composer(ana)
    ana.key('ctrl+question')
    ana.find('label', 'Next unread channel')
    ana.key('Escape')
    wait(lambda: not ana.look('label', 'Next unread channel'), 'no shortcuts')
    back_in_composer(ana)

    ana.key('F10')
    ana.find('menu item', 'About Tertulia')
    ana.key('Escape')
    ana.key('ctrl+comma')
    ana.find('label', 'Light or dark')
    ana.key('Escape')
    wait(lambda: not ana.look('label', 'Light or dark'), 'no preferences')

    ana.key('F9')
    ana.find('list', 'People')
    ana.key('F9')
    wait(lambda: ana.setting('show-people') == 'false', 'no people')
    ana.key('ctrl+f')
    ana.key('Escape')
    back_in_composer(ana)
    ana.key('ctrl+q')
    assert ana.process.wait(20) == 0
    server.stop()


run(switcher, from_channel_to_channel, channels_and_people, windows_and_escape)
