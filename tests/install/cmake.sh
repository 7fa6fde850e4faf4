#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# find_package(Sonde COMPONENTS …) from outside: both kinds link and run, and a component that is not there is said.
. "$(dirname "$0")/support.sh"

write_consumer "$work/consumer.c"
cat >"$work/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.22)
project(Consumer LANGUAGES C)
find_package(Sonde $SONDE_VERSION REQUIRED COMPONENTS $SONDE_LIBRARY)
add_executable(shared consumer.c)
target_link_libraries(shared PRIVATE Sonde::$SONDE_LIBRARY)
add_executable(static consumer.c)
target_link_libraries(static PRIVATE Sonde::${SONDE_LIBRARY}_static)
find_package(Sonde QUIET COMPONENTS nowhere)
if(Sonde_FOUND)
    message(FATAL_ERROR "a component that does not exist was found")
endif()
END
cmake -S "$work" -B "$work/build" -DCMAKE_PREFIX_PATH="$SONDE_PREFIX" -DCMAKE_C_COMPILER="$CC" >"$work/log" 2>&1 &&
    cmake --build "$work/build" >>"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
expect_count "$work/build/shared"
expect_count "$work/build/static"
expect_needs "$work/build/shared" yes
expect_needs "$work/build/static" no
