# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds data/tertulia-v1.openapi.yaml against a tertulia-server that runs: the same calls in both, for the same roles;
every one of them with good and with bad input, and every answer one that is described.

  test-openapi.py DESCRIPTION SERVER"""
import http.client
import json
import subprocess
import sys
import tempfile
import time
import urllib.parse
import uuid
from pathlib import Path

try:
    from openapi import INJECTIONS, METHODS, Document
except ImportError as missing:
    print(f'1..0 # SKIP {missing}')
    sys.exit(0)

PASSWORD = 'caballo-bateria-grapa'
WRONG_TOKEN = 'x' * 43
ROLES = {None: 'ana', 'moderator': 'mona', 'admin': 'jefa'}


class Answer:
    def __init__(self, response):
        self.status, self.headers = response.status, response.headers
        self.text = response.read()
        self.type = (self.headers.get('Content-Type') or '').split(';')[0]

    def json(self):
        return json.loads(self.text)


class Service:
    """The server, and what the calls need to be there."""

    def __init__(self, program, directory):
        self.arguments = ['--set', f'server.data_directory={directory}', '--set', 'server.port=0', '--set',
                          'limits.rates=false', '--set', 'sessions.password_memory=8MiB', '--set', 'sessions.password_passes=1', '--set',
                          'server.log_level=error']
        self.program = program
        for name, role in (('jefa', 'admin'), ('mona', 'moderator'), ('ana', 'member'), ('luis', 'member')):
            subprocess.run([program, *self.arguments, 'account', 'create', name, '--role', role], check=True, text=True,
                           input=PASSWORD + '\n', capture_output=True, timeout=30)
        self.process = subprocess.Popen([program, *self.arguments], stdout=subprocess.PIPE, text=True)
        self.address = urllib.parse.urlsplit(self.process.stdout.readline().split()[1]).netloc
        self.tokens = {role: self.sign_in(name)['token'] for role, name in ROLES.items()}
        self.luis = self.sign_in('luis')['token']
        self.ok('POST', '/v1/channels', self.tokens[None], {'name': 'general'})

    def stop(self):
        self.process.terminate()
        return self.process.wait(timeout=20)

    def call(self, method, path, token=None, body=None, headers=None):
        """@body: bytes as they are, else made JSON."""
        connection = http.client.HTTPConnection(self.address, timeout=20)
        sent = dict(headers or {})
        if token is not None:
            sent.setdefault('Authorization', f'Bearer {token}')
        if body is not None:
            sent.setdefault('Content-Type', 'application/json')
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            connection.request(method, path, body=body, headers=sent)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def ok(self, method, path, token, body=None):
        answer = self.call(method, path, token, body)
        assert answer.status < 300, f'{method} {path}: {answer.status} {answer.text}'
        return answer.json() if answer.text else None

    def wait(self, look):
        end = time.monotonic() + 10
        while True:
            found = look()
            if found:
                return found
            assert time.monotonic() < end, 'waited in vain'

    def sign_in(self, name):
        return self.ok('POST', '/v1/sessions', None, {'user': name, 'password': PASSWORD})

    def register(self):
        """The name of an account that nobody else uses."""
        name = f'nueva{uuid.uuid4().hex[:8]}'
        self.ok('POST', '/v1/accounts', None, {'user': name, 'password': PASSWORD})
        return name

    def post(self, text='hola'):
        """A message of ana's that is stored."""
        made = self.ok('POST', '/v1/channels/general/messages', self.tokens[None], {'data': text})['id']
        self.wait(lambda: self.call('GET', f'/v1/messages/{made}', self.tokens[None]).status == 200)
        return made

    def warning(self):
        """A warning of ana's; her block, if that was the last, is lifted."""
        target = self.post('mierda')
        mine = lambda: [one['id'] for one in self.ok('GET', '/v1/moderation/warnings', self.tokens[None])['warnings']
                        if one['target'] == target]
        found = self.wait(mine)[0]
        self.call('DELETE', '/v1/moderation/blocks/ana', self.tokens['moderator'])
        return found

    def appeal(self):
        return self.ok('POST', '/v1/moderation/appeals', self.tokens[None], {'warning': self.warning()})['id']

    def report(self):
        return self.ok('POST', f'/v1/messages/{self.post()}/report', self.luis, {'reason': 'x'})['id']

    def end_rehearsals(self):
        look = lambda: self.ok('GET', '/v1/moderation/rehearsals', self.tokens['moderator'])['rehearsals']
        for one in look():
            self.ok('DELETE', f"/v1/moderation/rehearsals/{one['id']}", self.tokens['moderator'])
        self.wait(lambda: all(one['state'] != 'running' for one in look()))

    def rehearsal(self):
        self.end_rehearsals()
        return self.ok('POST', '/v1/moderation/rehearsals', self.tokens['moderator'], {'text': '', 'days': 1})['id']

    def revision(self):
        return self.ok('GET', '/v1/moderation/rules', self.tokens['moderator'])['revision']


