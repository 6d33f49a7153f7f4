#!/bin/sh
# Takes the library's API as it is built now (target/classes) for the one that later changes are compared with.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../../target/classes"
# Without the inside, and so that the same classes make the same file.
find dev/hufu/exec -maxdepth 1 -name '*.class' | LC_ALL=C sort \
    | jar --create --file "$here/baseline.jar" --no-manifest --date=2026-01-01T00:00:00Z @/dev/stdin
