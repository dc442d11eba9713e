#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is being written stays where it was written, and what is done with messages is told: drafts per channel,
copies, reports, a moderator's deletion, an edit that comes too late."""
import json
import os
import subprocess

from conversation import choose_item, composed, end, open_menu, server_says, start, type_in
from driver import App, Person, run, wait, xdotool

PASSWORD = 'una contraseña larga'


class Moderator(Person):
    def __init__(self, server, user):
        subprocess.run([os.environ['TERTULIA_SERVER'], f'--embedded={server.directory}', 'account', 'create', user,
                        '--role', 'moderator'], input=PASSWORD + '\n', text=True, check=True, capture_output=True)
        super().__init__(server, user)

    def call(self, method, path, body=None):
        if path == '/v1/sessions':
            body = dict(body, password=PASSWORD)
        return super().call(method, path, body)


def drafts(scratch):
    server, ana, luis = start(scratch)
    ana.say('/join incidencias')
    ana.find('label', '#incidencias')
    ana.choose('general')
    luis.say('¿quién viene?')
    type_in(ana, 'a medias')
    ana.choose('incidencias')
    wait(lambda: composed(ana) == '', 'an empty composer in the other channel')
    type_in(ana, 'otra cosa')
    ana.choose('general')
    wait(lambda: composed(ana) == 'a medias', 'the draft of the first')

    open_menu(ana, '¿quién viene?')
    choose_item(ana, 'Reply')
    ana.find('label', 'Reply to luis')
    ana.choose('incidencias')
    wait(lambda: composed(ana) == 'otra cosa', 'the draft of the other')
    ana.say('sin respuesta')
    wait(lambda: [m for m in luis.call('GET', '/v1/channels/incidencias/messages')['messages']
                  if m.get('data') == 'sin respuesta' and not m.get('reply_to')], 'a message that answers nothing')

    type_in(ana, '')
    xdotool('key', 'Up')
    wait(lambda: composed(ana) == 'sin respuesta', 'the last message, to be edited')
    ana.choose('general')
    wait(lambda: composed(ana) == 'a medias', 'the draft, and no edit')
    ana.choose('incidencias')
    wait(lambda: composed(ana) == '', 'no draft of an edit')
    ana.close()
    ana = App(scratch / 'ana', '--profile', 'ana').opened()
    ana.choose('general')
    wait(lambda: composed(ana) == 'a medias', 'the draft, after a restart')
    type_in(ana, ' y más')
    # the window holds its database locked: its log is looked into instead
    log = next((scratch / 'ana').rglob('workspace.db-wal'))
    wait(lambda: 'a medias y más'.encode() in log.read_bytes(), 'the draft on the disk')
    ana.kill()
    ana = App(scratch / 'ana', '--profile', 'ana').opened()
    ana.choose('general')
    wait(lambda: composed(ana) == 'a medias y más', 'the draft, after the window was killed')
    end(server, ana)


def saves(scratch):
    server, ana, luis = start(scratch)
    luis.say('para el archivo')
    ana.wait_row('luis', 'para el archivo')
    for item, name in (('Text, for people', 'log.txt'), ('JSON Lines', 'log.jsonl')):
        ana.key('ctrl+l', 'Down', 'shift+F10')
        ana.press('Save to a file', 'menu item')
        ana.press(item, 'menu item')
        ana.find('text', 'Name:').queryEditableText().setTextContents(str(scratch / name))
        ana.press('_Save')
        wait((scratch / name).exists, name)
    ana.find('label', 'The channel has been saved')
    lines = [line for line in (scratch / 'log.txt').read_text().splitlines() if 'para el archivo' in line]
    assert len(lines) == 1 and '<luis>' in lines[0], lines
    records = [json.loads(line) for line in (scratch / 'log.jsonl').read_text().splitlines()]
    assert [r['author'] for r in records if r.get('data') == 'para el archivo'] == ['luis'], records
    end(server, ana)


def copies(scratch):
    server, ana, luis = start(scratch)
    luis.say('para copiar <b>&')
    open_menu(ana, 'para copiar')
    choose_item(ana, 'Copy text')
    type_in(ana, '')
    xdotool('key', 'ctrl+v')
    wait(lambda: composed(ana) == 'para copiar <b>&', 'the text, pasted')
    ana.compose('')
    open_menu(ana, 'para copiar')
    choose_item(ana, 'Copy as')
    type_in(ana, '')
    xdotool('key', 'ctrl+v')
    wait(lambda: composed(ana).endswith('}'), 'the record, pasted')
    record = json.loads(composed(ana))
    assert record['data'] == 'para copiar <b>&' and record['author'] == 'luis', record
    end(server, ana)


def reports_and_moderators(scratch):
    server, ana, luis = start(scratch)
    mona = Moderator(server, 'mona')
    luis.say('algo feo')
    open_menu(ana, 'algo feo')
    choose_item(ana, 'Report')
    ana.find('text', 'Your words').queryEditableText().setTextContents('no viene a cuento')
    ana.press('_Report')
    ana.find('label', 'Reported to the moderators')
    report = wait(lambda: mona.call('GET', '/v1/moderation/reports')['reports'], 'the report')[0]
    assert report['user'] == 'ana' and report['reason'] == 'no viene a cuento', report
    said = server_says(luis, lambda m: m.get('data') == 'algo feo', 'the message')
    mona.call('DELETE', f'/v1/messages/{said["id"]}')
    ana.wait_row('deleted by mona')

    ana.say('lo mío')
    ana.wait_row('lo mío', 'Stored')
    own = server_says(luis, lambda m: m.get('data') == 'lo mío', 'the message')
    type_in(ana, '')
    xdotool('key', 'Up')
    wait(lambda: composed(ana) == 'lo mío', 'the message, to be edited')
    mona.call('DELETE', f'/v1/messages/{own["id"]}')
    wait(lambda: len([r for r in ana.rows() if 'deleted by mona' in r]) == 2, 'both deletions')
    ana.compose('lo mío, mejor')
    ana.press('Send')
    ana.find('label', 'Refused')
    assert not [r for r in ana.rows() if 'lo mío' in r], ana.rows()
    end(server, ana)


if __name__ == '__main__':
    run(drafts, saves, copies, reports_and_moderators)
