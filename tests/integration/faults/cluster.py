# SPDX-License-Identifier: GPL-3.0-or-later
"""A broker of three nodes, which each have everything: what leads is killed, and what is in the minority confirms nothing.
The product's own reader of the broker and an independent one of the live feed look on all the time."""
import contextlib
import json
import sys
import threading
import time
from collections import Counter
from itertools import zip_longest

from feed import FeedReader
from live import LiveReader
from parts import wait_for
from people import Crowd, Person, make_id
from service import Service
from verdict import check_broker, check_store, read_log

OPTIONS = {'kafka': {'broker.replication': 3, 'broker.min_insync': 2}, 'rabbitmq': {'broker.replication': 3}}
# What is led, in turns: what is written to; what readers read; what keeps transactions and groups, or feeds the archivers.
LED = {
    'kafka': ('PREFIXchat.', 'PREFIXchat_controlled.', '__transaction_state.', '__consumer_offsets.'),
    'rabbitmq': ('PREFIXchat.moderator.', 'PREFIXchat_controlled.log', 'PREFIXchat_controlled.archiver.'),
}
# So many channels that some of them are in each part of a topic.
CHANNELS = 12
PEOPLE = 4
# Whoever comes back has to catch up, with a Java or Erlang that has just begun, while people go on.
SECONDS = 120


def start(broker, store):
    return Service(broker, store, channels=CHANNELS, options=OPTIONS[broker.kind]).start()


def where(broker):
    """{what: (leader, nodes that have it, nodes that have all of it)}."""
    rows = [line.split() for line in broker.tell('where').splitlines()]
    return {name: (int(leader), members.split(','), current.split(',')) for name, leader, members, current in rows}


def wait_until_whole(broker):
    """Until every node has all that it is to have, so that another one can go."""
    def is_whole():
        return all(leader and len(current) == len(members) for leader, members, current in where(broker).values())

    wait_for(is_whole, 'every node has everything', SECONDS)


def find_leader(broker, start_of_name):
    """(the node that leads most of what is named so, what that is)."""
    led = {name: leader for name, (leader, _, _) in where(broker).items() if name.startswith(start_of_name) and leader}
    if not led:
        raise AssertionError(f'nothing named {start_of_name} has a leader')
    leader = Counter(led.values()).most_common(1)[0][0]
    return leader, [name for name, node in led.items() if node == leader]


def check_replicas(broker, service):
    """What the service has declared is on all nodes."""
    mine = {name: members for name, (_, members, _) in where(broker).items() if name.startswith(service.prefix)}
    few = {name: members for name, members in mine.items() if len(members) != 3}
    if few or len(mine) < 8:
        raise AssertionError(f'of {len(mine)} that were declared these have not three replicas: {few}')
    if broker.kind == 'kafka':
        told = broker.tell('configs', '--describe', '--entity-type', 'topics', '--all')
        topics = {name.rpartition('.')[0] for name in mine}
        for topic in topics:
            about = told.partition(f'configs for topic {topic} are:')[2].partition('configs for topic')[0]
            if 'min.insync.replicas=2 ' not in about:
                raise AssertionError(f'{topic} does not want two replicas in sync: {about[:1500]}')


# Who looks on.

@contextlib.contextmanager
def readers(service):
    with FeedReader(service) as feed, LiveReader(service) as live:
        yield feed, live


def check_order(what, channel, found, expected):
    """Each once, in this order."""
    if found == expected:
        return
    twice = [identity for identity, number in Counter(found).items() if number > 1]
    at = next(i for i, pair in enumerate(zip_longest(found, expected)) if pair[0] != pair[1])
    raise AssertionError(f'{what} brought {len(found)} messages of {channel} and not the {len(expected)} stored ones in their order; '
                         f'twice: {len(twice)}, missing: {len(set(expected) - set(found))}; at {at}: {found[at:at + 8]} instead of '
                         f'{expected[at:at + 8]}')


def check_live(live, found):
    """The live feed has brought every message that is stored once, in its channel's order."""
    stored = {channel: [identity for _, identity, record in found.get(channel, []) if record.get('kind', 'message') == 'message']
              for channel in live.seen}
    wait_for(lambda: live.trouble or sum(map(len, live.seen.values())) >= sum(map(len, stored.values())),
             'the live feed has brought all that is stored', 60)
    if live.trouble:
        raise AssertionError(f'the live feed broke: {live.trouble}')
    for channel, ids in live.seen.items():
        check_order('the live feed', channel, ids, stored[channel])


