#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A long channel: the wheel goes up through it page by page, and nothing but the wheel moves what is on screen."""
from driver import App, Person, Server, run, wait

MESSAGES = 700
TURNS = 25
CLICKS = 5          # of the wheel in a turn, faster than frames are drawn


def picture(app):
    """The words of the messages, without avatars, scrollbar and button."""
    return app.picture(60, 100)


def distance(before, after):
    """By how many pixels the picture went down; None: it is another one. A few lines may be others: the shadow of the
    upper edge, what the pointer is over."""
    return next((d for d in range(len(before) - 60) if sum(a != b for a, b in zip(before, after[d:])) <= 16), None)


def wait_still(app, before):
    """Waits until it is another picture than @before, and stays what it is."""
    last = before

    def still():
        nonlocal last
        now, was = picture(app), last
        last = now
        return now if now != before and now == was else None
    return wait(still, 'a move that ends')


def up_and_back(scratch):
    server = Server(scratch / 'server')
    luis = Person(server, 'luis')
    for i in range(MESSAGES):
        luis.say(f'mensaje {i:04}')
    ana = App(scratch / 'ana', '--profile', 'ana', '--connect', server.uri, '--user', 'ana').opened()
    ana.wait_row(f'mensaje {MESSAGES - 1:04}')
    ana.point_at('list', 'Messages')

    before, moves = picture(ana), []
    for _ in range(TURNS):
        ana.turn_wheel(CLICKS)
        after = wait_still(ana, before)
        moves.append(distance(before, after))
        before = after
    assert None not in moves and max(moves) - min(moves) <= 1, f'each turn of the wheel moves it by the same number of pixels: {moves}'
    assert any('mensaje 02' in row for row in ana.rows()), f'it is not far up: {ana.rows()[:1]}'

    for text in ('uno', 'dos', 'tres'):
        luis.say(text)
    ana.find('push button', '↓ 3 new')
    assert distance(before, picture(ana)) == 0, 'what came live has moved what is being read'
    ana.press('↓ 3 new')
    ana.wait_row('tres')
    wait(lambda: picture(ana) != before, 'the newest messages on screen')
    ana.find('push button', '↓ Newest')
    newest = picture(ana)
    luis.say('cuatro')
    wait(lambda: distance(picture(ana), newest), 'the next one on screen, and the others a little higher')
    ana.close()
    server.stop()


run(up_and_back)