# What the good call of an operation needs beside what its schemas say: path parameters, body and token.
NEEDS = {
    'signIn': lambda service: {'body': {'user': 'luis', 'password': PASSWORD}},
    'register': lambda service: {'body': {'user': f'nueva{uuid.uuid4().hex[:8]}', 'password': PASSWORD}},
    'signOut': lambda service: {'token': service.sign_in('luis')['token']},
    'endSession': lambda service: {'id': service.sign_in('ana')['session']},
    'setPassword': lambda service: {'token': service.sign_in(service.register())['token'],
                                    'body': {'old': PASSWORD, 'new': PASSWORD + '2'}},
    'changeAccount': lambda service: {'u': service.register()},
    'withdrawInvitation': lambda service: {
        'id': service.ok('POST', '/v1/invitations', service.tokens['admin'], {'role': 'member'})['id']},
    'createChannel': lambda service: {'body': {'name': f'c{uuid.uuid4().hex[:8]}', 'topic': 'x', 'language': 'es'}},
    'changeChannel': lambda service: {'body': {'topic': uuid.uuid4().hex}},
    'postMessage': lambda service: {'body': {'data': 'hola', 'id': str(uuid.uuid4()), 'kind': 'message',
                                             'sent': '2026-11-20T10:10:10.123Z', 'reply_to': service.post()}},
    'editMessage': lambda service: {'body': {'data': 'adiós', 'id': str(uuid.uuid4())}},
    'listMessages': lambda service: {'query': {'after': service.post()}},
    'reportMessage': lambda service: {'token': service.luis},
    'search': lambda service: {'query': {'q': 'hola', 'channel': 'general', 'author': 'ana', 'limit': '5'}},
    'exportChannel': lambda service: {'query': {'channel': 'general'}},
    'setBlock': lambda service: {'u': 'luis', 'body': {'until': '2999-12-31T00:00:00Z', 'reason': 'porque sí'}},
    'liftBlock': lambda service: service.ok('PUT', '/v1/moderation/blocks/luis', service.tokens['moderator'], {}) and {},
    'appeal': lambda service: {'body': {'warning': service.warning(), 'text': 'porque sí'}},
    'decideAppeal': lambda service: {'id': service.appeal()},
    'closeReport': lambda service: {'id': service.report()},
    'publishRules': lambda service: {'body': {'revision': service.revision() + 1, 'text': ''}},
    'rehearse': lambda service: service.end_rehearsals() or {'body': {'text': '', 'days': 7, 'channel': 'general'}},
    'getRehearsal': lambda service: {'id': service.rehearsal()},
    'endRehearsal': lambda service: {'id': service.rehearsal()},
}
# A member's good answer to these is no 2xx: the feed is no answer at all, and the others depend on who asks.
OTHERWISE = {'live': 426}


