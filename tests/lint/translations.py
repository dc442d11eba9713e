# SPDX-License-Identifier: GPL-3.0-or-later
"""Every string can be translated, and every language has it: usage: translations.py SOURCE_ROOT."""
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import tap

IN_CODE = re.compile(r'(?<!\w)(_|N_|C_|NC_|ngettext|g_dngettext|g_dcgettext|g_dpgettext2)\s*\(\s*"')
IN_TEMPLATE = re.compile(r'translatable="(yes|true|1)"')
IN_SCHEMA = re.compile(r'<(summary|description)>')
# A macro such as G_GSIZE_FORMAT within a string: the translators see what is before it only.
CUT_SHORT = re.compile(r'"((?:[^%\n]|%%|%[^"\n])*%)"\nmsg')
# What meson's preset "glib" gives to xgettext.
KEYWORDS = ['_', 'N_', 'C_:1c,2', 'NC_:1c,2', 'g_dcgettext:2', 'g_dngettext:2,3', 'g_dpgettext2:2c,3']


def has_strings(path, text):
    if path.suffix in ('.c', '.h'):
        return bool(IN_CODE.search(text))
    if path.name.endswith('.gschema.xml'):
        return bool(IN_SCHEMA.search(text))
    if re.search(r'\.(desktop|metainfo\.xml|service)\.in(\.in)?$', path.name):
        return path.name.split('.in')[0].endswith(('.desktop', '.metainfo.xml'))
    return path.suffix in ('.ui', '.xml') and bool(IN_TEMPLATE.search(text))


def listed(root, name):
    return [line.strip() for line in (root / 'po' / name).read_text(encoding='utf-8').splitlines()
            if line.strip() and not line.startswith('#')]


def potfiles(root, files):
    """POTFILES.in is sorted, and names the files with strings and no other."""
    names = listed(root, 'POTFILES.in')
    wanted = {path.as_posix() for path in files if path.parts[0] in ('src', 'data')
              and has_strings(path, tap.read(root / path) or '')}
    found = [f'po/POTFILES.in: {name} has strings to translate and is not listed' for name in sorted(wanted - set(names))]
    found += [f'po/POTFILES.in: {name} is listed but has no string to translate' for name in sorted(set(names) - wanted)]
    if names != sorted(names):
        found.append('po/POTFILES.in: is not sorted')
    return found


def tool(*command):
    """Runs a tool of gettext; its complaints."""
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return [line for line in answer.stderr.splitlines() if line.strip()] if answer.returncode else []


def incomplete(root, language, template):
    """What a language lacks: its file is well-formed, and has each string, translated and not fuzzy."""
    po = root / 'po' / f'{language}.po'
    if not po.is_file():
        return [f'po/LINGUAS names {language}, but there is no po/{language}.po']
    found = tool('msgfmt', '--check', '--output-file=/dev/null', po)
    if template.is_file():
        found += tool('msgcmp', po, template)
    if found:
        found.append(f'run `ninja -C build tertulia-update-po` and translate what is new in po/{language}.po')
    return found


def languages(root):
    """Every language of LINGUAS against the strings as they are in the sources now."""
    if not shutil.which('xgettext'):
        raise tap.Skip('gettext is not installed')
    with tempfile.TemporaryDirectory() as scratch:
        template = Path(scratch) / 'tertulia.pot'
        found = tool('xgettext', '--from-code=UTF-8', '--add-comments', f'--directory={root}',
                     f'--files-from={root}/po/POTFILES.in', f'--output={template}',
                     *(f'--keyword={keyword}' for keyword in KEYWORDS))
        if template.is_file():
            found += [f'"{string}" ends within a format: put what a macro formats into a %s of its own'
                      for string in CUT_SHORT.findall(template.read_text(encoding='utf-8'))]
        for language in listed(root, 'LINGUAS'):
            found += [line.replace(f'{root}/', '') for line in incomplete(root, language, template)]
    return found


if __name__ == '__main__':
    top = Path(sys.argv[1])
    tap.run({'po/POTFILES.in is complete': lambda: potfiles(top, tap.tree_files(top)),
             'every language is complete': lambda: languages(top)})
