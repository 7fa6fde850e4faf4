# SPDX-License-Identifier: Apache-2.0 OR MIT
#
# sonde_add_objects(<name> SOURCES <file>... [INCLUDES <dir>...] [DEPS <sonde library>...])
#
#   Sources compiled once for several libraries, as the target sonde_<name>_objects.  See OBJECTS below.
#
# sonde_add_library(<name>
#     SOURCES <file>...             compiled once, position-independent, for the shared and the static library
#     PUBLIC_HEADERS <file>...      as include/sonde/x.h; installed under the same path; their SONDE_API names are exported
#     [INTERNAL_HEADERS <file>...]  scanned for SONDE_API too, never installed (the symbol between two of our libraries)
#     [INCLUDES <dir>...]           private include folders; tests that link the twin see them as well
#     [DEPS <sonde library>...]     libraries of ours that it stands on: DEPS propagation api
#     [PUBLIC_PKGS <module>...]     pkg-config modules that our headers include: libcurl for <sonde/curl.h>
#     [PRIVATE_PKGS <module>...]    pkg-config modules that only our code uses: libcurl zlib
#     [PRIVATE_LIBS <lib>...]       plain libraries: m pthread dl
#     [OBJECTS <objects>...]             names given to sonde_add_objects: in the shared and in the static library
#     [OBJECTS_SHARED_ONLY <objects>...] only in the shared one: its hidden copy of what a dependency's archive already has
#     [DEFINITIONS <definition>...]      private
#     [DESCRIPTION <sentence>])          for pkg-config
#
#   One call gives
#     sonde_<name>         shared: libsonde-<name>.so.0, hidden visibility, a version script that names each public
#                          symbol, never unloaded, no undefined symbols        alias Sonde::<name>
#     sonde_<name>_static  libsonde-<name>.a                                   alias Sonde::<name>_static
#     sonde_<name>_test    the testing twin: the archive, in which hidden symbols can be linked, and the private
#                          include folders                                     alias Sonde::<name>_test
#     sonde-<name>.pc, headers, and the component <name> of find_package(Sonde COMPONENTS <name>)
#
#   All paths are relative to the calling CMakeLists.txt, whose folder include/ is the public include folder.

