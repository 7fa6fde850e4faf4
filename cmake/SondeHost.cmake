# SPDX-License-Identifier: Apache-2.0 OR MIT
# Where nginx and promtool are.  scripts/debian-host unpacks them and writes what is read here; each can be named on
# cmake's command line instead.  SONDE_HOST_ENVIRONMENT is the same for tests, as NGINX_BIN=… and so on.

set(SONDE_HOST_DIR "${PROJECT_SOURCE_DIR}/build/host" CACHE PATH "Folder that scripts/debian-host unpacked into")
set(SONDE_HOST_ENVIRONMENT "")

# Each NAME='value' of the file becomes the cache variable SONDE_NAME, unless that is set already.
function(sonde__read_host_file file)
    set(names ${ARGN})
    set(lines "")
    if(EXISTS "${file}")
        set_property(DIRECTORY "${PROJECT_SOURCE_DIR}" APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
        file(STRINGS "${file}" lines REGEX "^[A-Z_]+='.*'$")
    endif()
    foreach(line IN LISTS lines)
        string(REGEX MATCH "^([A-Z_]+)='(.*)'$" line "${line}")
        set(value_${CMAKE_MATCH_1} "${CMAKE_MATCH_2}")
    endforeach()
    foreach(name IN LISTS names)
        if(NOT SONDE_${name} AND value_${name})
            set(SONDE_${name} "${value_${name}}" CACHE STRING "From ${file}" FORCE)
        else()
            set(SONDE_${name} "${SONDE_${name}}" CACHE STRING "See cmake/SondeHost.cmake")
        endif()
        if(SONDE_${name})
            list(APPEND SONDE_HOST_ENVIRONMENT "${name}=${SONDE_${name}}")
        endif()
    endforeach()
    set(SONDE_HOST_ENVIRONMENT "${SONDE_HOST_ENVIRONMENT}" PARENT_SCOPE)
endfunction()

sonde__read_host_file("${SONDE_HOST_DIR}/nginx.env" NGINX_BIN NGINX_VERSION NGINX_SRC NGINX_MODULES NGINX_CONF)
sonde__read_host_file("${SONDE_HOST_DIR}/promtool.env" PROMTOOL)

set(SONDE_HAS_NGINX OFF)
if(EXISTS "${SONDE_NGINX_SRC}/configure")
    set(SONDE_HAS_NGINX ON)
endif()
