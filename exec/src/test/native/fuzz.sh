#!/bin/sh
# Fuzzes whatever a connection may bring to launcher and supervisors: with libFuzzer where clang has it, else (or where
# CC names another compiler) with mutations of the corpus that the seed decides, and repeats. What libFuzzer finds is left
# in OUTDIR/found; `fuzz.sh OUTDIR 0 0 FILE` shows it again.
set -eu

[ $# -ge 1 ] || { echo "usage: $0 OUTDIR [COUNT [SEED [FILE...]]]" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
sources=$here/../../main/native
mkdir -p "$1/found"
out=$(cd "$1" && pwd)
count=${2:-1000000}
seed=${3:-$(date +%s)}
[ $# -le 3 ] && shift $# || shift 3

warnings='-std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -Wshadow'
sanitizers='-g -O1 -fno-omit-frame-pointer -fno-sanitize-recover=all'
target="$here/fuzz_target.c $sources/request.c $sources/frame.c $sources/instruction.c"
taken_in='-Drecv=fuzz_recv -Dpoll=fuzz_poll'
clang=$(command -v clang || command -v clang-14 || true)
compiler=${CC:-${clang:-cc}}
echo "seed $seed"
# shellcheck disable=SC2086 # words are wanted
if [ $# -eq 0 ] && echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' \
    | "$compiler" -fsanitize=fuzzer,address,undefined -x c -o "$out/probe" - 2> /dev/null; then
    "$compiler" $warnings $sanitizers $taken_in -fsanitize=fuzzer,address,undefined -o "$out/fuzz" \
        "$here/fuzz_libfuzzer.c" $target
    mkdir -p "$out/corpus"
    exec "$out/fuzz" -runs="$count" -seed="$seed" -max_len=4096 -print_final_stats=1 -verbosity=${VERBOSE:-0} \
        -artifact_prefix="$out/found/" "$out/corpus" "$here/corpus"
fi
# shellcheck disable=SC2086
"${CC:-cc}" $warnings $sanitizers $taken_in -fsanitize=address,undefined -o "$out/fuzz" "$here/fuzz_main.c" $target
[ $# -gt 0 ] || set -- "$here"/corpus/*
exec "$out/fuzz" "$count" "$seed" "$@"
