#!/bin/sh
# Lets every system call of launcher and supervisors fail in turn, in every scenario, and checks what becomes of it; of
# these runs only every STEP-th (1: all, minutes) is made. `faults.sh OUTDIR 1 SCENARIO [CALL TURN ERROR]` repeats one.
set -eu

[ $# -ge 2 ] || { echo "usage: $0 OUTDIR STEP [SCENARIO [CALL TURN ERROR]]" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
sources=$here/../../main/native
mkdir -p "$1/faulty"
out=$(cd "$1" && pwd)
shift
compiler=${CC:-cc}
warnings='-std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -Wshadow'
sanitizers='-g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all'
# shellcheck disable=SC2086 # words are wanted
if echo 'int main(void) { return 0; }' | "$compiler" $sanitizers -static-libasan -static-libubsan -x c -o "$out/probe" - 2> /dev/null; then
    sanitizers="$sanitizers -static-libasan -static-libubsan"
fi

newer=$(find "$sources" "$here" -type f -newer "$out/faulty/stamp" 2> /dev/null || echo all)
if [ -n "$newer" ]; then
    rm -f "$out"/faulty/*.o
    for source in "$sources"/*.c; do
        # shellcheck disable=SC2086
        "$compiler" $warnings $sanitizers -c -o "$out/faulty/$(basename "$source" .c).o" "$source"
    done
    # Only what the sources call goes through the shim, not what the sanitizers do.
    sed -n 's/^ *CALL(\([a-z0-9_]*\),.*/\1 faulty_\1/p' "$here/faults/calls.h" > "$out/faulty/names"
    echo 'syscall faulty_syscall' >> "$out/faulty/names"
    sed -n '/define FREE/,/^$/p' "$here/faults/calls.h" | tr -s ' \\' '\n\n' | sort -u > "$out/faulty/free"
    nm "$out"/faulty/*.o | awk 'NF == 3 { print $3 }' | sort -u > "$out/faulty/own"
    unknown=$(nm -u "$out"/faulty/*.o | awk '$1 == "U" { print $2 }' | grep -v '^__asan_\|^__ubsan_' | sort -u \
        | grep -vxF -f "$out/faulty/own" -e '' | grep -vxF -f "$out/faulty/free" \
        | while read -r name; do grep -q "^$name " "$out/faulty/names" || echo "$name"; done)
    if [ -n "$unknown" ]; then
        echo "FAILED: called by the sources, and not in faults/calls.h:" $unknown
        exit 1
    fi
    if [ "$("$here/calls_table.sh")" != "$(sed -n '/^| call | fails/,/^$/p' "$here/../../../../docs/supervisor.md")" ]; then
        echo "FAILED: docs/supervisor.md has another table of calls than calls_table.sh prints"
        exit 1
    fi
    for object in "$out"/faulty/*.o; do
        objcopy --redefine-syms="$out/faulty/names" "$object"
    done
    # shellcheck disable=SC2086
    "$compiler" $warnings -Wno-pedantic -g -O1 -c -o "$out/faulty/shim" -x c "$here/faults/shim.c"
    # shellcheck disable=SC2086
    "$compiler" $sanitizers -o "$out/faulty/hufu-launcher" "$out"/faulty/*.o -x none "$out/faulty/shim"
    parts=$(find "$sources" -name '*.c' ! -name launcher.c ! -name pool.c ! -name orphans.c)
    # shellcheck disable=SC2086
    "$compiler" $warnings -g -O1 -o "$out/faulty/faults" "$here/faults/main.c" "$here/faults/scenarios.c" "$here"/client*.c $parts
    touch "$out/faulty/stamp"
fi

# Short, for sockets: their paths end at 107 bytes.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT INT TERM
ASAN_OPTIONS=log_path=$scratch/sanitizer:abort_on_error=0
UBSAN_OPTIONS=log_path=$scratch/sanitizer:print_stacktrace=1
export ASAN_OPTIONS UBSAN_OPTIONS
status=0
"$out/faulty/faults" "$out/faulty/hufu-launcher" "$scratch" "$@" || status=$?
for report in "$scratch"/sanitizer*; do
    if [ -e "$report" ]; then
        echo "FAILED by a sanitizer:"
        cat "$report"
        status=1
    fi
done
exit "$status"
