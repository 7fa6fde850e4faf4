# SPDX-License-Identifier: Apache-2.0 OR MIT
# Sourced: a temporary folder $tree, and expectations that count what failed.
set -u
source_dir=$1
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
wrong=0

# put FILE TEXT: printf's escapes are understood.
put() {
    mkdir -p "$(dirname "$tree/$1")"
    printf "$2" >"$tree/$1"
}

# expect NAME STATUS PATTERN COMMAND...: the status, and a line of output that holds the pattern ('' for none at all).
expect() {
    name=$1
    want=$2
    pattern=$3
    shift 3
    said=$("$@" 2>&1)
    got=$?
    if [ $got -ne "$want" ]; then
        echo "FAIL $name: ended with $got, not $want: $said"
        wrong=1
    elif [ -z "$pattern" ] && [ -n "$said" ]; then
        echo "FAIL $name: said: $said"
        wrong=1
    elif [ -n "$pattern" ] && ! printf '%s\n' "$said" | grep -qF -- "$pattern"; then
        echo "FAIL $name: did not say '$pattern', but: $said"
        wrong=1
    else
        echo "ok $name"
    fi
}
