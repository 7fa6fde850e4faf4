#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# install.sh BUILD PREFIX: installs, then moves the tree, since what is installed must not remember where.
set -eu
build=$1
prefix=$2

rm -rf "$prefix" "$prefix.first"
cmake --install "$build" --prefix "$prefix.first"
mv "$prefix.first" "$prefix"
if grep -rl --include='*.pc' --include='*.cmake' -e "$prefix" -e "$build" "$prefix"; then
    echo "FAIL: the files above remember a folder of this machine"
    exit 1
fi
