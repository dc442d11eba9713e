# SPDX-License-Identifier: GPL-3.0-or-later
"""An OpenAPI description: what it promises, and input made from it, good and bad."""
import re

import jsonschema
import yaml

METHODS = ('get', 'put', 'post', 'delete', 'patch')
# What somebody might try in any string that ends in SQL, a search, a file, a page or a log.
INJECTIONS = ("' OR 1=1 --", '"; DROP TABLE messages; --', 'a" OR "b', 'NEAR(a b)', '*', '-a', '<script>alert(1)</script>',
              '=HYPERLINK("x")', '${jndi:x}', '%s%n', '../../etc/passwd', 'a\u202eb', 'a\u2028b', '\ufeff', 'a\nb', '\x7f')


class Operation:
    def __init__(self, document, path, method, item):
        self.document, self.path, self.method = document, path, method.upper()
        self.description = item[method]
        self.id = self.description['operationId']
        self.role = self.description.get('x-role')
        self.anybody = self.description.get('security') == []
        parameters = item.get('parameters', []) + self.description.get('parameters', [])
        self.path_parameters = [one for one in parameters if one['in'] == 'path']
        self.query = [one for one in parameters if one['in'] == 'query']
        body = self.description.get('requestBody')
        self.body = body and body['content']['application/json']['schema']

    def __str__(self):
        return f'{self.method} {self.path}'

    def find_response(self, status):
        """(response, the names of the problems that it may be: None for no problem)"""
        responses = self.description['responses']
        response = responses.get(str(status)) or responses['default']
        where = response.get('description', '') if '$ref' in response else ''
        if '$ref' in response:
            response = self.document.resolve(response)
        if 'application/problem+json' in response.get('content', {}):
            return response, set(re.findall(r'`([a-z-]+)`', where)) | self.document.trouble.get(status, set())
        return response, None


class Document:
    def __init__(self, path):
        self.root = yaml.safe_load(path.read_text('utf-8'))
        self.resolver = jsonschema.RefResolver('', self.root)
        # "`internal` (500), `stopping`, `timeout` (503, with …)": names before their status
        self.trouble, names = {}, []
        for name, status in re.findall(r'`([a-z-]+)`|\((\d{3})', self.root['components']['responses']['Trouble']['description']):
            if name:
                names.append(name)
            else:
                self.trouble[int(status)], names = set(names), []

    def resolve(self, node):
        while '$ref' in node:
            node = self.resolver.resolve(node['$ref'])[1]
        return node

    def operations(self):
        return [Operation(self, path, method, item)
                for path, item in self.root['paths'].items() for method in METHODS if method in item]

    def problems(self, schema, value):
        """What is wrong with @value: sentences."""
        validator = jsonschema.Draft202012Validator(schema, resolver=self.resolver)
        return [f"{'/'.join(map(str, error.absolute_path)) or 'it'}: {error.message}"[:300]
                for error in validator.iter_errors(value)]

    def check(self):
        """What is wrong with the description itself: sentences."""
        wrong = []

        def walk(node, where):
            if isinstance(node, dict):
                if '$ref' in node:
                    try:
                        self.resolve(node)
                    except jsonschema.RefResolutionError:
                        wrong.append(f"{where}: there is no {node['$ref']}")
                for key, value in node.items():
                    walk(value, f'{where}/{key}')
            elif isinstance(node, list):
                for i, value in enumerate(node):
                    walk(value, f'{where}/{i}')

        walk(self.root, '')
        for name, schema in self.root['components']['schemas'].items():
            try:
                jsonschema.Draft202012Validator.check_schema(schema)
            except jsonschema.SchemaError as error:
                wrong.append(f'schema {name}: {error.message}')
            wrong += [f'schema {name}: its required {member} is no property of it'
                      for member in schema.get('required', []) if member not in schema.get('properties', {})]
        ids = [operation.id for operation in self.operations()]
        wrong += [f'{one} is the id of several operations' for one in set(ids) if ids.count(one) > 1]
        for operation in self.operations():
            declared = {one['name'] for one in operation.path_parameters}
            if declared != set(re.findall(r'\{(\w+)\}', operation.path)):
                wrong.append(f'{operation}: its path and its parameters are not the same')
        return wrong

    def good(self, schema, whole=False):
        """A value that @schema takes; an object with the members that it must have, or with all."""
        schema = self.resolve(schema)
        for key in ('examples', 'enum'):
            if key in schema:
                return schema[key][0]
        if 'default' in schema:
            return schema['default']
        kind = schema['type'][0] if isinstance(schema['type'], list) else schema['type']
        if kind == 'object':
            members = schema.get('properties', {}) if whole else schema.get('required', [])
            return {member: self.good(schema['properties'][member], whole) for member in members}
        if kind == 'array':
            return [self.good(schema['items'], whole)] * schema.get('minItems', 0)
        return {'string': 'a' * max(schema.get('minLength', 1), 1), 'integer': max(schema.get('minimum', 1), 1),
                'boolean': True, 'null': None}[kind]

    def bad(self, schema, text=False):
        """Values that @schema does not take, each with what is wrong with it. @text: all are strings, as in a query."""
        schema = self.resolve(schema)
        values = []
        if not text:
            values += [('a wrong type', value) for value in (7.5, [], {}, True, 'texto', -1)]
        if schema.get('maxLength'):
            values.append(('too long', 'a' * (schema['maxLength'] + 1)))
        if schema.get('maxItems'):
            values.append(('too many', [self.good(schema['items'])] * (schema['maxItems'] + 1)))
        for bound, step in (('minimum', -1), ('maximum', 1)):
            if bound in schema:
                values.append((f'beyond its {bound}', schema[bound] + step))
        if text:
            values = [(what, str(value)) for what, value in values]
        values += [('nothing', ''), ('no such thing', 'no es nada de eso!'), ('an injection', INJECTIONS[0])]
        return [(what, value) for what, value in values if not self.takes(schema, value, text)]

    def takes(self, schema, value, text):
        kinds = schema.get('type', [])
        if text and 'integer' in kinds:
            if not re.fullmatch(r'-?[0-9]+', value):
                return False
            value = int(value)
        if schema.get('format') == 'date-time' and isinstance(value, str):
            return re.match(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d', value) is not None
        return not self.problems(schema, value)

    def broken(self, schema, value):
        """Copies of @value, each without something that it must have or with something of a wrong type."""
        schema = self.resolve(schema)
        if isinstance(value, dict):
            for member in schema.get('required', []):
                yield f'without {member}', {key: one for key, one in value.items() if key != member}
                yield f'{member} of another type', {**value, member: {'no': ['such', 'thing']}}
            if schema.get('additionalProperties') is False:
                yield 'with a member that is not described', {**value, 'nonesuch': 1}
