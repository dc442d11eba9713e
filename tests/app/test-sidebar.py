#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sidebar: what it says of each channel, its sections, its order, its menus, and how channels are found."""
from driver import App, Person, Server, run, wait

CHANNELS = 'channels.initial=general;incidencias;soporte'


def open_window(scratch, server):
    return App(scratch / 'ana', '--profile', 'ana', '--connect', server.uri, '--user', 'ana').opened()


def order(app):
    return [row.split(',')[0] for row in app.rows('Channels') if row.split(',')[0] in ('general', 'incidencias', 'soporte')]


def showing(app, name):
    return app.find_row(name) != ''


def counts_mentions_and_drafts(scratch):
    server = Server(scratch / 'server', '--set', CHANNELS)
    ana, luis = open_window(scratch, server), Person(server, 'luis')
    ana.wait_channel('general', '!unread', '!not joined')       # who is new here is in one channel from the start
    ana.wait_channel('incidencias', 'not joined')
    luis.say('algo se ha roto', 'incidencias')
    ana.wait_channel('incidencias', '1 unread message', '!mention')
    luis.say('¿lo miras, @ana?', 'incidencias')
    ana.wait_channel('incidencias', '2 unread messages', '1 mention')
    ana.compose('a medias')
    ana.choose('incidencias')
    ana.wait_row('luis', 'lo miras')
    ana.key()                                                   # the window has the focus: what is on screen is read
    ana.wait_channel('incidencias', '!unread', '!mention')
    ana.wait_channel('general', 'a message is being written here')
    ana.close()
    server.stop()


def menu_by_keyboard(scratch):
    server = Server(scratch / 'server', '--set', CHANNELS)
    ana, luis = open_window(scratch, server), Person(server, 'luis')
    ana.choose('soporte')
    ana.wait_open('soporte')

    def menu(item):
        ana.key('ctrl+l', 'Down', 'shift+F10')
        ana.press(item, 'menu item')
    menu('Join')
    ana.wait_channel('soporte', '!not joined')
    menu('Mute')
    ana.wait_channel('soporte', 'muted')
    ana.choose('general')
    luis.say('nadie lo ve', 'soporte')
    ana.wait_channel('soporte', 'muted', '1 unread message')
    ana.choose('soporte')
    menu('topic')
    ana.find('text', 'Topic').queryEditableText().setTextContents('De la línea 2')
    ana.press('Change')
    wait(lambda: [c['topic'] for c in luis.call('GET', '/v1/channels')['channels'] if c['name'] == 'soporte'] == ['De la línea 2'],
         'the new topic at the service')
    menu('Leave')
    ana.wait_channel('soporte', 'not joined')
    assert not [m for m in luis.call('GET', '/v1/channels/soporte/members')['members'] if m['user'] == 'ana']
    ana.close()
    ana = App(scratch / 'ana', '--profile', 'ana').opened()
    ana.wait_channel('soporte', 'muted')                        # kept on this computer
    ana.close()
    server.stop()


def finding_and_folding(scratch):
    server = Server(scratch / 'server', '--set', CHANNELS)
    ana = open_window(scratch, server)
    ana.key('ctrl+l', text='sprt')
    wait(lambda: showing(ana, 'soporte') and not showing(ana, 'general'), 'only what is found')
    ana.key('Return')
    ana.wait_open('soporte')
    wait(lambda: showing(ana, 'general'), 'everything again')
    wait(lambda: ana.focused() == ('text', 'Compose a message'), f'the focus in the composer, not in {ana.focused()}')

    ana.click('list item', 'Section Bots')
    ana.find('list item', 'Section Bots, folded')
    wait(lambda: not showing(ana, 'eco'), 'a folded section')
    ana.click('list item', 'Section Other channels')
    ana.find('list item', 'Section Other channels, folded')
    wait(lambda: not showing(ana, 'incidencias') and showing(ana, 'soporte'), 'the open channel of a folded section')
    Person(server, 'luis').say('atención', 'incidencias')
    wait(lambda: showing(ana, 'incidencias'), 'what is unread in a folded section')
    ana.close()
    ana = App(scratch / 'ana', '--profile', 'ana').opened()
    ana.find('list item', 'Section Bots, folded')
    ana.close()
    server.stop()


def order_does_not_move_the_selection(scratch):
    server = Server(scratch / 'server', '--set', CHANNELS)
    luis = Person(server, 'luis')
    for channel in ('incidencias', 'general', 'soporte'):
        luis.say('hola', channel)
    ana = open_window(scratch, server)
    for channel in ('general', 'incidencias', 'soporte'):
        ana.choose(channel)
        ana.wait_row('luis', 'hola')
    ana.key('ctrl+l', 'Down')
    wait(lambda: ana.focused() == ('list item', 'soporte, not joined'), f'the focus on soporte, not {ana.focused()}')
    ana.setting('sidebar-order', 'activity')
    wait(lambda: order(ana) == ['general', 'soporte', 'incidencias'], 'the newest first, below the one that is joined')
    luis.say('otra vez', 'incidencias')
    wait(lambda: order(ana) == ['general', 'incidencias', 'soporte'], 'the newest first')
    ana.wait_open('soporte')
    assert ana.focused()[1].startswith('soporte'), ana.focused()
    ana.setting('sidebar-order', 'name')
    luis.say('y otra', 'soporte')
    wait(lambda: order(ana) == ['general', 'incidencias', 'soporte'], 'by name')
    ana.close()
    server.stop()


run(counts_mentions_and_drafts, menu_by_keyboard, finding_and_folding, order_does_not_move_the_selection)
