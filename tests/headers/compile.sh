#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Compiles each listed header alone, twice included, and once more with SONDE_OPTIONAL.
#   compile.sh COMPILER STANDARD LIST     LIST has lines `folder DIR`, `module PKG-CONFIG-NAME` and `header sonde/x.h`
set -u
compiler=$1
standard=$2
list=$3

command -v "$compiler" >/dev/null 2>&1 || { echo "SKIP: $compiler is not installed"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

case $standard in
    c++*) language=c++ ;;
    *)    language=c ;;
esac
printf 'int main(void) { return 0; }\n' >"$work/empty.c"
"$compiler" -x $language -std="$standard" -fsyntax-only "$work/empty.c" 2>/dev/null ||
    { echo "SKIP: $compiler does not know $standard, or lacks its library"; exit 77; }

# Other people's headers may warn: they are system headers here, as they are where they are installed.
flags=
for folder in $(sed -n 's/^folder //p' "$list" | sort -u); do
    flags="$flags -I$folder"
done
for module in $(sed -n 's/^module //p' "$list" | sort -u); do
    flags="$flags $(pkg-config --cflags "$module" | sed 's/-I/-isystem /g')"
done

wrong=0
count=0
for header in $(sed -n 's/^header //p' "$list"); do
    for define in '' -DSONDE_OPTIONAL; do
        printf '#include <%s>\n#include <%s>\nint sonde_headers_test_unit;\n' "$header" "$header" >"$work/unit.c"
        # shellcheck disable=SC2086 # flags are words
        if ! "$compiler" -x $language -std="$standard" -pedantic -Wall -Wextra -Wshadow -Wconversion -Werror \
            $flags $define -fsyntax-only "$work/unit.c"; then
            echo "FAIL $header $define"
            wrong=1
        fi
        count=$((count + 1))
    done
done
echo "$count compilations"
exit $wrong
