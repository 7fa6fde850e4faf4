#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# version.sh SOURCE VERSION: the version stands twice, in CMakeLists.txt and in base.h; both say the same.
set -eu
header=$1/propagation/include/sonde/base.h

number=$(echo "$2" | awk -F. '{ printf "0x%02x%02x%02x", $1, $2, $3 }')
grep -q "^#define SONDE_VERSION_NUMBER  *$number\b" "$header" || { echo "FAIL: SONDE_VERSION_NUMBER is not $number"; exit 1; }
grep -q "^#define SONDE_VERSION  *\"$2\"" "$header" || { echo "FAIL: SONDE_VERSION is not $2"; exit 1; }
