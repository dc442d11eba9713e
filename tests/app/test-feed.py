#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The foot says how messages come, and more to who opens it; which feed is a matter of preference."""
from driver import App, Server, pyatspi, run, wait


def labels(app):
    """Everything that labels say."""
    return {x.name for x in pyatspi.findAllDescendants(app.root, lambda x: x.getRoleName() == 'label' and x.name)}


def is_marked(widget):
    return widget.getRoleName() == 'label' and widget.queryText().getNSelections() > 0


def tab_to(app, part):
    """Goes by the Tab key until what has @part in its name has the keyboard."""
    def focused():
        if app.focused() and part in app.focused()[1]:
            return True
        app.key('Tab')
        return False
    wait(focused, f'the focus on {part} by Tab')


def details(scratch):
    server = Server(scratch / 'server')
    ana = App(scratch / 'ana', '--profile', 'ana', '--connect', server.uri, '--user', 'ana').opened()
    tab_to(ana, 'WebSocket · live')
    ana.key('space')
    wait(lambda: {'Feed', 'WebSocket', 'Address', server.uri, 'You are', 'ana'} <= labels(ana), 'the details')
    wait(lambda: ana.focused() and ana.focused()[0] == 'label', 'the focus on the first of them')
    marked = [x.name for x in pyatspi.findAllDescendants(ana.root, is_marked)]
    assert not marked, f'selected without being asked to: {marked}'
    ana.key('Escape')
    server.stop()
    ana.press('Reconnecting')
    ana.find('push button', 'Reconnect now')
    ana.key('Escape')
    ana.close()


def preference(scratch):
    server = Server(scratch / 'server')
    ana = App(scratch / 'ana', '--profile', 'ana', '--connect', server.uri, '--user', 'ana').opened()
    ana.key('ctrl+comma')
    ana.find('label', 'Messages come over')
    ana.key('Escape')
    ana.setting('feed', 'kafka')
    ana.find('push button', 'Kafka is not offered here · WebSocket · live')
    ana.setting('feed', 'websocket')
    wait(lambda: not ana.look('push button', 'Kafka'), 'the WebSocket alone')
    ana.close()
    server.stop()


run(details, preference)
