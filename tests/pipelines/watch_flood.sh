#!/bin/bash
# A thousand clients that connect to the port of the metrics and do nothing. They take neither the
# descriptors that a lost camera needs to reconnect nor the port from others, and are hung up on.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"

# flood: opens 250 connections at $port and keeps them until it is killed.
flood()
{
    local fd _
    exec 2>/dev/null
    for _ in $(seq 250); do
        exec {fd}<>"/dev/tcp/127.0.0.1/$port"
    done
    echo ready
    sleep 400
}

# descriptors: how many convnext-watch has open.
descriptors()
{
    find "/proc/$watch/fd" -type l | wc -l
}

start_camera
descriptor_limit=128
: >lines
: >log
(ulimit -n $descriptor_limit && exec "$CONVNEXT_WATCH" --metrics 0 "door=$camera" >lines 2>log </dev/null) &
watch=$!
server+=" $watch"
wait_for log 1 'metrics at http://127\.0\.0\.1:[0-9]+/metrics$'
wait_for log 1 'door: playing'
port=$(sed -n 's,.*http://127.0.0.1:\([0-9]*\)/metrics$,\1,p' log)
scrape quiet
[ "$status" = 200 ] || wrong "status $status"
before=$(descriptors)

: >flooded
for _ in 1 2 3 4; do
    flood >>flooded &
    server+=" $!"
done
wait_for flooded 4 ready
[ "$(descriptors)" -le $((descriptor_limit / 2 + 32)) ] || wrong "$(descriptors) descriptors are in use, $before before"

# Meanwhile a camera is lost and comes back, and the metrics are served.
kill "${server%% *}"
wait_for log 1 'door: waiting'
"$RTSP_SERVER" --port "$(sed 's,.*:\([0-9]*\)/live,\1,' <<<"$camera")" >camera &
server+=" $!"
wait_for log 2 'door: playing'
scrape busy
[ "$status" = 200 ] || wrong "among idle connections: status $status"
grep -q '^convnext_reconnects_total{stream="door"} [1-9]' busy || wrong "$(cat busy)"

# The idle connections are closed.
for _ in $(seq $((PATIENCE * 10))); do
    [ "$(descriptors)" -gt $((before + 8)) ] || break
    sleep 0.1
done
[ "$(descriptors)" -le $((before + 8)) ] || wrong "$(descriptors) descriptors are in use later, $before before"

# A large request is neither kept in memory nor waited for.
peak()
{
    awk '$1 == "VmHWM:" { print $2 }' "/proc/$watch/status"
}

before=$(peak)
{
    printf 'POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000000\r\n\r\n'
    head -c 200000000 /dev/zero
} >"/dev/tcp/127.0.0.1/$port" 2>/dev/null
wait_for lines $(($(grep -c . lines) + 20)) '"stream":"door"'
[ $(($(peak) - before)) -lt 100000 ] || wrong "a large request takes $(($(peak) - before)) kB"
stop_watch INT
exit $bad
