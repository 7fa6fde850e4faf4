#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# scripts/check-layers is quiet about a good tree and names the offence in a bad one: one offence a tree.
. "$(dirname "$0")/support.sh"

good_tree() {
    rm -rf "$tree"
    put propagation/include/sonde/base.h '#include <stddef.h>\n'
    put propagation/src/hex.h '#include <sonde/base.h>\n'
    put sdk/include/sonde/trace.h '#include <sonde/base.h>\n'
    put sdk/include/sonde/sdk.h '#include <sonde/trace.h>\n'
    put sdk/src/api/base/buf.h '#include <stdlib.h>\n#include <sonde/base.h>\n/* a trace of retraceable words */\n'
    put sdk/src/api/core/scope.h '#include "base/buf.h"\n'
    put sdk/src/api/core/table.h '#include "base/buf.h"\n'
    put sdk/src/api/trace/span.c '#include "core/scope.h"\n#include "span.h"\n#include <sonde/trace.h>\n'
    put sdk/src/api/trace/span.h '\n'
    put sdk/src/api/metrics/series.h '#include "core/scope.h"\n'
    put sdk/src/sdk/transport/otlp_http.c '#include <curl/curl.h>\n#include "base/buf.h"\n#include <sonde/sdk.h>\n'
    put sdk/src/sdk/sdk.c '#include "core/table.h"\n'
    put integrations/curl/include/sonde/curl.h '#include <curl/curl.h>\n#include <sonde/trace.h>\n'
    put integrations/curl/src/easy.c '#include <sonde/curl.h>\n'
    put integrations/microhttpd/include/sonde/microhttpd.h '#include <microhttpd.h>\n'
    put cli/tail.c '#include <sonde/sdk.h>\n'
}

# offence NAME FILE TEXT PATTERN: the good tree plus one bad line.
offence() {
    good_tree
    mkdir -p "$(dirname "$tree/$2")"
    printf "$3" >>"$tree/$2"
    expect "$1" 1 "$4" "$source_dir/scripts/check-layers" "$tree"
}

good_tree
expect "a good tree" 0 '' "$source_dir/scripts/check-layers" "$tree"
offence "trace includes metrics" sdk/src/api/trace/span.c '#include "metrics/series.h"\n' \
    'span.c:4: trace must not include metrics'
offence "metrics includes trace" sdk/src/api/metrics/series.h '#include "trace/span.h"\n' 'metrics must not include trace'
offence "the same by a relative path" sdk/src/api/metrics/series.h '#  include "../trace/span.h"\n' \
    'metrics must not include trace'
offence "core includes trace" sdk/src/api/core/scope.h '#include "trace/span.h"\n' 'core must not include trace'
offence "base includes core" sdk/src/api/base/buf.h '#include "core/scope.h"\n' 'base must not include core'
offence "base includes trace.h" sdk/src/api/base/buf.h '#include <sonde/trace.h>\n' 'base must not include public.api'
offence "base says a word" sdk/src/api/base/buf.h '/* for the Span */\n' 'base knows no OpenTelemetry word, but says span'
offence "base names one in code" sdk/src/api/base/buf.h 'int otel_x;\n' 'but says otel'
offence "propagation includes sdk" propagation/src/hex.h '#include <sonde/trace.h>\n' \
    'propagation must not include public.api'
offence "propagation uses threads" propagation/src/hex.h '#include <pthread.h>\n' 'propagation does without pthread.h'
offence "api header includes sdk.h" sdk/include/sonde/trace.h '#include <sonde/sdk.h>\n' \
    'public.api must not include public.sdk'
offence "sdk reaches into core" sdk/src/sdk/sdk.c '#include "core/scope.h"\n' 'sdk must not include core'
offence "core knows libcurl" sdk/src/api/core/scope.h '#include <curl/curl.h>\n' 'core must not know curl/curl.h'
offence "microhttpd knows libcurl" integrations/microhttpd/src/a.c '#include <curl/curl.h>\n' \
    'microhttpd must not know curl/curl.h'
offence "an integration includes another" integrations/microhttpd/src/a.c '#include <sonde/curl.h>\n' \
    'microhttpd must not include curl'
offence "an integration includes internals" integrations/curl/src/easy.c '#include "core/scope.h"\n' \
    'curl must not include core'
offence "sdk includes an integration" sdk/src/sdk/sdk.c '#include <sonde/microhttpd.h>\n' 'sdk must not include microhttpd'
offence "a header that is not there" cli/tail.c '#include <sonde/nowhere.h>\n' 'no such header of ours: sonde/nowhere.h'
offence "a folder without a row" sdk/elsewhere/x.c '\n' 'belongs to no layer'
exit $wrong
