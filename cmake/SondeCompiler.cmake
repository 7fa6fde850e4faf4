# SPDX-License-Identifier: Apache-2.0 OR MIT
# How our own C is compiled.  Strict C11; _GNU_SOURCE is defined for every library and test, because strict mode
# would otherwise hide POSIX.  Nothing here reaches a program that uses Sonde.

set(SONDE_WARNINGS
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
    -Wold-style-definition -Wpointer-arith -Wwrite-strings -Wformat=2 -Wundef -Wvla)
if(SONDE_WERROR)
    list(APPEND SONDE_WARNINGS -Werror)
endif()

if(SONDE_FUZZ AND NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "SONDE_FUZZ needs clang: use the preset fuzz, or -DCMAKE_C_COMPILER=clang")
endif()

# Global, so that libraries, tests and examples of one build folder always agree.
if(SONDE_SANITIZE)
    add_compile_options(-fsanitize=${SONDE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${SONDE_SANITIZE})
endif()
if(SONDE_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# sonde_compile_as_ours(<target>): language level, warnings, sections that the linker can drop.
function(sonde_compile_as_ours target)
    set_target_properties(${target} PROPERTIES
        C_STANDARD 11
        C_STANDARD_REQUIRED ON
        C_EXTENSIONS OFF
        C_VISIBILITY_PRESET hidden
        POSITION_INDEPENDENT_CODE ON)
    target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
    target_compile_options(${target} PRIVATE
        ${SONDE_WARNINGS}
        $<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-ffunction-sections>
        $<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-fdata-sections>)
endfunction()
