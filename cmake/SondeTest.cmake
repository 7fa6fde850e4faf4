# SPDX-License-Identifier: Apache-2.0 OR MIT
#
# sonde_add_test(<unit>
#     [SOURCES <file>...]      default: test_<unit>.c
#     [LIBS <target>...]       unit tests link the twins (sonde_propagation_test); integration tests Sonde::propagation
#     [LABELS <label>...]      default: the first folder under tests/, as unit or integration
#     [ENVIRONMENT <A=b>...]
#     [ARGS <argument>...]
#     [DEFINITIONS <definition>...]
#     [TIMEOUT <seconds>])     default 60; a sanitizer's build gets four times as much
#
#   A cmocka program, and the ctest test <kind>.<dir>.<unit>: tests/unit/propagation/ with unit traceparent is
#   unit.propagation.traceparent.  The program's target is test_<kind>_<dir>_<unit>.
#
# sonde_add_script_test(<name> COMMAND <command>... LABELS <label>... [ENVIRONMENT …] [TIMEOUT <seconds>])
#
#   Anything else that ends with 0 for success and 77 for "skipped here"; <name> is ctest's name in full.
#
# sonde_add_fuzzer(<name> SOURCES <file>... [LIBS <target>...] [CORPUS <dir>] [RUNS <count>] [LABELS <label>...])
#
#   The program fuzz_<name> from LLVMFuzzerTestOneInput(): with libFuzzer when SONDE_FUZZ is on (clang), else with the
#   driver tests/fuzz/driver.c, which takes the same -runs= and the same corpus folder.  The test fuzz.<name> is a run
#   of <count> inputs (20000) from a fixed seed; it never writes into the corpus.

if(SONDE_BUILD_TESTS)
    pkg_check_modules(SONDE_PKG_cmocka REQUIRED QUIET IMPORTED_TARGET GLOBAL cmocka)
endif()

function(sonde__test_properties name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "LABELS;ENVIRONMENT")
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 60)
    endif()
    if(SONDE_SANITIZE)
        math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 4")
        # Tests of fork start threads in the child, which ThreadSanitizer allows only when asked.
        list(APPEND arg_ENVIRONMENT "UBSAN_OPTIONS=print_stacktrace=1" "TSAN_OPTIONS=die_after_fork=0")
    endif()
    set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}" SKIP_RETURN_CODE 77
        ENVIRONMENT "${arg_ENVIRONMENT}")
endfunction()

function(sonde_add_test unit)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "SOURCES;LIBS;LABELS;ENVIRONMENT;ARGS;DEFINITIONS")
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "sonde_add_test(${unit}): not understood: ${arg_UNPARSED_ARGUMENTS}")
    endif()
    if(NOT arg_SOURCES)
        set(arg_SOURCES test_${unit}.c)
    endif()
    file(RELATIVE_PATH dir "${PROJECT_SOURCE_DIR}/tests" "${CMAKE_CURRENT_SOURCE_DIR}")
    string(REPLACE "/" "." dotted "${dir}")
    string(MAKE_C_IDENTIFIER "test_${dotted}_${unit}" target)
    if(NOT arg_LABELS)
        string(REGEX REPLACE "\\..*" "" arg_LABELS "${dotted}")
    endif()
    add_executable(${target} ${arg_SOURCES})
    sonde_compile_as_ours(${target})
    target_compile_definitions(${target} PRIVATE ${arg_DEFINITIONS})
    target_link_libraries(${target} PRIVATE ${arg_LIBS} PkgConfig::SONDE_PKG_cmocka)
    add_test(NAME ${dotted}.${unit} COMMAND ${target} ${arg_ARGS})
    sonde__test_properties(${dotted}.${unit} TIMEOUT ${arg_TIMEOUT} LABELS ${arg_LABELS} ENVIRONMENT ${arg_ENVIRONMENT})
endfunction()

function(sonde_add_script_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "COMMAND;LABELS;ENVIRONMENT")
    add_test(NAME ${name} COMMAND ${arg_COMMAND})
    sonde__test_properties(${name} TIMEOUT ${arg_TIMEOUT} LABELS ${arg_LABELS} ENVIRONMENT ${arg_ENVIRONMENT})
endfunction()

function(sonde_add_fuzzer name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "CORPUS;RUNS" "SOURCES;LIBS;LABELS")
    if(NOT arg_RUNS)
        set(arg_RUNS 20000)
    endif()
    set(target fuzz_${name})
    if(SONDE_FUZZ)
        add_executable(${target} ${arg_SOURCES})
        target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    else()
        add_executable(${target} ${arg_SOURCES} "${PROJECT_SOURCE_DIR}/tests/fuzz/driver.c")
    endif()
    sonde_compile_as_ours(${target})
    target_link_libraries(${target} PRIVATE ${arg_LIBS})
    set(corpus)
    if(arg_CORPUS)
        # libFuzzer writes what it finds into the first folder it is given.
        set(found "${CMAKE_CURRENT_BINARY_DIR}/corpus-${name}")
        file(MAKE_DIRECTORY "${found}")
        get_filename_component(corpus "${arg_CORPUS}" ABSOLUTE)
        set(corpus "${found}" "${corpus}")
    endif()
    add_test(NAME fuzz.${name} COMMAND ${target} -runs=${arg_RUNS} -seed=1 ${corpus})
    sonde__test_properties(fuzz.${name} TIMEOUT 120 LABELS fuzz ${arg_LABELS})
endfunction()
