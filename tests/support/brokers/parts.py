# SPDX-License-Identifier: GPL-3.0-or-later
"""What the brokers and the store have in common: programs, ports, children that die with their parent, certificates."""
import ctypes
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
HOST = '127.0.0.1'
LIBC = ctypes.CDLL(None)


class Missing(Exception):
    """Something that has to be installed is not there; the text says what."""


class Broken(Exception):
    """It is there, and does not work; the text says how."""


def program(name, package, folder=None):
    """The path of a program, which this Debian package brings."""
    found = shutil.which(name, path=folder) if folder else shutil.which(name)
    if not found:
        raise Missing(f'{name} is not installed (Debian: {package})')
    return found


def free_port(taken=set()):  # pylint: disable=dangerous-default-value
    """A port of the loopback address that nobody listens on, below those that the kernel hands to connections: while a
    broker is down, a client that connects to one of those again and again could come to be connected with itself."""
    low = int(Path('/proc/sys/net/ipv4/ip_local_port_range').read_text(encoding='ascii').split()[0])
    ports = range(10000, low) if low > 12000 else range(max(low, 10000), 65000)
    while True:
        port = random.choice(ports)
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
        if port not in taken:
            taken.add(port)
            return port


def spawn(arguments, log, *, environment=None, directory=None, user=None, **options):
    """Starts a program that the kernel kills when this process ends; what it writes goes to the end of a log."""
    def die_with_parent():
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    identity = {'user': user.pw_uid, 'group': user.pw_gid, 'extra_groups': []} if user else {}
    with open(log, 'ab') as output:
        return subprocess.Popen([str(word) for word in arguments], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                env=environment, cwd=directory, start_new_session=True, preexec_fn=die_with_parent,
                                **identity, **options)


def run(arguments, *, environment=None, directory=None, user=None, timeout=60, what=None):
    """Runs a program to its end. Returns what it wrote; Broken where it failed."""
    identity = {'user': user.pw_uid, 'group': user.pw_gid, 'extra_groups': []} if user else {}
    what = what or os.path.basename(str(arguments[0]))
    try:
        answer = subprocess.run([str(word) for word in arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                env=environment, cwd=directory, timeout=timeout, check=False, **identity)
    except subprocess.TimeoutExpired:
        raise Broken(f'{what} did not end within {timeout} s') from None
    if answer.returncode != 0:
        raise Broken(f'{what} ended with status {answer.returncode}: {(answer.stderr + answer.stdout).strip()[-2000:]}')
    return answer.stdout


def wait_until(check, process, log, what, seconds=90):
    """Waits until the check is true; Broken, with the end of its log, where the process ended or did not come up."""
    deadline = time.monotonic() + seconds
    while not check():
        if process.poll() is not None:
            raise Broken(f'{what} ended with {process.returncode}: {tail(log)}')
        if time.monotonic() > deadline:
            raise Broken(f'{what} was not ready within {seconds} s: {tail(log)}')
        time.sleep(0.05)


def wait_for(check, what, seconds=20):
    """Waits until the check is true; AssertionError where that takes longer."""
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            raise AssertionError(f'within {seconds} s it did not come to this: {what}')
        time.sleep(0.02)


def tail(log):
    text = Path(log).read_text(encoding='utf-8', errors='replace') if Path(log).exists() else ''
    return text.strip()[-2000:] or '(it wrote nothing)'


def process_state(pid):
    """The state letter and the parent of a process; None where there is none, or only its status is left to be read."""
    try:
        state, parent = Path(f'/proc/{pid}/stat').read_text(encoding='utf-8', errors='replace').rpartition(')')[2].split()[:2]
    except (OSError, ValueError):
        return None
    return None if state in 'ZX' else (state, int(parent))


def descendants(pid):
    """A process and all that came from it, parents first."""
    children = {}
    for entry in Path('/proc').iterdir():
        if entry.name.isdigit() and (state := process_state(entry.name)):
            children.setdefault(state[1], []).append(int(entry.name))
    found = [pid]
    for known in found:
        found += children.get(known, [])
    return found


def send_signal(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def make_certificates(directory, *, expired=False):
    """A certificate authority, one for the server and one for the client `chat`, an expired one for the same client,
    and an authority that signed nothing of these. With `expired` the server's has expired too."""
    openssl = program('openssl', 'openssl')
    directory.mkdir()
    key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
    for name in ('ca', 'other-ca'):
        run([openssl, 'req', '-x509', *key, '-keyout', f'{name}.key', '-out', f'{name}.pem', '-days', '30',
             '-subj', f'/CN=Tertulia test {name}', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'], directory=directory)
    for name, subject, usage, days in (('server', 'localhost', 'serverAuth', -1 if expired else 30),
                                       ('client', 'chat', 'clientAuth', 30),
                                       ('expired-client', 'chat', 'clientAuth', -1)):
        (directory / 'extensions').write_text('basicConstraints = CA:FALSE\nsubjectAltName = IP:127.0.0.1, DNS:localhost\n'
                                              f'extendedKeyUsage = {usage}\n', encoding='ascii')
        run([openssl, 'req', *key, '-keyout', f'{name}.key', '-out', 'request', '-subj', f'/CN={subject}'], directory=directory)
        run([openssl, 'x509', '-req', '-in', 'request', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-days', str(days),
             '-extfile', 'extensions', '-out', f'{name}.pem'], directory=directory)
    return {'ca': str(directory / 'ca.pem'), 'other_ca': str(directory / 'other-ca.pem'),
            'certificate': str(directory / 'client.pem'), 'key': str(directory / 'client.key'),
            'expired_certificate': str(directory / 'expired-client.pem'), 'expired_key': str(directory / 'expired-client.key')}