def check_feed(feed, service, number):
    """The broker's reader was delivered what another program finds there, every record once, in the same order."""
    expected = read_log(service, number)
    last = {shard: records[-1][0] for shard, records in expected.items()}
    wait_for(lambda: all(shard in feed.records and feed.records[shard][-1][0] >= offset for shard, offset in last.items()),
             f'the broker\'s reader has come to the end: {last}', 60)
    if feed.gaps:
        raise AssertionError(f'the broker\'s reader was told of gaps: {feed.gaps[:5]}\n{feed.said()}')
    for shard, records in expected.items():
        if feed.records[shard] != records:
            offsets, wanted = ([offset for offset, _ in some] for some in (feed.records[shard], records))
            raise AssertionError(f'{shard}: the broker\'s reader was delivered {len(offsets)} records instead of {len(wanted)}; '
                                 f'twice: {len(offsets) - len(set(offsets))}, missing: {sorted(set(wanted) - set(offsets))[:5]}, '
                                 f'in order: {offsets == sorted(offsets)}\n{feed.said()}')


def conclude(service, crowd, feed, live):
    found = check_store(service, crowd)
    check_broker(service, crowd)
    check_feed(feed, service, crowd.accepted())
    check_live(live, found)


# The tests.

def killed_leaders(broker, store):
    """kill -9 of the node that leads, again and again; the other two go on at once, and it comes back."""
    with start(broker, store) as service, readers(service) as (feed, live):
        with Crowd(service, PEOPLE) as crowd:
            crowd.wait_for_more(200)
            check_replicas(broker, service)
            for name in LED[broker.kind]:
                wait_until_whole(broker)
                node, led = find_leader(broker, name.replace('PREFIX', service.prefix))
                broker.tell('kill9', node)
                print(f'# killed node {node}, which led {" ".join(led)}', file=sys.stderr)
                crowd.wait_for_more(300, SECONDS)
                led_still = [what for what in led if where(broker)[what][0] == node]
                if led_still:
                    raise AssertionError(f'node {node} is dead and leads {led_still}')
                broker.tell('restart', node)
                crowd.wait_for_more(300, SECONDS)
        wait_until_whole(broker)
        conclude(service, crowd, feed, live)


def lost_majority(broker, store):
    """Two of three nodes are dead: nothing is accepted. One of them comes back, and all goes on."""
    with start(broker, store) as service, readers(service) as (feed, live):
        with Crowd(service, PEOPLE) as crowd:
            crowd.wait_for_more(200)
            wait_until_whole(broker)
            stranger = Person(service, 'stranger')
            stranger.sign_in()
            for node in (1, 2):
                broker.tell('kill9', node)
            refused = ask_for_a_while(stranger, service.channels, 15)
            broker.tell('restart', 1)
            crowd.wait_for_more(300, SECONDS)
            broker.tell('restart', 2)
            crowd.wait_for_more(300, SECONDS)
            for channel, identity, text in refused:
                stranger.insist('POST', f'/v1/channels/{channel}/messages', {'id': identity, 'data': text})
                stranger.sent[channel].append((identity, text))
                stranger.accepted += 1
        crowd.people.append(stranger)
        wait_until_whole(broker)
        conclude(service, crowd, feed, live)


def ask_for_a_while(person, channels, seconds):
    """Posts one message to each channel; none of it may be accepted. [(channel, id, text)]."""
    asked = []
    deadline = time.monotonic() + seconds
    for channel in channels:
        if time.monotonic() > deadline:
            break
        identity, text = make_id(), f'{channel} in the minority'
        asked.append((channel, identity, text))
        try:
            status, answer = person.ask('POST', f'/v1/channels/{channel}/messages', {'id': identity, 'data': text})
        except OSError as error:
            status, answer = 0, repr(error)
        print(f'# with one node of three: {status} {json.dumps(answer)[:200]}', file=sys.stderr)
        if status in (200, 201, 202):
            raise AssertionError(f'one node of three is left, and a message was accepted: {answer}')
        threading.Event().wait(0.5)
    return asked
