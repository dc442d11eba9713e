# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What data/quickstart and tests/run have in common. Sourced, never run. The caller sets `command_name` (for messages)
# and `source_dir` (the top of the tree).

say () { printf '==> %s\n' "$*"; }
note () { printf '    %s\n' "$*"; }

# fail WHAT [LINE…]: says what is wrong and what to do about it, and ends the command.
fail () {
  printf '%s: %s\n' "$command_name" "$1" >&2
  shift
  [ $# -eq 0 ] || printf '    %s\n' "$@" >&2
  exit 1
}

# packages_of SECTION…: the packages of these sections of data/packages, one a line.
packages_of () {
  awk -v wanted=" $* " '
    { sub (/#.*/, ""); gsub (/[ \t\r]/, "") }
    /^\[.*\]$/ { section = substr ($0, 2, length ($0) - 2); next }
    $0 != "" && index (wanted, " " section " ") { print }
  ' "$source_dir/data/packages"
}

# missing_packages SECTION…: those of them that are not installed.
missing_packages () {
  comm -23 <(packages_of "$@" | sort -u) \
    <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' | awk '$1 == "installed" { print $2 }' | sort -u)
}

# Whether commands can be run as root; sudo may ask for a password only where there is a terminal.
can_be_root () {
  if [ "$EUID" -eq 0 ]; then return 0; fi
  command -v sudo >/dev/null || return 1
  if [ -t 0 ]; then sudo -v; else sudo -n true 2>/dev/null; fi
}

# as_root COMMAND…
as_root () {
  if [ "$EUID" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# apt_get ARGUMENT…: apt-get as root; it asks nothing and waits for another package manager to finish.
apt_get () {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600 "$@" </dev/null
}

# Fetches the lists of packages. APT waits for dpkg's lock only, so that of the lists is waited for here. Failing is
# no end: the lists that are there may do.
update_lists () {
  local tries output
  for tries in {1..60}; do
    output=$(LC_ALL=C apt_get update 2>&1) && return 0
    [[ $output == *"Could not get lock"* ]] || break
    [ "$tries" -gt 1 ] || note "Another package manager is at work; waiting for it."
    read -r -t 10 <> <(:) || true
  done
  note "apt-get update failed; trying with the lists that are there. It said:"
  printf '%s\n' "$output" | grep -E '^[EW]:' | head -n 5 | sed 's/^/    /'
}

# Sets the array new_services: the units of this system that the missing packages (the arguments) would bring with them.
find_new_services () {
  local installed
  new_services=()
  installed=" $(dpkg-query -W -f '${db:Status-Status} ${Package}\n' | awk '$1 == "installed" { printf "%s ", $2 }')"
  if [[ " $* " == *" rabbitmq-server "* ]]; then
    new_services+=(rabbitmq-server.service)
    [[ $installed == *" erlang-base "* ]] || new_services+=(epmd.service epmd.socket)
  fi
  if [[ " $* " == *" postgresql-15 "* && $installed != *" postgresql-common "* ]]; then new_services+=(postgresql.service); fi
}

# install_quietly PACKAGE…: installs them as `apt_get install` does. What they bring as services of this system is not
# started, now or at the next boot, and PostgreSQL gets no database of its own: the tests start theirs by themselves.
install_quietly () (
  policy=/usr/sbin/policy-rc.d cluster=/etc/postgresql-common/createcluster.d/tertulia.conf written=()
  clean () { [ ${#written[@]} -eq 0 ] || as_root rm -f "${written[@]}"; }
  trap clean EXIT
  trap 'exit 130' INT TERM HUP
  find_new_services "$@"
  if [[ " $* " == *" postgresql-15 "* && ! -e $cluster ]]; then
    as_root mkdir -p "${cluster%/*}"
    written+=("$cluster")
    as_root tee "$cluster" >/dev/null <<<"create_main_cluster = false"
  fi
  # where there is a policy already, it is its owner's to say what starts
  if [ ${#new_services[@]} -gt 0 ] && [ ! -e $policy ]; then
    written+=("$policy")
    # the script of a service goes by its bare name; 101 is "no", 104 "yes"
    as_root tee $policy >/dev/null <<END
#!/bin/sh
case " ${new_services[*]} " in *" \$1 "* | *" \$1.service "*) exit 101 ;; *) exit 104 ;; esac
END
    as_root chmod 755 $policy
  fi
  apt_get install --no-install-recommends "$@" || exit
  for unit in "${new_services[@]}"; do
    # without clusters PostgreSQL's starts nothing
    [ "$unit" != postgresql.service ] || continue
    ! command -v systemctl >/dev/null || as_root systemctl disable "$unit" || true
    [ ! -e "/etc/init.d/${unit%.service}" ] || as_root update-rc.d "${unit%.service}" disable || true
  done
)

# install_missing SECTION…: installs what is missing, saying what. Ends the command where that cannot be done.
install_missing () {
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "This is no Debian system. Going on with what is there; these packages have to be there under their names here:"
    packages_of "$@" | paste -sd' ' | fold -s -w 110 | sed 's/^/    /'
    return 0
  fi
  local missing log
  mapfile -t missing < <(missing_packages "$@")
  if [ ${#missing[@]} -eq 0 ]; then
    say "Nothing to install: all packages of data/packages ($(printf '%s, ' "$@" | sed 's/, $//')) are there."
    return 0
  fi
  say "Installing ${#missing[@]} packages that are missing: ${missing[*]}"
  can_be_root || fail "cannot install packages: this is not root, and sudo is not there or refuses." \
    "Either run these two as root, then start again:" \
    "    apt-get update" "    apt-get install --no-install-recommends ${missing[*]}" \
    "or start again with --no-install to go on without them."
  log=$(mktemp "${TMPDIR:-/tmp}/tertulia-install.XXXXXX.log")
  update_lists
  install_quietly "${missing[@]}" >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    fail "apt-get could not install them; all it said is in $log."
  }
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -eq 0 ] || fail "apt-get ended well, but these are still missing: ${missing[*]}" "What it said: $log"
  rm -f "$log"
}

# Sets the array as_user: the words that run a command as the user who called sudo, in that user's home and session;
# empty where nobody did.
find_invoking_user () {
  as_user=()
  [ "$EUID" -eq 0 ] && [ -n "${SUDO_USER:-}" ] && [ "$SUDO_USER" != root ] || return 0
  local entry uid gid home runtime
  entry=$(getent passwd "$SUDO_USER") || return 0
  IFS=: read -r _ _ uid gid _ home _ <<<"$entry"
  runtime=/run/user/$uid
  as_user=(setpriv --reuid "$uid" --regid "$gid" --init-groups -- env -u SUDO_USER -u SUDO_UID -u SUDO_GID
    -u SUDO_COMMAND -u XDG_RUNTIME_DIR -u DBUS_SESSION_BUS_ADDRESS "HOME=$home" "USER=$SUDO_USER" "LOGNAME=$SUDO_USER")
  [ ! -d "$runtime" ] || as_user+=("XDG_RUNTIME_DIR=$runtime")
  [ ! -S "$runtime/bus" ] || as_user+=("DBUS_SESSION_BUS_ADDRESS=unix:path=$runtime/bus")
  # sudo hands DISPLAY on, but not this one
  if [ -z "${WAYLAND_DISPLAY:-}" ] && [ -S "$runtime/wayland-0" ]; then as_user+=(WAYLAND_DISPLAY=wayland-0); fi
}

# continue_as_invoking_user ARGUMENT…: root was needed to install only. Where the user who called sudo may write to
# the tree, starts the command again as that user, so that nothing here comes to belong to root.
continue_as_invoking_user () {
  find_invoking_user
  [ ${#as_user[@]} -gt 0 ] || return 0
  if ! "${as_user[@]}" test -w "$source_dir"; then
    note "$SUDO_USER may not write to $source_dir: building as root."
    return 0
  fi
  say "Going on as $SUDO_USER."
  exec "${as_user[@]}" "$source_dir/$command_name" --no-install "$@"
}

# build_in DIRECTORY [-DOPTION=VALUE…]: configures and compiles. A directory that is already configured is given these
# options, and keeps what it has where there are none.
build_in () {
  local directory=$1 log=$1/configure.log output tool quiet=()
  for tool in meson ninja cc; do
    command -v "$tool" >/dev/null || fail "$tool is not installed." "Without --no-install this would install it."
  done
  if [ -e "$directory" ] && [ ! -w "$directory" ]; then
    fail "may not write to $directory, which belongs to $(stat -c %U "$directory")." \
      "Remove it, or name another one with --build-dir."
  fi
  mkdir -p "$directory" || fail "cannot make the directory $directory." "Name another one with --build-dir."
  # into the log only at the end: beginning anew empties the directory
  output=$(configure_in "$@" 2>&1) || {
    printf '%s\n' "$output" >"$log"
    grep -E 'ERROR|error:' "$log" | head -n 10 >&2 || tail -n 10 "$log" >&2
    note "All that meson said is in $log." >&2
    return 1
  }
  # without a terminal a line for each file would only hide the ones that matter
  [ -t 1 ] || quiet=(--quiet)
  ninja "${quiet[@]}" -C "$directory"
}

configure_in () {
  local directory=$1
  shift
  if [ ! -f "$directory/meson-private/coredata.dat" ]; then
    meson setup "$@" "$directory" "$source_dir" || return
  elif ! { use_options "$directory" "$@" && ninja -C "$directory" build.ninja; }; then
    # interrupted at some time, made by another version of meson, or moved here from elsewhere
    meson setup --wipe "$@" "$directory" "$source_dir" || return
  fi
  [ $# -eq 0 ] || printf '%s' "$*" >"$directory/options"
}

# Meson takes every `meson configure` for a change, and begins anew: so only for options that are not there yet.
use_options () {
  local directory=$1
  shift
  [ $# -eq 0 ] || [ "$(cat "$directory/options" 2>/dev/null)" = "$*" ] || meson configure "$directory" "$@"
}
