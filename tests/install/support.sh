# SPDX-License-Identifier: Apache-2.0 OR MIT
# Sourced: the names that the library's headers declare, and a program that takes the address of each of them.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Every name; with `public` only those of installed headers.
declared_names() {
    headers=
    for header in $SONDE_HEADERS; do
        headers="$headers $SONDE_PREFIX/include/$header"
    done
    [ "${1-}" = public ] || headers="$headers $SONDE_INTERNAL_HEADERS"
    # shellcheck disable=SC2086 # a list of files
    sh "$SONDE_SOURCE_DIR/cmake/exports.sh" $headers
}

# write_consumer FILE: prints how many functions it found, and fails when one of them has no address.
write_consumer() {
    [ -n "$(declared_names public)" ] || { echo "FAIL: its headers declare nothing"; exit 1; }
    {
        for header in $SONDE_HEADERS; do
            echo "#include <$header>"
        done
        echo '#include <stdio.h>'
        echo 'typedef void (*function)(void);'
        echo 'static const function functions[] = {'
        declared_names public | sed 's/.*/    (function)&,/'
        cat <<'END'
    0
};
int main(void)
{
    unsigned count = 0;
    while (functions[count])
        count++;
    printf("%u functions\n", count);
    return count + 1 != sizeof(functions) / sizeof(functions[0]);
}
END
    } >"$1"
}

# expect_count PROGRAM: runs it and compares.
expect_count() {
    want="$(declared_names public | wc -l | tr -d ' ') functions"
    got=$("$@")
    [ "$got" = "$want" ] || { echo "FAIL: $got, not $want"; exit 1; }
    echo "ok $*: $got"
}

# expect_needs PROGRAM yes|no: whether it is linked with our shared library.
expect_needs() {
    if readelf -d "$1" | grep -q "NEEDED.*libsonde-$SONDE_LIBRARY\.so\.0"; then
        found=yes
    else
        found=no
    fi
    [ "$found" = "$2" ] || { echo "FAIL: $1 needs the shared library: $found, not $2"; exit 1; }
}