set(SONDE_EXPORTS_SCRIPT "${CMAKE_CURRENT_LIST_DIR}/exports.sh")
set(SONDE_CMAKE_DIR "${CMAKE_CURRENT_LIST_DIR}")
set(SONDE_PACKAGE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/Sonde")

# A pkg-config module as an imported target; the name is kept in ret_target.
function(sonde__find_module module ret_target)
    string(MAKE_C_IDENTIFIER "SONDE_PKG_${module}" id)
    if(NOT TARGET PkgConfig::${id})
        pkg_check_modules(${id} REQUIRED QUIET IMPORTED_TARGET GLOBAL ${module})
    endif()
    set(${ret_target} PkgConfig::${id} PARENT_SCOPE)
endfunction()

# What to hand to a consumer: the module's own shared line, for --cflags or --libs.  Requires would pull in the host
# library's own static line where an archive of ours is linked, which needs a dozen more -dev packages on Debian.
function(sonde__module_flags module which ret_flags)
    execute_process(COMMAND ${PKG_CONFIG_EXECUTABLE} ${which} ${module}
                    OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE)
    set(${ret_flags} "${flags}" PARENT_SCOPE)
endfunction()

function(sonde_add_objects name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;INCLUDES;DEPS;DEFINITIONS")
    set(target sonde_${name}_objects)
    add_library(${target} OBJECT ${arg_SOURCES})
    sonde_compile_as_ours(${target})
    target_include_directories(${target} PRIVATE include ${arg_INCLUDES})
    target_compile_definitions(${target} PRIVATE ${arg_DEFINITIONS})
    foreach(dep IN LISTS arg_DEPS)
        target_link_libraries(${target} PRIVATE Sonde::${dep})
    endforeach()
endfunction()

# The version script, made again whenever a header changes.
function(sonde__add_version_script target name)
    set(map "${CMAKE_CURRENT_BINARY_DIR}/sonde-${name}.map")
    set(headers)
    foreach(header IN LISTS ARGN)
        list(APPEND headers "${CMAKE_CURRENT_SOURCE_DIR}/${header}")
    endforeach()
    add_custom_command(OUTPUT "${map}"
        COMMAND sh "${SONDE_EXPORTS_SCRIPT}" --map SONDE_${PROJECT_VERSION_MAJOR} ${headers} > "${map}"
        DEPENDS "${SONDE_EXPORTS_SCRIPT}" ${headers}
        COMMENT "Export map of libsonde-${name}" VERBATIM)
    target_sources(${target} PRIVATE "${map}")
    target_link_options(${target} PRIVATE "-Wl,--version-script=${map}")
    set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS "${map}")
endfunction()

function(sonde__write_pkgconfig name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "DESCRIPTION" "DEPS;PUBLIC_PKGS;PRIVATE_PKGS;PRIVATE_LIBS")
    set(requires)
    foreach(dep IN LISTS arg_DEPS)
        list(APPEND requires "sonde-${dep} = ${PROJECT_VERSION}")
    endforeach()
    list(JOIN requires ", " requires)
    set(cflags_public)
    set(libs_public)
    foreach(module IN LISTS arg_PUBLIC_PKGS)
        sonde__module_flags(${module} --cflags flags)
        string(APPEND cflags_public " ${flags}")
        sonde__module_flags(${module} --libs flags)
        string(APPEND libs_public " ${flags}")
    endforeach()
    set(libs_private)
    foreach(module IN LISTS arg_PRIVATE_PKGS)
        sonde__module_flags(${module} --libs libs)
        list(APPEND libs_private "${libs}")
    endforeach()
    foreach(lib IN LISTS arg_PRIVATE_LIBS)
        list(APPEND libs_private "-l${lib}")
    endforeach()
    list(JOIN libs_private " " libs_private)
    set(description "${arg_DESCRIPTION}")
    # Relative to where the .pc lies, so that an installed tree may be moved.
    file(RELATIVE_PATH prefix "/p/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/p")
    string(REGEX REPLACE "/$" "" prefix "${prefix}")
    configure_file("${SONDE_CMAKE_DIR}/sonde.pc.in" "${CMAKE_CURRENT_BINARY_DIR}/sonde-${name}.pc" @ONLY)
    install(FILES "${CMAKE_CURRENT_BINARY_DIR}/sonde-${name}.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endfunction()

function(sonde__install_component name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "PUBLIC_HEADERS;DEPS;PKGS")
    install(TARGETS sonde_${name} sonde_${name}_static EXPORT Sonde-${name}
            LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
            ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
    install(EXPORT Sonde-${name} NAMESPACE Sonde:: FILE SondeTargets-${name}.cmake DESTINATION "${SONDE_PACKAGE_DIR}")
    set(component_deps "${arg_DEPS}")
    set(component_pkgs "${arg_PKGS}")
    configure_file("${SONDE_CMAKE_DIR}/SondeComponent.cmake.in"
                   "${CMAKE_CURRENT_BINARY_DIR}/SondeComponent-${name}.cmake" @ONLY)
    install(FILES "${CMAKE_CURRENT_BINARY_DIR}/SondeComponent-${name}.cmake" DESTINATION "${SONDE_PACKAGE_DIR}")
    foreach(header IN LISTS arg_PUBLIC_HEADERS)
        get_filename_component(dir "${header}" DIRECTORY)
        string(REGEX REPLACE "^include/?" "" dir "${dir}")
        install(FILES "${header}" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/${dir}")
    endforeach()
endfunction()

function(sonde__name_target target name suffix)
    set_target_properties(${target} PROPERTIES
        OUTPUT_NAME sonde-${name}
        EXPORT_NAME ${name}${suffix})
    target_include_directories(${target} PUBLIC
        $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>
        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    add_library(Sonde::${name}${suffix} ALIAS ${target})
endfunction()

function(sonde_add_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "DESCRIPTION"
        "SOURCES;PUBLIC_HEADERS;INTERNAL_HEADERS;INCLUDES;DEPS;PUBLIC_PKGS;PRIVATE_PKGS;PRIVATE_LIBS;OBJECTS;OBJECTS_SHARED_ONLY;DEFINITIONS")
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "sonde_add_library(${name}): not understood: ${arg_UNPARSED_ARGUMENTS}")
    endif()
    set(public_libs)
    # As flags: a plain m would mean a target of that name, if a project around ours has one.
    list(TRANSFORM arg_PRIVATE_LIBS PREPEND -l OUTPUT_VARIABLE private_libs)
    foreach(module IN LISTS arg_PUBLIC_PKGS)
        sonde__find_module(${module} target)
        list(APPEND public_libs ${target})
    endforeach()
    foreach(module IN LISTS arg_PRIVATE_PKGS)
        sonde__find_module(${module} target)
        list(APPEND private_libs ${target})
    endforeach()
    list(TRANSFORM arg_DEPS PREPEND Sonde:: OUTPUT_VARIABLE shared_deps)
    list(TRANSFORM shared_deps APPEND _static OUTPUT_VARIABLE static_deps)

    sonde_add_objects(${name} SOURCES ${arg_SOURCES} INCLUDES ${arg_INCLUDES} DEPS ${arg_DEPS}
                      DEFINITIONS ${arg_DEFINITIONS})
    target_link_libraries(sonde_${name}_objects PRIVATE ${public_libs} ${private_libs})
    set(objects $<TARGET_OBJECTS:sonde_${name}_objects>)
    foreach(group IN LISTS arg_OBJECTS)
        list(APPEND objects $<TARGET_OBJECTS:sonde_${group}_objects>)
    endforeach()
    set(shared_objects ${objects})
    foreach(group IN LISTS arg_OBJECTS_SHARED_ONLY)
        list(APPEND shared_objects $<TARGET_OBJECTS:sonde_${group}_objects>)
    endforeach()

    add_library(sonde_${name} SHARED ${shared_objects})
    sonde__name_target(sonde_${name} ${name} "")
    set_target_properties(sonde_${name} PROPERTIES
        VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR} LINKER_LANGUAGE C
        INSTALL_RPATH "\$ORIGIN") # our libraries lie beside each other, in whatever prefix
    target_link_libraries(sonde_${name} PUBLIC ${shared_deps} ${public_libs} PRIVATE ${private_libs})
    # nodelete: a thread key's destructor in a library that is gone would crash the thread that ends.
    target_link_options(sonde_${name} PRIVATE -Wl,-z,nodelete -Wl,-z,relro -Wl,-z,now -Wl,--as-needed -Wl,--gc-sections)
    if(NOT SONDE_SANITIZE AND NOT SONDE_FUZZ) # a sanitizer's runtime is found in the program, not in the library
        target_link_options(sonde_${name} PRIVATE -Wl,--no-undefined)
    endif()
    sonde__add_version_script(sonde_${name} ${name} ${arg_PUBLIC_HEADERS} ${arg_INTERNAL_HEADERS})

    add_library(sonde_${name}_static STATIC ${objects})
    sonde__name_target(sonde_${name}_static ${name} _static)
    set_target_properties(sonde_${name}_static PROPERTIES LINKER_LANGUAGE C)
    target_link_libraries(sonde_${name}_static PUBLIC ${static_deps} ${public_libs} PRIVATE ${private_libs})

    add_library(sonde_${name}_test INTERFACE)
    target_link_libraries(sonde_${name}_test INTERFACE sonde_${name}_static)
    foreach(dir IN LISTS arg_INCLUDES)
        get_filename_component(dir "${dir}" ABSOLUTE)
        target_include_directories(sonde_${name}_test INTERFACE "${dir}")
    endforeach()
    foreach(dep IN LISTS arg_DEPS)
        target_link_libraries(sonde_${name}_test INTERFACE sonde_${dep}_test)
    endforeach()
    add_library(Sonde::${name}_test ALIAS sonde_${name}_test)

    sonde__write_pkgconfig(${name} DESCRIPTION "${arg_DESCRIPTION}" DEPS ${arg_DEPS}
        PUBLIC_PKGS ${arg_PUBLIC_PKGS} PRIVATE_PKGS ${arg_PRIVATE_PKGS} PRIVATE_LIBS ${arg_PRIVATE_LIBS})
    sonde__install_component(${name} PUBLIC_HEADERS ${arg_PUBLIC_HEADERS} DEPS ${arg_DEPS}
        PKGS ${arg_PUBLIC_PKGS} ${arg_PRIVATE_PKGS})

    # What tests/headers and tests/install go through.
    set_property(GLOBAL APPEND PROPERTY SONDE_LIBRARIES ${name})
    set_property(GLOBAL PROPERTY SONDE_LIBRARY_DIR_${name} "${CMAKE_CURRENT_SOURCE_DIR}")
    set_property(GLOBAL PROPERTY SONDE_LIBRARY_HEADERS_${name} "${arg_PUBLIC_HEADERS}")
    set_property(GLOBAL PROPERTY SONDE_LIBRARY_INTERNAL_HEADERS_${name} "${arg_INTERNAL_HEADERS}")
    set_property(GLOBAL PROPERTY SONDE_LIBRARY_PKGS_${name} "${arg_PUBLIC_PKGS}")
endfunction()

# The package's own files; called once, when every library is known.
function(sonde_install_package)
    include(CMakePackageConfigHelpers)
    get_property(SONDE_COMPONENTS GLOBAL PROPERTY SONDE_LIBRARIES)
    configure_package_config_file("${SONDE_CMAKE_DIR}/SondeConfig.cmake.in"
        "${PROJECT_BINARY_DIR}/SondeConfig.cmake" INSTALL_DESTINATION "${SONDE_PACKAGE_DIR}"
        NO_SET_AND_CHECK_MACRO)
    write_basic_package_version_file("${PROJECT_BINARY_DIR}/SondeConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
    install(FILES "${PROJECT_BINARY_DIR}/SondeConfig.cmake" "${PROJECT_BINARY_DIR}/SondeConfigVersion.cmake"
            DESTINATION "${SONDE_PACKAGE_DIR}")
endfunction()
