#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where in the history a real window is: search, going to a date and back; appealing against a warning."""
from conversation import composed, end, shoot, start
from driver import App, Person, Server, run, wait, xdotool


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
    run(search, goes_to_a_date, appeals)