class Case:
    """One operation: its calls, and what was wrong with them."""

    def __init__(self, service, operation):
        self.service, self.operation, self.wrong = service, operation, []
        self.document = operation.document
        self.token = None if operation.anybody else service.tokens[operation.role]

    def complain(self, what, answer, why):
        self.wrong.append(f'{self.operation}, {what}: {answer.status} {answer.text[:200]!r}: {why}')

    def judge(self, what, answer, allowed=None):
        """@allowed: which statuses may come: a predicate."""
        response, names = self.operation.find_response(answer.status)
        if allowed is not None and not allowed(answer.status):
            self.complain(what, answer, 'not the answer that is due')
        elif names is not None:
            self.judge_problem(what, answer, names)
        elif not response.get('content'):
            if answer.text:
                self.complain(what, answer, 'it should have no body')
        elif answer.type not in response['content']:
            self.complain(what, answer, f'of the type "{answer.type}"')
        elif answer.type == 'application/json':
            self.judge_value(what, answer, response['content'][answer.type]['schema'])

    def judge_problem(self, what, answer, names):
        if answer.type != 'application/problem+json':
            self.complain(what, answer, f'a problem of the type "{answer.type}"')
            return
        problem = answer.json()
        for why in self.document.problems({'$ref': '#/components/schemas/Problem'}, problem):
            self.complain(what, answer, why)
        name = str(problem.get('type', '')).rsplit('/', 1)[-1]
        if problem.get('status') != answer.status or name not in names:
            self.complain(what, answer, f'{name} is not among {sorted(names)}')
        if answer.status >= 500:
            self.complain(what, answer, 'a fault of the service')

    def judge_value(self, what, answer, schema):
        value = answer.json()
        for why in self.document.problems(schema, value):
            self.complain(what, answer, why)
        # The check itself must be able to fail.
        for how, broken in self.document.broken(schema, value):
            if not self.document.problems(schema, broken):
                self.complain(what, answer, f'the description takes it {how}')

    def prepare(self):
        needs = NEEDS.get(self.operation.id, lambda service: {})(self.service)
        self.values = {'c': 'general', 'u': 'luis', 'emoji': '\U0001F44D', 'kind': 'messages'}
        if 'id' not in needs and '{id}' in self.operation.path:
            self.values['id'] = self.service.post()
        self.values.update({name: value for name, value in needs.items() if name in ('c', 'id', 'u', 'emoji')})
        self.query = needs.get('query', {})
        self.token = needs.get('token', self.token)
        self.body = needs.get('body')
        if self.operation.body and self.body is None:
            self.body = self.document.good(self.operation.body, whole=True)

    def path(self, query=None, **values):
        path = self.operation.path
        for name, value in {**self.values, **values}.items():
            path = path.replace('{%s}' % name, value if values.get(name) == value else urllib.parse.quote(value, safe=''))
        query = self.query if query is None else query
        return path + ('?' + urllib.parse.urlencode(query) if query else '')

    def call(self, what, allowed=None, token=..., path=None, body=..., headers=None):
        token = self.token if token is ... else token
        body = self.body if body is ... else body
        self.judge(what, self.service.call(self.operation.method, path or self.path(), token, body, headers), allowed)

    def try_tokens(self):
        if self.operation.anybody:
            return
        for token in (None, '', WRONG_TOKEN, "' OR 1=1 --"):
            self.call(f'with the token {token!r}', lambda status: status == 401, token=token)
        lower = [role for role in ROLES if list(ROLES).index(role) < list(ROLES).index(self.operation.role)]
        for role in lower:
            self.call(f'as {role or "member"}', lambda status: status == 403, token=self.service.tokens[role])

    def try_query(self):
        refused = lambda status: 400 <= status < 500
        for parameter in self.operation.query:
            name = parameter['name']
            for what, value in self.document.bad(parameter['schema'], text=True):
                self.call(f'{name} is {what}', refused, path=self.path({**self.query, name: value}))
            for value in INJECTIONS:
                self.call(f'{name} is {value!r}', path=self.path({**self.query, name: value}))
            self.call(f'{name} is not UTF-8', refused, path=self.path({}) + f'?{name}=%ff')
            if parameter.get('required'):
                self.call(f'without {name}', refused, path=self.path({}) + '?zzz')
        self.call('with a parameter that is not described', path=self.path({**self.query, 'zzz': '1'}))

    def try_path(self):
        for parameter in self.operation.path_parameters:
            name = parameter['name']
            for value in (*(urllib.parse.quote(one, safe='') for one in INJECTIONS), '%00', '%ff', 'a' * 300, '%2e%2e', '7'):
                self.call(f'{name} is {value!r}', path=self.path(**{name: value}))

    def try_body(self):
        if not self.operation.body:
            return
        refused = lambda status: 400 <= status < 500
        for what, text in (('nothing', b''), ('an array', b'[]'), ('half', b'{"a":'), ('two', b'{}{}'),
                           ('not UTF-8', b'{"a":"\xff"}'), ('NUL', b'{"a":"\\u0000"}'), ('deep', b'[' * 5000),
                           ('a member twice', b'{"a":1,"a":2}')):
            self.call(f'the body is {what}', lambda status: status == 400, body=text)
        self.call('too large', lambda status: status == 413, body={'data': 'a' * 300000})
        self.call('as text', lambda status: status == 415, headers={'Content-Type': 'text/plain'})
        schema = self.document.resolve(self.operation.body)
        for name in schema.get('required', []):
            self.call(f'without {name}', refused, body={key: value for key, value in self.body.items() if key != name})
            self.call(f'{name} is null', refused, body={**self.body, name: None})
        for name, member in schema.get('properties', {}).items():
            for what, value in self.document.bad(member):
                self.call(f'{name} is {what} ({value!r:.40})', refused, body={**self.body, name: value})
            if 'string' in self.document.resolve(member).get('type', []):
                for value in INJECTIONS:
                    self.call(f'{name} is {value!r}', body={**self.body, name: value})

    def run(self):
        due = OTHERWISE.get(self.operation.id)
        self.prepare()
        self.try_tokens()
        self.try_query()
        self.try_path()
        self.try_body()
        self.prepare()      # what was tried may have used up what is needed
        self.call('as it should be', (lambda status: status == due) if due else (lambda status: status < 300))
        return self.wrong


