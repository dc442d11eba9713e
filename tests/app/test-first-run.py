#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""From nothing: welcome, one click, a message, an answer, a restart."""
from driver import App, run, wait


def start_on_this_computer(scratch):
    app = App(scratch / 'ana', '--profile', 'ana', '--user', 'ana')
    app.press('Start on this computer')
    app.opened()
    app.say('hola a todos')
    app.wait_row('ana', 'hola a todos', 'Stored')
    app.choose('eco')
    app.say('¿hay alguien?')
    app.wait_row('eco', '¿hay alguien?')
    app.close()

    app = App(scratch / 'ana', '--profile', 'ana', '--user', 'ana')
    app.wait_row('eco', '¿hay alguien?')
    app.choose('general')
    app.wait_row('ana', 'hola a todos')
    wait(lambda: len([r for r in app.rows() if 'hola a todos' in r]) == 1, 'the message once')
    app.say('otra vez')
    app.wait_row('otra vez', 'Stored')
    app.close()


def killed_while_sending(scratch):
    app = App(scratch / 'ana', '--profile', 'ana', '--user', 'ana')
    app.press('Start on this computer')
    app.opened()
    for number in range(5):
        app.say(f'mensaje {number}')
    app.wait_row('mensaje 4')           # from here on it is on the disk, whatever happens
    app.kill()
    app = App(scratch / 'ana', '--profile', 'ana', '--user', 'ana')
    for number in range(5):
        app.wait_row(f'mensaje {number}', 'Stored')
    numbers = [r.split('mensaje ')[1][0] for r in app.rows() if 'mensaje ' in r]
    assert numbers == list('01234'), f'the messages are {numbers}'
    app.close()


run(start_on_this_computer, killed_while_sending)
