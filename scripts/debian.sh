# SPDX-License-Identifier: Apache-2.0 OR MIT
# Sourced by debian-packages and debian-host: apt, politely.  Callers `set -eu`.

say() {
    echo "== $*"
}

die() {
    echo "${0##*/}: $*" >&2
    exit 1
}

is_installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}\n' "$1" 2>/dev/null | head -n 1)" = installed ]
}

# The version that apt would install; empty when apt knows none.
candidate() {
    LC_ALL=C apt-cache policy "$1" 2>/dev/null |
        awk '$1 == "Candidate:" && $2 != "(none)" { print $2; exit }'
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l "$@"
    else
        return 1
    fi
}

# Runs a command that is talkative when all is well; what it said is shown only when it fails.
quietly() {
    quietly_log=$(mktemp)
    if "$@" >"$quietly_log" 2>&1 </dev/null; then
        rm -f "$quietly_log"
        return 0
    fi
    cat "$quietly_log" >&2
    rm -f "$quietly_log"
    return 1
}

# Once a run.  One source that fails (a third party's, say) must not stop us: installing tells whether it mattered.
refresh_lists() {
    [ -z "${lists_refreshed-}" ] || return 0
    lists_refreshed=yes
    say "apt-get update"
    as_root apt-get -q update >/dev/null 2>&1 </dev/null || say "apt-get update ended with an error; going on"
}

install_now() {
    say "installing $*"
    set -- apt-get -q -y -o Dpkg::Use-Pty=0 install --no-install-recommends "$@"
    if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null 2>&1; then
        die "not root, and there is no sudo; as root, please run: $*"
    fi
    as_root true # asks for the password, if it must, while its question can be seen
    if [ -n "${lists_refreshed-}" ]; then
        quietly as_root "$@" || die "apt-get could not install these packages"
    elif ! as_root "$@" >/dev/null 2>&1 </dev/null; then
        refresh_lists
        quietly as_root "$@" || die "apt-get could not install these packages"
    fi
}
