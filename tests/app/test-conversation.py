#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be done with messages in a real window: commands and completions, replies, edits, deletions, reactions,
search, going to a date, appeals. What others have of it is asked of the service, by another person."""
import os
from pathlib import Path

import pyatspi
from driver import App, Person, Server, run, wait, xdotool

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


def commands(scratch):
    server, ana, luis = start(scratch)
    type_in(ana, '/to')
    wait(lambda: ana.look('list item', '/topic'), 'the completion of /to')
    xdotool('key', 'Tab')
    wait(lambda: composed(ana) == '/topic ', 'the command, completed')
    xdotool('type', '--delay', '15', 'Turno de noche')
    xdotool('key', 'Return')
    ana.find('label', 'Turno de noche')
    wait(lambda: luis.call('GET', '/v1/channels/general')['topic'] == 'Turno de noche', 'the topic at the service')
    ana.say('/me saluda')
    server_says(luis, lambda m: m['kind'] == 'notice' and m['data'] == 'saluda', 'a notice')
    ana.say('//esto no es una orden')
    server_says(luis, lambda m: m.get('data') == '/esto no es una orden', 'a message that begins with a slash')
    ana.compose('/topc x')
    ana.press('Send')
    ana.find('label', '/topic')
    assert composed(ana) == '/topc x', 'a command that is wrong stays, to be mended'
    ana.compose('')
    ana.say('/msg luis ven')
    ana.wait_row('ana', 'ven')
    channel = next(c for c in luis.call('GET', '/v1/channels')['channels'] if c['kind'] == 'private'
                   and set(c['members']) == {'ana', 'luis'})
    wait(lambda: 'ven' in [m.get('data') for m in
                           luis.call('GET', f'/v1/channels/{channel["name"]}/messages')['messages']], 'the word')
    ana.say('/join turnos')
    wait(lambda: ana.look('label', '#turnos') or ana.look('label', 'turnos'), 'what /join says of a new channel')
    end(server, ana)


def completions(scratch):
    server, ana, luis = start(scratch)
    luis.say('hola')
    ana.wait_row('hola')
    type_in(ana, 'oye @lu')
    wait(lambda: ana.look('list item', 'luis'), 'the completion of @lu')
    xdotool('key', 'Return')
    wait(lambda: composed(ana) == 'oye @luis ', 'the name, completed, and nothing sent')
    xdotool('type', '--delay', '15', 'mira #inc')
    wait(lambda: ana.look('list item', '#incidencias'), 'the completion of #inc')
    xdotool('key', 'Tab')
    xdotool('type', '--delay', '15', ':tad')
    wait(lambda: ana.look('list item', 'tada'), 'the completion of :tad')
    xdotool('key', 'Tab')
    wait(lambda: composed(ana) == 'oye @luis mira #incidencias 🎉 ', 'all of it')
    xdotool('key', 'Return')
    server_says(luis, lambda m: m.get('data') == 'oye @luis mira #incidencias 🎉', 'what was written')
    end(server, ana)


def replies_edits_deletions(scratch):
    server, ana, luis = start(scratch)
    luis.say('¿alguien ve lo de la línea 2?')
    open_menu(ana, 'línea 2')
    choose_item(ana, 'Reply')
    ana.find('label', 'Reply to luis')
    ana.say('yo lo beo')
    ana.wait_row('yo lo beo', 'reply to luis')
    answer = server_says(luis, lambda m: m.get('data') == 'yo lo beo', 'the answer')
    assert answer['reply_to'] == server_says(luis, lambda m: 'línea 2' in m.get('data', ''), 'the question')['id']

    type_in(ana, '')
    xdotool('key', 'Up')
    ana.find('label', 'Edit your message')
    wait(lambda: composed(ana) == 'yo lo beo', 'the last message in the composer')
    ana.say('yo lo veo')
    ana.wait_row('yo lo veo', '(edited)')
    server_says(luis, lambda m: m['id'] == answer['id'] and m['data'] == 'yo lo veo' and m['state']['edited'],
                'the edit')
    shoot(ana, 'reply.png')

    open_menu(ana, 'yo lo veo')
    choose_item(ana, 'Delete…')
    ana.press('Delete')
    ana.wait_row('This message was deleted')
    gone = server_says(luis, lambda m: m['id'] == answer['id'] and m['state'].get('deleted'), 'the deletion')
    assert gone['data'] == '', gone
    ana.close()
    ana = App(scratch / 'ana', '--profile', 'ana').opened()
    ana.wait_row('This message was deleted')
    assert not [r for r in ana.rows() if 'veo' in r or 'beo' in r], ana.rows()
    end(server, ana)


def edits_of_others(scratch):
    """What somebody else changes shows while it is on screen, and after a restart."""
    server, ana, luis = start(scratch)
    luis.say('a las ocho')
    ana.wait_row('a las ocho')
    said = server_says(luis, lambda m: m.get('data') == 'a las ocho', 'the message')
    luis.call('PATCH', f'/v1/messages/{said["id"]}', {'data': 'a las nueve'})
    ana.wait_row('a las nueve', '(edited)')
    luis.call('PUT', f'/v1/messages/{said["id"]}/reactions/%F0%9F%91%8D')
    ana.wait_row('a las nueve', '👍 1')
    ana.press('👍', 'push button')
    ana.wait_row('a las nueve', '👍 2')
    server_says(luis, lambda m: len(m.get('state', {}).get('reactions', [])) == 2, 'both reactions')
    ana.press('👍', 'push button')
    ana.wait_row('a las nueve', '👍 1')
    shoot(ana, 'reactions.png')
    ana.close()
    ana = App(scratch / 'ana', '--profile', 'ana').opened()
    ana.wait_row('a las nueve', '(edited)', '👍 1')
    luis.call('DELETE', f'/v1/messages/{said["id"]}')
    ana.wait_row('This message was deleted')
    end(server, ana)


def search(scratch):
    server, ana, luis = start(scratch)
    for number in range(120):
        luis.say(f'parte número {number}: la bomba {"falla" if number % 40 == 3 else "funciona"}')
    luis.say('la válvula falla', 'incidencias')
    ana.wait_row('número 119')
    ana.say('/search falla')
    wait(lambda: len(ana.rows('Search results')) == 4, 'four results, everywhere')
    assert 'incidencias' in ana.rows('Search results')[0], 'the newest first'
    shoot(ana, 'search.png')
    ana.press('#general', 'push button')
    wait(lambda: len(ana.rows('Search results')) == 3, 'three results in the channel')

    ana.click_row('número 3:', 'Search results')
    ana.wait_row('número 3:')
    ana.find('push button', 'Back to now')
    ana.press('Back to now')
    ana.wait_row('número 119')
    ana.say('/mymsgs')
    ana.find('label', 'Nothing found')
    xdotool('windowactivate', '--sync', ana.find_window())
    xdotool('key', 'Escape')
    ana.say('algo mío')
    ana.wait_row('algo mío')
    ana.say('/mymsgs')
    wait(lambda: len(ana.rows('Search results')) == 1, 'what ana said')
    end(server, ana)


def goes_to_a_date(scratch):
    server = Server(scratch / 'server')
    luis = Person(server, 'luis')
    luis.say('lo primero de todo')
    for number in range(400):
        luis.say(f'aviso {number}')
    ana = App(scratch / 'ana', '--profile', 'ana', '--connect', server.uri, '--user', 'ana').opened()
    ana.choose('general')
    ana.wait_row('aviso 399')
    ana.say('/goto today')
    ana.wait_row('lo primero de todo')
    ana.find('label', 'Viewing')
    shoot(ana, 'date.png')
    luis.say('entretanto')
    ana.press('Back to now')
    ana.wait_row('entretanto')
    ana.compose('/goto 45.13.2026')
    ana.press('Send')
    wait(lambda: composed(ana) == '/goto 45.13.2026', 'the date that is none, to be mended')
    ana.compose('')

    ana.press('Go to date', 'push button')
    entry = ana.find('text', 'Date')
    entry.queryEditableText().setTextContents('today')
    ana.press('_Go')
    ana.wait_row('lo primero de todo')
    ana.find('label', 'Viewing')
    end(server, ana)


def appeals(scratch):
    server, ana, luis = start(scratch)
    ana.say('vaya mierda de día')
    ana.wait_row('Warning 1 of 3')
    ana.press('Appeal…')
    words = ana.find('text', 'Your words')
    words.queryEditableText().setTextContents('era una cita')
    ana.press('Send appeal')
    ana.find('label', 'with the moderators')
    end(server, ana)


if __name__ == '__main__':
    run(commands, completions, replies_edits_deletions, edits_of_others, search, goes_to_a_date, appeals)
