# shellcheck shell=sh
# A rehearsal after the build: server and command line run once, and the virtual machine keeps what it loaded and linked, so
# that it starts several times as fast from then on. Without its result everything works, only slower. Sourced.

rehearse() {
    stage=$(mktemp -d) || return 0
    rm -f "$root/server/target/hufu.aot" "$root/cli/target/hufu.aot"
    (HUFU_DATA=$stage/data && export HUFU_DATA && become server "-XX:AOTCacheOutput=$stage/server.aot" --listen 127.0.0.1:0) \
        < /dev/null > "$stage/out" 2> /dev/null &
    server=$!
    address=
    tries=0
    while [ -z "$address" ] && [ "$tries" -lt 300 ] && kill -0 "$server" 2> /dev/null; do
        sleep 0.1
        address=$(sed -n 's/^hufu: ready on //p' "$stage/out")
        tries=$((tries + 1))
    done
    if [ -n "$address" ]; then
        (
            HUFU_DATA=$stage/data HUFU_URL=$address
            export HUFU_DATA HUFU_URL
            become cli "-XX:AOTCacheOutput=$stage/cli.aot" --rehearse
        ) < /dev/null > /dev/null 2>&1 || true
    fi
    kill "$server" 2> /dev/null || true
    wait "$server" 2> /dev/null || true
    for room in server cli; do
        [ ! -s "$stage/$room.aot" ] || mv "$stage/$room.aot" "$root/$room/target/hufu.aot"
    done
    rm -rf "$stage"
}
