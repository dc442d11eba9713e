#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server is killed in the middle of a sentence: nothing is lost, nothing comes twice, and the window says how it
stands."""
import signal

from driver import App, Person, Server, run, wait


def killed_while_typing(scratch):
    server = Server(scratch / 'server')
    ana = App(scratch / 'ana', '--profile', 'ana', '--connect', server.uri, '--user', 'ana').opened()
    luis = App(scratch / 'luis', '--profile', 'luis', '--connect', server.uri, '--user', 'luis').opened()
    for app in (ana, luis):
        app.choose('general')
    ana.say('antes')
    luis.wait_row('antes')

    ana.compose('a medio es')
    server.stop(signal.SIGKILL)
    ana.find('label', 'Reconnecting')
    text = ana.find('text', 'Compose').queryText()
    assert text.getText(0, text.characterCount) == 'a medio es', 'what is being written stays'
    sent = [f'sin servidor {i}' for i in range(3)]
    for words in sent:
        ana.say(words)
        ana.wait_row(words, 'Waiting to be sent')
    ana.find('label', '3 messages waiting')
    ana.compose('a medio escribir')

    server.arguments += ('--set', f'server.port={server.port}')
    ana.press('Reconnecting')
    ana.find('push button', 'Reconnect now')
    server.start()

    def back():
        """It may come back by itself before the button is pressed, which goes then."""
        button = ana.look('push button', 'Reconnect now')
        if button:
            button.queryAction().doAction(0)
        return ana.look('label', '· live')
    wait(back, 'a live feed')
    for words in sent:
        ana.wait_row(words, 'Stored')
        luis.wait_row('ana', words)
    ana.find('label', '· live')
    for app in (ana, luis):
        seen = [row.split(': ', 1)[1].split(' (')[0] for row in app.rows()]
        assert seen == ['antes', *sent], f'{app.arguments} shows {seen}'
    assert Person(server, 'marta').messages() == ['antes', *sent]
    assert text.getText(0, text.characterCount) == 'a medio escribir'
    ana.close()
    luis.close()
    server.stop()


run(killed_while_typing)
