#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The names that public headers export: every function or object declared with SONDE_API, sorted, one a line.
#   exports.sh header.h...              the names
#   exports.sh --map NODE header.h...   the same as a linker version script
set -eu

node=
if [ "${1-}" = --map ]; then
    node=$2
    shift 2
fi
[ $# -gt 0 ] || { echo "usage: exports.sh [--map NODE] header.h..." >&2; exit 2; }

names=$(awk '
    # Comments, directives and string literals go; the rest of a file becomes one line.
    FNR == 1 { comment = 0; directive = 0 }
    {
        line = $0
        out = ""
        while (line != "") {
            if (comment) {
                at = index(line, "*/")
                if (!at) { line = ""; break }
                line = substr(line, at + 2); comment = 0
            } else {
                at = index(line, "/*"); slashes = index(line, "//")
                if (slashes && (!at || slashes < at)) { out = out substr(line, 1, slashes - 1); break }
                if (!at) { out = out line; break }
                out = out substr(line, 1, at - 1) " "; line = substr(line, at + 2); comment = 1
            }
        }
        was_directive = directive
        if (was_directive || out ~ /^[ \t]*#/) { directive = (out ~ /\\[ \t]*$/); next }
        gsub(/"([^"\\]|\\.)*"/, "\"\"", out)
        text = text " " out
    }
    END {
        count = split(text, piece, /[^A-Za-z0-9_]SONDE_API[^A-Za-z0-9_]/)
        for (i = 2; i <= count; i++) {
            declaration = piece[i]
            sub(/;.*/, "", declaration)
            # The declared name is the first sonde_… before a parenthesis; an object has none, and is the last name.
            if (match(declaration, /sonde_[A-Za-z0-9_]+[ \t]*\(/)) {
                name = substr(declaration, RSTART, RLENGTH - 1)
                gsub(/[ \t]/, "", name)
            } else {
                sub(/[ \t]*(=|\[).*/, "", declaration)
                sub(/[ \t]+$/, "", declaration)
                name = declaration
                sub(/.*[^A-Za-z0-9_]/, "", name)
            }
            print name
        }
    }' "$@" | LC_ALL=C sort -u)

if [ -z "$node" ]; then
    [ -z "$names" ] || printf '%s\n' "$names"
    exit 0
fi
printf '%s {\n' "$node"
[ -z "$names" ] || { printf 'global:\n'; printf '%s\n' "$names" | sed 's/.*/    &;/'; }
printf 'local:\n    *;\n};\n'
