#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# One trace through nginx, a libmicrohttpd service, libcurl and a second service, on this machine's loopback.
set -u
cd "$(dirname "$0")" || exit 1

usage() {
    cat <<'END'
usage: ./demo.sh [--keep] [--no-install] [-h]

Installs the Debian packages that are missing (names them; sudo only when not root), builds into build/demo, starts
`sonde tail`, nginx with the module, and two small services, sends a few requests, prints one trace and the request
metrics, and ends everything again. nginx is unpacked into build/host, not installed: no service is started.

  --keep         leave it running, with new traces as they come, until Ctrl-C
  --no-install   do not look for missing packages
  -h, --help     this text

Ports, all on 127.0.0.1: SONDE_DEMO_NGINX (8080), SONDE_DEMO_SHOP (8081), SONDE_DEMO_STOCK (8082), SONDE_DEMO_OTLP (4318).
END
}

keep=no
install=yes
for argument in "$@"; do
    case $argument in
        --keep) keep=yes ;;
        --no-install) install=no ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
done

build=build/demo
run=$PWD/$build/run
nginx_port=${SONDE_DEMO_NGINX:-8080}
shop_port=${SONDE_DEMO_SHOP:-8081}
stock_port=${SONDE_DEMO_STOCK:-8082}
otlp_port=${SONDE_DEMO_OTLP:-4318}
running=

say() {
    printf '\n== %s\n' "$*"
}

# Ends what was started here, last first; nginx is asked to quit, so that it sends what it has.
end_all() {
    trap - EXIT INT TERM
    for entry in $running; do
        kill -s "${entry#*:}" "${entry%%:*}" 2>/dev/null && wait "${entry%%:*}" 2>/dev/null
    done
    running=
}
trap end_all EXIT
trap 'end_all; exit 130' INT
trap 'end_all; exit 143' TERM

fail() {
    echo "demo: $*" >&2
    exit 1
}

# Whatever proxy there is for the rest of the world; and nothing here takes long.
ask() {
    curl -s --noproxy '*' --max-time 5 "$@"
}

# need_port VARIABLE PORT: curl's 7 is "could not connect"; with anything else somebody is there.
need_port() {
    ask -o /dev/null "http://127.0.0.1:$2/"
    [ $? -eq 7 ] || fail "port $2 is in use; $1=PORT ./demo.sh takes another one"
}

# start NAME SIGNAL URL COMMAND...: runs it in the background and waits until the URL answers.
start() {
    name=$1 signal=$2 url=$3
    shift 3
    "$@" >"$run/$name.log" 2>&1 &
    pid=$!
    running="$pid:$signal $running"
    tries=0
    until ask -o /dev/null "$url"; do
        tries=$((tries + 1))
        if ! kill -0 "$pid" 2>/dev/null || [ $tries -gt 100 ]; then
            tail -n 3 "$run/$name.log" >&2
            fail "$name did not start at $url"
        fi
        sleep 0.1
    done
}

