#!/bin/sh
# The table of failing calls, as docs/supervisor.md has it.
here=$(cd "$(dirname "$0")" && pwd)
echo '| call | fails with |'
echo '|---|---|'
sed -n 's/^ *CALL(\([a-z0-9_]*\), \(.*\)) *\\*$/| `\1` | \2 |/p; s/^ *RAW(\([a-z0-9_]*\), \(.*\)) *\\*$/| `\1` (raw) | \2 |/p' "$here/faults/calls.h" | sort
