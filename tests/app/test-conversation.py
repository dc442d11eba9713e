#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be done with messages in a real window: commands and completions, replies, edits, deletions, reactions.
What others have of it is asked of the service, by another person."""
from conversation import choose_item, composed, end, open_menu, server_says, shoot, start, type_in
from driver import App, run, wait, xdotool


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


if __name__ == '__main__':
    run(commands, completions, replies_edits_deletions, edits_of_others)
