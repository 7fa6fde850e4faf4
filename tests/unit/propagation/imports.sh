#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# libsonde-propagation has no heap, no threads and no clock: from libc it takes only what works on given memory.
#   imports.sh nm libsonde-propagation.so
set -eu
nm=$1
library=$2
imports=$("$nm" -D --undefined-only "$library" | awk '$(NF - 1) == "U" { sub(/@.*/, "", $NF); print $NF }')
[ -n "$imports" ] || { echo "nothing read from $library"; exit 1; }
status=0
for name in $imports; do
    case $name in
    memchr | memcmp | bcmp | memcpy | memmove | memset | strlen | __memcpy_chk | __memmove_chk | __memset_chk) ;;
    __stack_chk_fail) ;; # of compilers that protect the stack by default
    *) echo "imports $name"; status=1 ;;
    esac
done
exit $status
