#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# compile.sh is quiet about a clean header and fails one that is not self-contained, warns, or is no C++.
. "$(dirname "$0")/../house/support.sh"
compile=$source_dir/tests/headers/compile.sh

case_of() {
    put include/sonde/x.h "$5"
    printf 'folder %s\nheader sonde/x.h\n' "$tree/include" >"$tree/list"
    expect "$1" "$2" "$3" sh "$compile" gcc "$4" "$tree/list"
}

guard='#ifndef X_H\n#define X_H\n'
case_of "a clean header" 0 '2 compilations' c11 "${guard}#include <stddef.h>\nsize_t sonde_x(size_t n);\n#endif\n"
case_of "not self-contained" 1 'FAIL sonde/x.h' c11 "${guard}size_t sonde_x(size_t n);\n#endif\n"
case_of "no guard" 1 'FAIL sonde/x.h' c11 'typedef struct sonde_x { int a; } sonde_x;\n'
case_of "a narrowing conversion" 1 'FAIL sonde/x.h' c11 "${guard}static inline short sonde_x(int n) { return n; }\n#endif\n"
case_of "a GNU extension" 1 'FAIL sonde/x.h' c11 "${guard}struct sonde_x { int a[0]; };\n#endif\n"
case_of "not before C23" 1 'FAIL sonde/x.h' c11 "${guard}static inline int sonde_x(int) { return 0; }\n#endif\n"
case_of "only when optional" 1 'FAIL sonde/x.h -DSONDE_OPTIONAL' c11 "${guard}#ifdef SONDE_OPTIONAL\n#error no\n#endif\n#endif\n"
printf 'header sonde/x.h\n' >"$tree/list"
expect "a compiler that is missing" 77 'SKIP: no-such-compiler' sh "$compile" no-such-compiler c11 "$tree/list"
exit $wrong
