#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Installs what the tests need, builds, and runs everything: all tests on the release build, then the unit tests under
# AddressSanitizer with UndefinedBehaviorSanitizer, then under ThreadSanitizer.  The last line counts over all runs.
set -u
cd "$(dirname "$0")" || exit 1

usage() {
    cat <<'END'
usage: ./test.sh [--no-install] [-h]

  --no-install   do not look for missing Debian packages; what is not there fails or is skipped
  -h, --help     this text

Packages come from Debian or Ubuntu by apt (sudo only when not root). nginx and promtool are not installed but unpacked
into build/host, so no service is started. Build folders: build/release, build/asan, build/tsan. JOBS=n limits the
parallel jobs.
END
}

install=yes
for argument in "$@"; do
    case $argument in
        --no-install) install=no ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
done

jobs=${JOBS:-$(nproc)}
passed=0
failed=0
skipped=0

say() {
    echo "== $*"
}

# Without this the kernel may place things where gcc's ThreadSanitizer does not expect them, and it stops.
plain_addresses=
if setarch "$(uname -m)" -R true 2>/dev/null; then
    plain_addresses="setarch $(uname -m) -R"
fi

attribute() {
    sed -n "s/.*[[:space:]]$2=\"\([0-9]*\)\".*/\1/p" "$1" | head -n 1
}

# Adds what ctest wrote to the counts; a run that wrote nothing is a failure.
count_results() {
    # On one line the root element's attributes are found by name, in whatever order ctest wrote them.
    root=$build/test-root.txt
    if ! tr '\n\t' '  ' <"$1" 2>/dev/null | sed 's/.*\(<testsuite [^>]*>\).*/\1/' >"$root" || [ ! -s "$root" ]; then
        failed=$((failed + 1))
        return
    fi
    run=$(attribute "$root" tests)
    bad=$(attribute "$root" failures)
    out=$(($(attribute "$root" skipped) + $(attribute "$root" disabled)))
    passed=$((passed + run - bad - out))
    failed=$((failed + bad))
    skipped=$((skipped + out))
}

# run_preset PRESET CMAKE-ARGUMENT...: configures, builds, tests.
run_preset() {
    preset=$1
    shift
    build=build/$preset
    mkdir -p "$build"
    say "$preset: build"
    if ! cmake --preset "$preset" "$@" >"$build/configure.log" 2>&1; then
        cat "$build/configure.log"
        failed=$((failed + 1))
        return
    fi
    if ! cmake --build "$build" -j "$jobs" >"$build/build.log" 2>&1; then
        tail -n 60 "$build/build.log"
        failed=$((failed + 1))
        return
    fi
    say "$preset: tests"
    report=$PWD/$build/tests.xml
    rm -f "$report"
    # shellcheck disable=SC2086 # empty, or a command with its arguments
    $plain_addresses ctest --preset "$preset" -j "$jobs" --output-junit "$report" --no-tests=error
    status=$?
    before=$failed
    count_results "$report"
    # ctest's own word counts too: it also fails where no test ran.
    [ $status -eq 0 ] || [ "$failed" -gt "$before" ] || failed=$((failed + 1))
}

if [ $install = yes ]; then
    if ! scripts/debian-packages install build test nginx || ! scripts/debian-host build/host nginx promtool; then
        say "packages are missing (--no-install goes on with what is here)"
        echo "0 passed, 1 failed"
        exit 1
    fi
fi

nginx=OFF
[ ! -f build/host/nginx.env ] || nginx=ON
werror=OFF
[ -z "${CI-}" ] || werror=ON # a stranger's newer compiler may warn about what ours does not know

run_preset release -DSONDE_WERROR=$werror -DSONDE_BUILD_NGINX=$nginx
run_preset asan -DSONDE_WERROR=$werror
run_preset tsan -DSONDE_WERROR=$werror

[ $skipped -eq 0 ] || say "$skipped skipped (named above)"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
