# SPDX-License-Identifier: GPL-3.0-or-later
"""The sample configurations are right, and so is what describes containers, as far as that shows without an engine:
usage: container.py SOURCE_ROOT PROGRAM."""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import tap

# What a file of a configuration is replaced with, so that it can be looked at where the file is not.
FILES = {
    'ca_file': '-----BEGIN CERTIFICATE-----\n',
    'password_file': 'secret\n',
    'signing_key': '00' * 32 + '\n',
}


def with_files(text, directory):
    """The configuration with its files in this directory, which are written there."""
    def place(found):
        path = Path(directory) / found.group(2).replace('/', '_')
        path.write_text(FILES[found.group(1)], encoding='ascii')
        return f'{found.group(1)} = {path}'
    return re.sub(rf'^({"|".join(FILES)}) = (\S+)$', place, text, flags=re.MULTILINE)


def wrong_configuration(path, program):
    """What the program has against it."""
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory) / path.name
        copy.write_text(with_files(path.read_text(encoding='utf-8'), directory), encoding='utf-8')
        answer = subprocess.run([program, '--config', copy, '--check-config'], capture_output=True, text=True, check=False,
                                timeout=60)
        if 'built without' in answer.stderr:
            raise tap.Skip(answer.stderr.strip())
        return [f'{path}: {answer.stderr.strip()}'] if answer.returncode else []


def parse(path):
    """The compose file as objects; PyYAML is not everywhere."""
    try:
        import yaml
    except ImportError as missing:
        raise tap.Skip('PyYAML is not installed') from missing
    return yaml.safe_load(path.read_text(encoding='utf-8'))


def wrong_service(path, compose, name, service, program):
    """What is wrong with one service of a compose file."""
    place, complaints = f'{path}: {name}', []
    build = service.get('build')
    if build:
        context = path.parent / build['context']
        if not (context / build['dockerfile']).is_file():
            complaints.append(f'{place}: {build["dockerfile"]} is not in its context {build["context"]}')
        answer = subprocess.run([program, *[w for w in service['command'] if not w.startswith(('--config', '/'))],
                                 '--check-config'], capture_output=True, text=True, check=False, timeout=60)
        # alone, without the file, a part of the roles is a mistake; that it is a role is what is looked at
        if answer.returncode and 'must have all roles' not in answer.stderr:
            complaints.append(f'{place}: {answer.stderr.strip()}')
    elif not re.fullmatch(r'[\w.-]+(/[\w.-]+)+:[\w.-]+', service['image']):
        complaints.append(f'{place}: the image {service["image"]} should be HOST/NAME:VERSION')
    for volume in service.get('volumes', []):
        source = volume.split(':')[0]
        if source.startswith('.') and not (path.parent / source).is_file():
            complaints.append(f'{place}: {source} is not there')
        elif not source.startswith('.') and source not in compose['volumes']:
            complaints.append(f'{place}: the volume {source} is not declared')
    for kind in ('secrets', 'configs'):
        for used in service.get(kind, []):
            source = used if isinstance(used, str) else used['source']
            if source not in compose.get(kind, {}):
                complaints.append(f'{place}: {source} is not among the {kind}')
    complaints += [f'{place}: it depends on {other}, which is not there'
                   for other in service.get('depends_on', {}) if other not in compose['services']]
    return complaints


def wrong_secrets(path, compose, text):
    """Files under /run/secrets that the configuration names and its services are not given, or the other way round."""
    named = set(re.findall(r'^\w+ = /run/secrets/(\w+)$', text, re.MULTILINE))
    given = set(compose['x-tertulia']['secrets'])
    return [f'{path}: {name} is in one of secrets and configuration only' for name in sorted(named ^ given)]


def wrong_compose(path, program):
    compose = parse(path)
    configuration = path.parent / (path.stem.removeprefix('compose-') + '.conf')
    complaints = wrong_secrets(path, compose, configuration.read_text(encoding='utf-8'))
    roles = {word.removeprefix('server.roles=') for service in compose['services'].values()
             for word in service.get('command', []) if word.startswith('server.roles=')}
    if roles != {'api', 'moderator', 'archiver', 'bots'}:
        complaints.append(f'{path}: the roles are {sorted(roles)}')
    for name, service in compose['services'].items():
        complaints += wrong_service(path, compose, name, service, program)
    return complaints


def packages_of(root):
    """The packages of data/packages, by section."""
    sections, section = {}, None
    for line in (root / 'data' / 'packages').read_text(encoding='utf-8').splitlines():
        if found := re.fullmatch(r'\[(\w+)\]', line):
            section = sections.setdefault(found.group(1), set())
        elif line and not line.startswith('#'):
            section.add(line)
    return sections


def wrong_containerfile(root):
    path = root / 'data' / 'container' / 'Containerfile'
    text = path.read_text(encoding='utf-8').replace('\\\n', ' ')
    build, last = re.split(r'^FROM ', text, flags=re.MULTILINE)[1:]
    install = re.compile(r'--no-install-recommends ([^&\n]*)')
    known = packages_of(root)
    complaints = [f'{path}: {name} is not among the packages for building'
                  for name in install.search(build).group(1).split() if name not in known['build']]
    options = (root / 'meson_options.txt').read_text(encoding='utf-8')
    complaints += [f'{path}: there is no option {name}' for name in re.findall(r'-D(\w+)=', build)
                   if f"option('{name}'" not in options]
    if 'ENTRYPOINT ["tertulia-server"]' not in last:
        complaints.append(f'{path}: it should start tertulia-server')
    return complaints


def main():
    root, program = Path(sys.argv[1]), Path(sys.argv[2]).resolve()
    container = root / 'data' / 'container'
    checks = {'the Containerfile names what there is': lambda: wrong_containerfile(root)}
    for path in sorted((root / 'data' / 'configurations').glob('*.conf')) + sorted(container.glob('*.conf')):
        checks[f'{path.relative_to(root)} is right'] = lambda path=path: wrong_configuration(path, program)
    for path in sorted(container.glob('*.yaml')):
        checks[f'{path.relative_to(root)} names what there is'] = lambda path=path: wrong_compose(path, program)
    tap.run(checks)


if __name__ == '__main__':
    main()
