#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The shared library exports exactly the names that its headers declare, under our version, with the right SONAME; and
# it needs nothing that it promises to do without.
. "$(dirname "$0")/support.sh"
library=$SONDE_LIBDIR/libsonde-$SONDE_LIBRARY.so

declared_names | LC_ALL=C sort -u >"$work/declared"
nm -D --defined-only "$library" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | LC_ALL=C sort -u >"$work/exported"
if ! diff "$work/declared" "$work/exported"; then
    echo "FAIL: < declared with SONDE_API only, > exported only"
    exit 1
fi

readelf -d "$library" >"$work/dynamic"
grep -q "SONAME.*\[libsonde-$SONDE_LIBRARY\.so\.0\]" "$work/dynamic" || { echo "FAIL: its SONAME"; exit 1; }
grep -q NODELETE "$work/dynamic" || { echo "FAIL: it can be unloaded"; exit 1; }

# propagation and api stand on libc alone; the names are those of glibc's and musl's pieces.
case $SONDE_LIBRARY in
    propagation | api)
        if sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' "$work/dynamic" |
            grep -v -e '^libc\.' -e '^libm\.' -e '^libpthread\.' -e '^ld-' -e '^libsonde-propagation\.so\.0$'; then
            echo "FAIL: it needs the libraries above"
            exit 1
        fi
        ;;
esac
case $SONDE_LIBRARY in
    propagation)
        if nm -D --undefined-only "$library" | grep -E ' (malloc|calloc|realloc|free|strdup|pthread_[a-z_]+|clock_gettime|time)(@|$)'; then
            echo "FAIL: propagation does without these"
            exit 1
        fi
        ;;
esac
echo "ok: $(wc -l <"$work/exported") names"
