#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names with passwords: making an account, signing in with it, another password, leaving, and a start without a
keyring."""
from driver import App, Person, Server, run, wait

PASSWORD, OTHER = 'una contraseña larga', 'otra contraseña larga'


def server_with_passwords(scratch, registration='open'):
    return Server(scratch / 'server', '--set', 'sessions.mode=password', '--set', f'sessions.registration={registration}',
                  '--set', 'sessions.password_memory=8MiB', '--set', 'sessions.password_passes=1')


def fill(app, **fields):
    """Fills entries, the first each whose label begins with that name."""
    for name, text in fields.items():
        label = name.replace('_', ' ').replace(' again', ', again')
        wait(lambda: app.look('text', label), f'the entry {label}').queryEditableText().setTextContents(text)


def open_first(scratch, server, **more):
    return App(scratch / 'ana', '--profile', 'ana', '--connect', server.uri, '--user', 'ana', **more)


def account_and_password(scratch):
    server = server_with_passwords(scratch)
    ana = open_first(scratch, server)
    fill(ana, Password='equivocada')
    ana.press('C_onnect')
    ana.find('label', 'needs a password to come in')
    fill(ana, Password=PASSWORD)
    ana.press('GtkSwitch', 'check box')
    fill(ana, Password=PASSWORD, Password_again=PASSWORD)
    ana.press('C_reate account')
    ana.opened()
    ana.say('con cuenta')
    ana.wait_row('con cuenta', 'Stored')

    ana.key('F10')
    ana.press('Change', 'menu item')
    fill(ana, Password_until_now='equivocada', New_password=OTHER, New_password_again=OTHER)
    ana.press('_Change')
    ana.find('label', 'The old password is wrong')
    fill(ana, Password_until_now=PASSWORD)
    ana.press('_Change')
    ana.find('label', 'Your password is changed')
    ana.close()

    ana = App(scratch / 'ana', '--profile', 'ana').opened()     # the keyring has what it needs
    ana.key('F10')
    ana.press('Sign', 'menu item')
    ana.find('push button', 'Connect to a server')
    ana.close()
    ana = open_first(scratch, server)
    fill(ana, Password=OTHER)
    ana.press('C_onnect')
    ana.opened()
    ana.wait_row('con cuenta')
    ana.close()
    server.stop()


def leaving_with_exit(scratch):
    server = Server(scratch / 'server')
    ana = open_first(scratch, server).opened()
    ana.choose('general')
    ana.compose('/exit')
    ana.press('Send')
    assert ana.process.wait(20) == 0
    Person(server, 'ana')                                       # the name is free
    server.stop()


def without_a_keyring(scratch):
    server = Server(scratch / 'server')
    ana = open_first(scratch, server, environment={'SECRET_BACKEND': '', 'SECRET_FILE_TEST_PATH': ''})
    ana.opened()
    ana.find('label', 'There is no keyring here')
    ana.close()
    Person(server, 'ana')                                       # so that the next start need not wait for its lease
    server.stop()


run(account_and_password, leaving_with_exit, without_a_keyring)
