#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# scripts/check-headers names the function whose comment misses a part, and only that one.
. "$(dirname "$0")/support.sh"
header=$tree/propagation/include/sonde/x.h

whole='/* Does it.\n * Threads: any. Blocks: never. Since: 0.1 */\n'
case_of() {
    put propagation/include/sonde/x.h "$3"
    if [ -n "$2" ]; then
        expect "$1" 1 "$2" "$source_dir/scripts/check-headers" "$tree"
    else
        expect "$1" 0 '' "$source_dir/scripts/check-headers" "$tree"
    fi
}

case_of "a whole comment" '' "${whole}SONDE_API int sonde_a(void);\n"
case_of "one line" '' "/* Threads: any. Blocks: never. Since: 0.1 */\nSONDE_API int sonde_a(void);\n"
case_of "several lines" '' "${whole}SONDE_API int sonde_a(int a,\n                      int b);\n"
case_of "twins share" '' "${whole}SONDE_API int sonde_a(void);\nSONDE_API int sonde_b(void);\n"
case_of "no comment" 'x.h:1: sonde_a has no comment' 'SONDE_API int sonde_a(void);\n'
case_of "an empty line between" 'x.h:4: sonde_a has no comment' "${whole}\nSONDE_API int sonde_a(void);\n"
case_of "another declaration between" 'sonde_a has no comment' "${whole}typedef int x;\nSONDE_API int sonde_a(void);\n"
case_of "no Threads" 'sonde_a lacks Threads:' '/* Blocks: never. Since: 0.1 */\nSONDE_API int sonde_a(void);\n'
case_of "no Blocks" 'sonde_a lacks Blocks:' '/* Threads: any. Since: 0.1 */\nSONDE_API int sonde_a(void);\n'
case_of "no Since" 'x.h:2: sonde_a lacks Since:' '/* Threads: any. Blocks: never. */\nSONDE_API int sonde_a(\n    int b);\n'
case_of "the second of two" 'x.h:5: sonde_b has no comment' \
    "${whole}SONDE_API int sonde_a(void);\n\nSONDE_API const char *sonde_b(void);\n"
expect "given a header alone" 1 'sonde_b has no comment' "$source_dir/scripts/check-headers" "$header"
exit $wrong
