#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# cmake/exports.sh finds each exported name in the forms that a header may use, and nothing else.
. "$(dirname "$0")/support.sh"
script=$source_dir/cmake/exports.sh

# names NAME EXPECTED TEXT: the names, joined by blanks.
names() {
    put x.h "$3"
    said=$(sh "$script" "$tree/x.h" 2>&1 | tr '\n' ' ')
    if [ "${said% }" = "$2" ]; then
        echo "ok $1"
    else
        echo "FAIL $1: '$said' is not '$2'"
        wrong=1
    fi
}

names "nothing" '' 'int sonde_a(void);\n'
names "a function" 'sonde_a' 'SONDE_API int sonde_a(void);\n'
names "a pointer result" 'sonde_a' 'SONDE_API const char *sonde_a(sonde_err e);\n'
names "a type with our prefix" 'sonde_a' 'SONDE_API sonde_str sonde_a(sonde_str text);\n'
names "several lines" 'sonde_a' 'SONDE_API struct sonde_x *\nsonde_a(int a,\n        int b);\n'
names "an attribute before" 'sonde_a' 'SONDE_API __attribute__((format(printf, 1, 2))) void sonde_a(const char *f, ...);\n'
names "an object" 'sonde_a' 'SONDE_API extern const int sonde_a;\n'
names "an array" 'sonde_a' 'SONDE_API extern const char sonde_a[16];\n'
names "comments" 'sonde_b' '/* SONDE_API int sonde_a(void); */ SONDE_API int sonde_b(void); // SONDE_API int sonde_c(void);\n'
names "a comment of many lines" 'sonde_b' '/* one\n SONDE_API int sonde_a(void);\n*/\nSONDE_API int sonde_b(void);\n'
names "directives" 'sonde_a' '#define SONDE_API x \\\n  SONDE_API int sonde_d(void);\nSONDE_API int sonde_a(void);\n'
names "sorted, each once" 'sonde_a sonde_b' 'SONDE_API int sonde_b(void);\nSONDE_API int sonde_a(void);\nSONDE_API int sonde_a(void);\n'
put x.h 'SONDE_API int sonde_a(void);\n'
expect "a version script" 0 '    sonde_a;' sh "$script" --map SONDE_0 "$tree/x.h"
expect "no header" 2 'usage' sh "$script"
exit $wrong
