#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two people in two windows on one server: they talk, one swears, is warned and blocked; all is there after a restart."""
import os
from pathlib import Path

import pyatspi
from driver import App, Server, run, wait

PICTURES = os.environ.get('TERTULIA_TEST_PICTURES')


def shoot(app, name):
    if PICTURES:
        app.shoot(Path(PICTURES) / name)


def two_people_talk(scratch):
    server = Server(scratch / 'server', '--set', 'channels.language=es', '--set', 'channels.topic=De todo un poco')
    ana = App(scratch / 'ana', '--profile', 'ana', '--connect', server.uri, '--user', 'ana')
    luis = App(scratch / 'luis', '--profile', 'luis', '--connect', server.uri, '--user', 'luis')
    ana.opened()
    luis.opened()
    ana.say('hola a todos')
    luis.wait_row('ana', 'hola a todos')
    luis.say('¿alguien ve lo de la línea 2?')
    ana.wait_row('luis', 'línea 2')
    ana.say('sí, la segunda bomba se calienta; ya he llamado a *mantenimiento*')
    ana.say('las cifras: https://example.org/informes/linea-2')
    luis.wait_row('ana', 'las cifras')

    for number, text in enumerate(['vaya mierda de día', 'otra mierda', 'y otra mierda más'], 1):
        luis.say(text)
        masked = text.replace('mierda', '******')
        ana.wait_row('luis', masked)
        luis.wait_row(f'Warning {number} of 3')
        luis.wait_row(masked)
        if number == 1:
            luis.say('perdón a todos')
            ana.wait_row('luis', 'perdón')
            ana.say('tranquilo, le pasa a cualquiera 🙂')
            luis.wait_row('ana', 'tranquilo')
            shoot(luis, 'warning.png')
    assert not [r for r in ana.rows() if 'mierda' in r or 'Warning' in r], ana.rows()
    luis.find('label', 'You have been blocked')
    ana.say('paciencia, luis')
    luis.wait_row('ana', 'paciencia')
    shoot(luis, 'blocked.png')

    before = {app: [r for r in app.rows() if 'Warning' not in r] for app in (ana, luis)}
    ana.close()
    luis.close()
    server.restart()
    ana = App(scratch / 'ana', '--profile', 'ana')
    luis = App(scratch / 'luis', '--profile', 'luis')
    for app, was in ((ana, 0), (luis, 1)):
        rows = list(before.values())[was]
        wait(lambda: [r.split(' (')[0] for r in app.rows() if 'Warning' not in r] == [r.split(' (')[0] for r in rows],
             f'the history {rows}')
    luis.find('label', 'You have been blocked')
    wait(lambda: appeals(luis) == 4, 'an appeal against each warning, and one against the block')
    ana.say('seguimos')
    luis.wait_row('ana', 'seguimos')
    ana.close()
    luis.close()
    server.stop()


def appeals(app):
    return len(pyatspi.findAllDescendants(app.root, lambda x: x.getRoleName() == 'push button' and 'Appeal' in x.name
                                          and x.getState().contains(pyatspi.STATE_VISIBLE)))


def switching_channels(scratch):
    server = Server(scratch / 'server', '--set', 'channels.initial=general;incidencias')
    ana = App(scratch / 'ana', '--profile', 'ana', '--connect', server.uri, '--user', 'ana')
    luis = App(scratch / 'luis', '--profile', 'luis', '--connect', server.uri, '--user', 'luis')
    ana.opened().choose('general')
    luis.opened().choose('general')
    luis.say('en general')
    ana.wait_row('luis', 'en general')
    ana.choose('incidencias')
    wait(lambda: not [r for r in ana.rows() if 'en general' in r], 'the other channel')
    ana.compose('a medias')
    luis.choose('incidencias')
    luis.say('algo se ha roto')
    ana.wait_row('luis', 'algo se ha roto')
    ana.choose('general')
    ana.wait_row('luis', 'en general')
    luis.say('y otra cosa')
    wait(lambda: [r for r in ana.rows('Channels') if r.startswith('incidencias') and 'unread' in r], 'an unread message')
    ana.choose('incidencias')
    ana.wait_row('luis', 'y otra cosa')
    text = ana.find('text', 'Compose').queryText()
    wait(lambda: text.getText(0, text.characterCount) == 'a medias', 'the draft')
    ana.close()
    luis.close()
    server.stop()


run(two_people_talk, switching_channels)
