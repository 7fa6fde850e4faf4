#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What Prometheus's own checker says of a page: nothing.
#   promtool.sh PROGRAM      PROMTOOL names the checker
set -eu
[ -n "${PROMTOOL-}" ] || { echo "PROMTOOL names no promtool" >&2; exit 77; }
page=$("$1")
samples=$(printf '%s\n' "$page" | grep -c -v '^#')
[ "$samples" -gt 1000 ] || { echo "only $samples samples" >&2; exit 1; }
said=$(printf '%s\n' "$page" | "$PROMTOOL" check metrics 2>&1) || { printf '%s\n' "$said" >&2; exit 1; }
[ -z "$said" ] || { printf '%s\n' "$said" >&2; exit 1; }
