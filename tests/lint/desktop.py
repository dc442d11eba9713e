# SPDX-License-Identifier: GPL-3.0-or-later
"""What a desktop and a shop of applications show of this one is complete: usage: desktop.py SOURCE_ROOT DESKTOP_FILE
METAINFO D-BUS_SERVICE VERSION. That they are valid, desktop-file-validate and appstreamcli say."""
import configparser
import re
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

import tap


def entries(path):
    parser = configparser.ConfigParser(interpolation=None, delimiters=['='])
    parser.optionxform = str
    parser.read(path, encoding='utf-8')
    return parser


def metainfo(root, path, version):
    """What is missing in the metainfo."""
    tree = xml.parse(path).getroot()
    missing = [f'{path.name}: has no {name}' for name in ('summary', 'description', 'keywords', 'screenshots', 'releases',
                                                          'content_rating', 'url', 'launchable', 'provides', 'branding/color',
                                                          'supports/control', 'requires/display_length') if tree.find(name) is None]
    for image in tree.iterfind('screenshots/screenshot/image'):
        name = image.text.rsplit('/', 1)[1]
        if not (root / 'data' / 'screenshots' / name).is_file():
            missing.append(f'{path.name}: the screenshot {name} is not in data/screenshots')
    newest = tree.find('releases/release')
    if newest is not None and newest.get('version') != version:
        missing.append(f'{path.name}: its newest release is {newest.get("version")}, not {version}')
    language = '{http://www.w3.org/XML/1998/namespace}lang'
    if not any(summary.get(language) == 'es' for summary in tree.iterfind('summary')):
        missing.append(f'{path.name}: is not in Spanish: complete po/es.po')
    return missing


def activation(desktop, service):
    """The desktop file and the D-Bus service speak of the same program."""
    entry, bus = entries(desktop)['Desktop Entry'], entries(service)['D-BUS Service']
    missing = []
    if bus['Name'] != desktop.name.removesuffix('.desktop'):
        missing.append(f'{service.name}: is for {bus["Name"]}, {desktop.name} asks for another name')
    if entry.get('DBusActivatable') != 'true' or '--gapplication-service' not in bus['Exec']:
        missing.append(f'{desktop.name}: a click on a notification does not start the application (DBusActivatable, --gapplication-service)')
    if 'x-scheme-handler/tertulia;' not in entry.get('MimeType', '') or not entry.get('Exec', '').endswith('%u'):
        missing.append(f'{desktop.name}: a link tertulia:// does not open the application (MimeType, Exec … %u)')
    return missing + [f'{desktop.name}: has no {key}' for key in ('Keywords', 'GenericName', 'Comment', 'Icon') if key not in entry]


def icons(root):
    """The icon for every size, and one of a single colour for 16 pixels."""
    directory = root / 'data' / 'icons'
    found = []
    for name in ('chat.tertulia.Tertulia.svg', 'chat.tertulia.Tertulia-symbolic.svg'):
        picture = xml.parse(directory / name).getroot()
        if picture.get('viewBox') is None:
            found.append(f'{name}: has no viewBox, so that it has one size only')
    text = (directory / 'chat.tertulia.Tertulia-symbolic.svg').read_text(encoding='utf-8')
    colours = set(re.findall(r'#[0-9a-fA-F]{3,8}', text))
    if len(colours) != 1 or 'gradient' in text.lower():
        found.append(f'the symbolic icon has the colours {sorted(colours)}: a shell draws it in one of its own')
    if 'viewBox="0 0 16 16"' not in text:
        found.append('the symbolic icon is not drawn on 16 × 16 pixels')
    return found


if __name__ == '__main__':
    source, desktop_file, metainfo_file, bus_service = (Path(argument) for argument in sys.argv[1:5])
    tap.run({'the metainfo is complete': lambda: metainfo(source, metainfo_file, sys.argv[5]),
             'the application can be activated': lambda: activation(desktop_file, bus_service),
             'the icons are for every size': lambda: icons(source)})
