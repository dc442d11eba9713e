# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifests of the Flatpak, their permissions and what flatpak/README.md says of them agree: usage: flatpak.py
SOURCE_ROOT. That they build and hold in a sandbox, flatpak/build-offline shows."""
import json
import re
import sys
from pathlib import Path

import tap

RELEASED, DEVEL = 'chat.tertulia.Tertulia.json', 'chat.tertulia.Tertulia.Devel.json'
GROUPS = {'share': 'shared', 'socket': 'sockets', 'device': 'devices'}


def load(root, name):
    return json.loads((root / 'flatpak' / name).read_text(encoding='utf-8'))


def unpinned(manifest):
    """The sources that may be another thing tomorrow."""
    found = []
    for module in manifest['modules']:
        for source in module['sources']:
            if source['type'] == 'archive':
                if not source['url'].startswith('https://') or not re.fullmatch('[0-9a-f]{64}', source.get('sha256', '')):
                    found.append(f'{module["name"]}: {source["url"]} needs https and a sha256')
            elif source != {'type': 'dir', 'path': '..', 'skip': source.get('skip')}:
                found.append(f'{module["name"]}: a source is an archive with its checksum, or this tree')
    return found


def difference(released, devel):
    """What of the variant is more than another name."""
    expected = json.loads(json.dumps(released))
    expected['id'] += '.Devel'
    expected['modules'][-1]['config-opts'].append('-Dprofile=development')
    return [] if devel == expected else [f'{DEVEL}: is not {RELEASED} with another id and -Dprofile=development']


def permissions(manifest, reviewed, readme):
    """The manifest, the reviewed list and the reasons name the same."""
    asked = manifest['finish-args']
    found = [f'flatpak/README.md: gives no reason for {argument}' for argument in asked
             if not re.search(rf'^\| `{argument}` \| \S', readme, re.MULTILINE)]
    found += [f'flatpak/README.md: gives a reason for {argument}, which nobody asks for'
              for argument in re.findall(r'^\| `(--[^`]+)` \|', readme, re.MULTILINE) if argument not in asked]
    listed = set()
    for line in reviewed.splitlines():
        group, _, values = line.partition('=')
        listed |= {(group, value) for value in values.split(';') if value and not line.startswith('#')}
    wanted = {(GROUPS.get(kind, kind), value) for kind, value in (argument[2:].split('=') for argument in asked)}
    if ('sockets', 'fallback-x11') in wanted:
        wanted.add(('sockets', 'x11'))      # which Flatpak adds itself
    if listed != wanted:
        found.append(f'flatpak/permissions: has {sorted(listed)}, the manifest asks for {sorted(wanted)}')
    return found


def check_permissions(root):
    texts = [(root / 'flatpak' / name).read_text(encoding='utf-8') for name in ('permissions', 'README.md')]
    return permissions(load(root, RELEASED), *texts)


if __name__ == '__main__':
    source = Path(sys.argv[1])
    tap.run({'every source is pinned': lambda: unpinned(load(source, RELEASED)),
             'the variant differs in its name only': lambda: difference(load(source, RELEASED), load(source, DEVEL)),
             'every permission has its reason': lambda: check_permissions(source)})
