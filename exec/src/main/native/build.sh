#!/bin/sh
# Builds hufu-launcher into the directory named by the argument, where sources are newer than what is there.
set -eu

[ $# -eq 1 ] || { echo "usage: $0 OUTDIR" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
if [ "$(uname -s)" != Linux ]; then
    echo "hufu: no native launcher for $(uname -s); commands will be run by the JDK" >&2
    exit 0
fi
mkdir -p "$1"
target=$1/hufu-launcher
if [ -x "$target" ] && [ -z "$(find "$here" -type f \( -name '*.[ch]' -o -name build.sh \) -newer "$target")" ]; then
    exit 0
fi

compiler=${CC:-cc}
if ! command -v "$compiler" > /dev/null 2>&1; then
    echo "hufu: no C compiler ($compiler): install the package 'gcc' (Debian, Fedora) or 'build-base' (Alpine)" >&2
    exit 1
fi

flags='-std=gnu11 -D_GNU_SOURCE -D_FORTIFY_SOURCE=2 -O2 -fstack-protector-strong -Wall -Wextra -Werror -Wshadow'
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT INT TERM

# Static where libc.a is there: fewer pages to fault in, and nothing that an update could replace under a running agent.
linkage=
echo 'int main(void) { return 0; }' > "$scratch/probe.c"
if "$compiler" -static -o "$scratch/probe" "$scratch/probe.c" > /dev/null 2>&1; then
    linkage='-static -DHUFU_STATIC'
fi

# shellcheck disable=SC2086 # words are wanted
"$compiler" $flags $linkage -o "$scratch/hufu-launcher" "$here"/*.c
mv "$scratch/hufu-launcher" "$target.new"
mv "$target.new" "$target"
