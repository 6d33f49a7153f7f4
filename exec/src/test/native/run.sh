#!/bin/sh
# Builds launcher and tests under the address and undefined-behaviour sanitizers into the directory named by the first
# argument, and runs all cases and some seconds of the fuzzer and of failing system calls (more of them: fuzz.sh, faults.sh), or
# the cases whose name contains the second. VERBOSE=1 names each case and its time.
set -eu

[ $# -ge 1 ] || { echo "usage: $0 OUTDIR [NAME]" >&2; exit 2; }
[ "$(uname -s)" = Linux ] || exit 0
here=$(cd "$(dirname "$0")" && pwd)
sources=$here/../../main/native
mkdir -p "$1"
out=$(cd "$1" && pwd)
compiler=${CC:-cc}
if ! command -v "$compiler" > /dev/null 2>&1; then
    echo "hufu: no C compiler ($compiler): install the package 'gcc' (Debian, Fedora) or 'build-base' (Alpine)" >&2
    exit 1
fi

warnings='-std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -Wshadow'
sanitizers='-g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all'
# One run-time for both, where that can be linked in: apart, the second does not write its reports into files.
# shellcheck disable=SC2086 # words are wanted
if echo 'int main(void) { return 0; }' | "$compiler" $sanitizers -static-libasan -static-libubsan -x c -o "$out/probe" - 2> /dev/null; then
    sanitizers="$sanitizers -static-libasan -static-libubsan"
fi
# What gcc's analyzer finds is an error too. It takes seconds, clang has none, and it follows each file for itself.
analyzer=-fanalyzer
echo 'int main(void) { return 0; }' | "$compiler" $analyzer -Werror -x c -o "$out/probe" - 2> /dev/null || analyzer=
newer=$(find "$sources" "$here" -name '*.[ch]' -newer "$out/stamp" 2> /dev/null || echo all)
if [ ! -x "$out/tests" ] || [ -n "$newer" ]; then
    # shellcheck disable=SC2086 # words are wanted
    "$compiler" $warnings $sanitizers -Wl,--wrap=clock_gettime -o "$out/hufu-launcher" "$sources"/*.c "$here/skewed_clock.c"
    if [ -n "$analyzer" ]; then
        for source in "$sources"/*.c; do
            # shellcheck disable=SC2086
            "$compiler" $warnings $analyzer -O2 -c -o "$out/probe" "$source"
        done
    fi
    parts=$(find "$sources" -name '*.c' ! -name launcher.c ! -name pool.c ! -name orphans.c)
    # shellcheck disable=SC2086
    "$compiler" $warnings $sanitizers -o "$out/tests" "$here/main.c" "$here"/client*.c "$here"/*_test.c $parts
    CC=$compiler "$here/fuzz.sh" "$out" 0 1 "$here"/corpus/* > /dev/null
    touch "$out/stamp"
fi

# Short, for sockets: their paths end at 107 bytes.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT INT TERM

# Supervisors have no standard error: what the sanitizers find in them comes out in files.
ASAN_OPTIONS=log_path=$scratch/sanitizer:abort_on_error=0
UBSAN_OPTIONS=log_path=$scratch/sanitizer:print_stacktrace=1
export ASAN_OPTIONS UBSAN_OPTIONS
status=0
"$out/tests" "$out/hufu-launcher" "$scratch" "${2:-}" || status=$?
if [ -z "${2:-}" ] || [ "${2:-}" = fuzz ]; then
    "$out/fuzz" 300000 1 "$here"/corpus/* || status=$?
fi
if [ -z "${2:-}" ] || [ "${2:-}" = faults ]; then
    "$here/faults.sh" "$out" 61 || status=$?
fi
for report in "$scratch"/sanitizer*; do
    if [ -e "$report" ]; then
        echo "FAILED by a sanitizer:"
        cat "$report"
        status=1
    fi
done
exit "$status"