nginx_conf() {
    cat <<END
load_module $NGINX_MODULE;
daemon off;
worker_processes 2;
pid $run/nginx.pid;
error_log $run/nginx-error.log warn;
events {}
http {
    access_log off;
    client_body_temp_path $run/body;
    proxy_temp_path $run/proxy;
    fastcgi_temp_path $run/fastcgi;
    uwsgi_temp_path $run/uwsgi;
    scgi_temp_path $run/scgi;

    otel_exporter {
        protocol http/protobuf;
        endpoint http://127.0.0.1:$otlp_port;
        interval 200ms;
    }
    otel_service_name edge;
    otel_trace on;
    otel_trace_context propagate;

    server {
        listen 127.0.0.1:$nginx_port;
        add_header X-Trace-Id \$otel_trace_id;
        location /shop/ { proxy_pass http://127.0.0.1:$shop_port/; }
        location = /metrics { sonde_metrics; }
    }
}
END
}

if [ $install = yes ]; then
    say "packages"
    missing=$(scripts/debian-packages list build demo nginx)
    [ -z "$missing" ] || echo "missing, will be installed:" $missing
    scripts/debian-packages install build demo nginx || exit 1
    scripts/debian-host build/host nginx || exit 1
fi
[ -f build/host/nginx.env ] || fail "there is no nginx in build/host: run ./demo.sh without --no-install"

need_port SONDE_DEMO_OTLP "$otlp_port"
need_port SONDE_DEMO_STOCK "$stock_port"
need_port SONDE_DEMO_SHOP "$shop_port"
need_port SONDE_DEMO_NGINX "$nginx_port"

say "build ($build)"
mkdir -p "$run"
if ! { cmake -S . -B $build -G Ninja -DCMAKE_BUILD_TYPE=Release -DSONDE_BUILD_TESTS=OFF -DSONDE_BUILD_NGINX=ON &&
       cmake --build $build; } >$build/build.log 2>&1; then
    tail -n 30 $build/build.log >&2
    fail "the build failed; all of it is in $build/build.log"
fi
. "$build/integrations/nginx/module.env"
nginx_conf >"$run/nginx.conf"

say "start"
width=${COLUMNS:-$( (stty size </dev/tty | cut -d' ' -f2) 2>/dev/null)}
colour=never
[ ! -t 1 ] || colour=auto
export OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:$otlp_port" OTEL_BSP_SCHEDULE_DELAY=200
[ $colour = never ] || [ -n "${NO_COLOR-}" ] || colour=always
start tail INT "http://127.0.0.1:$otlp_port/" \
    env LC_ALL=C.UTF-8 $build/cli/sonde tail --listen "127.0.0.1:$otlp_port" --settle 1 --width "${width:-100}" --color $colour
start stock TERM "http://127.0.0.1:$stock_port/metrics" $build/examples/stock "$stock_port"
start shop TERM "http://127.0.0.1:$shop_port/metrics" \
    $build/examples/shop "$shop_port" "http://127.0.0.1:$stock_port"
start nginx QUIT "http://127.0.0.1:$nginx_port/metrics" \
    "$NGINX_BIN" -p "$run" -e "$run/nginx-error.log" -c "$run/nginx.conf"
echo "nginx $nginx_port -> shop $shop_port -> stock $stock_port, all sending to sonde tail $otlp_port"

say "requests"
trace=
for path in items/7 items/12 items/0 items/7; do
    status=$(ask -D "$run/head" -o "$run/answer" -w '%{http_code}' "http://127.0.0.1:$nginx_port/shop/$path")
    id=$(tr -d '\r' <"$run/head" | sed -n 's/^X-Trace-Id: //p')
    echo "GET /shop/$path  $status  $(paste -s -d ' ' "$run/answer")"
    [ -n "$trace" ] || trace=$id
done
[ -n "$trace" ] || fail "nginx gave no trace id; see $run/nginx-error.log"

# The trace's block in what sonde tail wrote: from its headline to the empty line.
show_trace() {
    awk -v id="$trace" 'index($0, id) { on = 1 } on && /^[ \t]*$/ { exit } on' "$run/tail.log"
}
tries=0
until [ -n "$(show_trace)" ]; do
    tries=$((tries + 1))
    [ $tries -le 200 ] || fail "the trace did not arrive; see $run/*.log"
    sleep 0.1
done

say "the first of these traces"
show_trace

say "request metrics of nginx (from http://127.0.0.1:$nginx_port/metrics, without the scope's labels)"
ask "http://127.0.0.1:$nginx_port/metrics" | sed 's/otel_scope_[a-z_]*="[^"]*",//g' |
    grep -E '^http_server_(request_duration_seconds_(count|sum)|active_requests)'

if [ $keep = yes ]; then
    say "running until Ctrl-C: try  curl -i http://127.0.0.1:$nginx_port/shop/items/7"
    tail -n 0 -f "$run/tail.log" &
    running="$!:TERM $running"
    wait "$!"
fi

say "next"
cat <<END
./demo.sh --keep      leaves it running, to be tried with curl or a browser
$build/cli/sonde tail   shows what your own programs send; README.md says what to change in them (one line)
END