def compare_routes(program, document):
    """The calls of both, with who may make them."""
    printed = subprocess.run([program, '--print-routes'], check=True, capture_output=True, text=True, timeout=20).stdout
    generalize = lambda path: '/'.join('{}' if part.startswith('{') else part for part in path.split('/'))
    served = {(method, generalize(path), who) for method, path, who in map(str.split, printed.splitlines())}
    described = {(one.method, generalize(one.path), 'anybody' if one.anybody else one.role or 'member')
                 for one in document.operations()}
    return [f'{" ".join(one)} is served, but not described so' for one in sorted(served - described)] + \
           [f'{" ".join(one)} is described, but not served so' for one in sorted(described - served)]


def try_methods(service, document):
    wrong = []
    for path, item in document.root['paths'].items():
        allowed = {method.upper() for method in METHODS if method in item}
        for method in {'GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'} - allowed:
            answer = service.call(method, path.replace('{', '').replace('}', ''))
            told = set((answer.headers.get('Allow') or '').split(', ')) - {'HEAD'}
            if answer.status != 405 or not allowed <= told or answer.json()['type'].rsplit('/', 1)[-1] != 'method-not-allowed':
                wrong.append(f'{method} {path}: {answer.status}, Allow: {answer.headers.get("Allow")}')
    return wrong


def report(number, name, wrong):
    print(('not ' if wrong else '') + f'ok {number} {name}')
    for line in wrong[:20]:
        print(f'# {line}')
    sys.stdout.flush()
    return not wrong


def main():
    document, program = Document(Path(sys.argv[1])), sys.argv[2]
    only = sys.argv[3:]
    operations = [one for one in document.operations() if not only or one.id in only]
    print(f'1..{len(operations) + 4}')
    good = report(1, 'the description is sound', document.check())
    good &= report(2, 'it has the calls that are served', compare_routes(program, document))
    with tempfile.TemporaryDirectory() as directory:
        service = Service(program, directory)
        try:
            good &= report(3, 'other methods are not allowed', try_methods(service, document))
            for number, operation in enumerate(operations, 4):
                try:
                    wrong = Case(service, operation).run()
                except (AssertionError, OSError, ValueError, KeyError) as error:
                    wrong = [f'{operation}: {type(error).__name__}: {error}']
                good &= report(number, f'{operation.id}: {operation}', wrong)
        finally:
            status = service.stop()
        good &= report(len(operations) + 4, 'it stops in order', [f'it ended with {status}'] if status else [])
    return 0 if good else 1


sys.exit(main())
