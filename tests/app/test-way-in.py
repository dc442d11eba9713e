#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways in that do not lead there, and what the window says of each."""
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from driver import App, Person, Server, run


def nobody_at_the_address(scratch):
    with socket.create_server(('127.0.0.1', 0)) as listener:
        port = listener.getsockname()[1]
    ana = App(scratch / 'ana', '--profile', 'ana', '--connect', f'127.0.0.1:{port}', '--user', 'ana')
    ana.find('label', f"Can't reach http://127.0.0.1:{port}")
    server = Server(scratch / 'server', '--set', f'server.port={port}')     # it goes on by itself
    ana.opened()
    ana.close()
    server.stop()


class Page(BaseHTTPRequestHandler):
    def do_POST(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'<html>Welcome to this web server</html>')

    def log_message(self, *arguments):
        pass


def a_web_page_at_the_address(scratch):
    with HTTPServer(('127.0.0.1', 0), Page) as pages:
        threading.Thread(target=pages.serve_forever, daemon=True).start()
        ana = App(scratch / 'ana', '--profile', 'ana', '--connect', f'127.0.0.1:{pages.server_port}', '--user', 'ana')
        ana.find('label', f'http://127.0.0.1:{pages.server_port} is not a Tertulia service')
        ana.find('push button', 'Connect to a server')
        ana.close()
        pages.shutdown()


def a_name_that_is_taken(scratch):
    server = Server(scratch / 'server')
    somebody = Person(server, 'ana')
    ana = App(scratch / 'ana', '--profile', 'ana', '--connect', server.uri, '--user', 'ana')
    ana.find('label', 'Somebody is here as “ana”')
    ana.find('text', 'Your name').queryEditableText().setTextContents('ana2')
    ana.press('C_onnect')
    ana.opened().choose('general')
    ana.say('hola')
    ana.wait_row('ana2', 'hola', 'Stored')
    assert somebody.messages() == ['hola']
    ana.close()
    server.stop()


def a_server_here_that_ends(scratch):
    """What it complained of is said, not what it logged afterwards."""
    program = scratch / 'server'
    program.write_text('#!/bin/sh\necho "tertulia-server: there is no room on the disk" >&2\n'
                       'echo "time=2026-11-21T10:00:00.000Z level=info message=Stopped" >&2\nexit 1\n', encoding='utf-8')
    program.chmod(0o755)
    ana = App(scratch / 'ana', '--profile', 'ana', '--user', 'ana', environment={'TERTULIA_SERVER': str(program)})
    ana.press('Start on this computer')
    ana.find('label', 'tertulia-server: there is no room on the disk')
    ana.find('push button', 'Start on this computer')
    ana.close()


run(nobody_at_the_address, a_web_page_at_the_address, a_name_that_is_taken, a_server_here_that_ends)
