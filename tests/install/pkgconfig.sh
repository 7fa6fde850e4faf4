#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# pkg-config from outside: the shared library as it is installed; the static one in a prefix that holds archives alone.
. "$(dirname "$0")/support.sh"
module=sonde-$SONDE_LIBRARY

write_consumer "$work/consumer.c"
PKG_CONFIG_PATH=$SONDE_LIBDIR/pkgconfig
export PKG_CONFIG_PATH
version=$(pkg-config --modversion "$module")
[ "$version" = "$SONDE_VERSION" ] || { echo "FAIL: version $version"; exit 1; }
# shellcheck disable=SC2046 # words
"$CC" "$work/consumer.c" $(pkg-config --cflags --libs "$module") -Wl,-rpath,"$SONDE_LIBDIR" -o "$work/shared"
expect_count "$work/shared"
expect_needs "$work/shared" yes

cp -R "$SONDE_PREFIX" "$work/archives"
libdir=$work/archives/${SONDE_LIBDIR#"$SONDE_PREFIX"/}
rm "$libdir"/libsonde-*.so*
PKG_CONFIG_PATH=$libdir/pkgconfig
# shellcheck disable=SC2046
"$CC" "$work/consumer.c" $(pkg-config --static --cflags --libs "$module") -o "$work/static"
expect_count "$work/static"
expect_needs "$work/static" no
