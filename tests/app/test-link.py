#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links of the form tertulia://: they fill the dialog in, and connect nowhere by themselves."""
import os
import select
import socket
import subprocess

from driver import App, Server, run, wait


def entry(app, label):
    text = app.find('text', label).queryText()
    return text.getText(0, text.characterCount)


def follow(app, link):
    """Another process of the same application, as a browser would start it."""
    env = dict(os.environ, XDG_DATA_HOME=str(app.home / 'data'), XDG_CONFIG_HOME=str(app.home / 'config'),
               GSETTINGS_BACKEND='keyfile')
    subprocess.run([os.environ['TERTULIA_APP'], link], env=env, check=True, timeout=20)


def nothing_without_a_click(scratch):
    with socket.create_server(('127.0.0.1', 0)) as listener:
        port = listener.getsockname()[1]
        ana = App(scratch / 'ana', '--profile', 'ana', f'tertulia://ana@127.0.0.1:{port}/incidencias')
        ana.find('push button', 'C_onnect')
        assert entry(ana, 'Server address') == f'http://127.0.0.1:{port}/', entry(ana, 'Address')
        assert entry(ana, 'Your name') == 'ana', entry(ana, 'Your name')
        assert not select.select([listener], [], [], 0)[0], 'the window has connected before anybody said so'
    server = Server(scratch / 'server', '--set', f'server.port={port}', '--set', 'channels.initial=general;incidencias')
    ana.press('C_onnect')
    ana.opened().wait_open('incidencias')
    ana.close()
    server.stop()


def what_is_no_link(scratch):
    ana = App(scratch / 'ana', '--profile', 'ana', 'tertulia://host/General/../x?y')
    ana.find('label', 'is not a link to a channel. One looks like tertulia://chat.example.org/general')
    ana.find('push button', 'Connect to a server')
    ana.close()


def in_a_window_that_is_there(scratch):
    server = Server(scratch / 'server', '--set', 'channels.initial=general;incidencias')
    ana = App(scratch / 'ana', '--connect', server.uri, '--user', 'ana').opened()
    ana.choose('general')
    ana.wait_open('general')
    follow(ana, f'tertulia://127.0.0.1:{server.port}/incidencias')
    ana.wait_open('incidencias')
    follow(ana, f'tertulia://127.0.0.1:{server.port}/nada')
    ana.find('label', 'There is no channel “nada” here.')
    follow(ana, 'tertulia://chat.example.org/general')
    wait(lambda: entry(ana, 'Server address') == 'https://chat.example.org/', 'the dialog with that address')
    assert ana.look('label', '· live'), 'the workspace that was open is gone'
    ana.close()
    server.stop()


run(nothing_without_a_click, what_is_no_link, in_a_window_that_is_there)
