# Shared by the tests of this folder: a folder to work in, a clip, a camera, and what to expect.
# Sourced by bash. Meson sets CNX_ROOT, CONVNEXT_BUILD, JSON_LINES and, where gst-rtsp-server is
# there, RTSP_SERVER; and CONVNEXT_WATCH. PATIENCE is half a minute unless it is set.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -u
export LC_ALL=C.UTF-8
unset http_proxy # souphttpsrc would ask it for the loopback
. "$CNX_ROOT/pipelines/env.sh"
quickstart=$CNX_ROOT/pipelines/quickstart.sh
work=$(mktemp -d)
server= # process ids of all that finish() ends
bad=0

finish()
{
    # shellcheck disable=SC2086 # a list of numbers
    [ -z "$server" ] || kill $server 2>/dev/null
    rm -rf "$work"
}
trap finish EXIT
cd "$work" || exit 1

wrong()
{
    printf '%s\n' "$*"
    bad=1
}

# make_clip FILE FRAMES: a film with a sound track, as cameras write them.
make_clip()
{
    gst-launch-1.0 -q qtmux name=mux ! filesink location="$1" \
        videotestsrc num-buffers="$2" ! video/x-raw,width=320,height=240,framerate=25/1 \
        ! jpegenc ! mux. audiotestsrc num-buffers=20 ! audioconvert ! mux. ||
        wrong "cannot make a clip"
}

# start_camera: an RTSP server on the loopback; its address is in $camera. The test is skipped where
# there is no server to start.
start_camera()
{
    if [ -z "${RTSP_SERVER:-}" ]; then
        echo "no gst-rtsp-server here"
        exit 77
    fi
    "$RTSP_SERVER" >"$work/camera" &
    server=$!
    for _ in $(seq 100); do
        camera=$(cat "$work/camera")
        [ -z "$camera" ] || return
        sleep 0.1
    done
    wrong "the RTSP server does not start"
    exit 1
}

# wait_for FILE COUNT PATTERN: until COUNT lines of the file match; for PATIENCE seconds at most.
wait_for()
{
    local _ count
    for _ in $(seq $((${PATIENCE:-30} * 10))); do
        count=$(grep -c -E -e "$3" "$1")
        [ "${count:-0}" -lt "$2" ] || return 0
        sleep 0.1
    done
    wrong "$1 never had $2 lines of '$3': $(tail -n 20 "$1")"
    return 1
}

# start_watch ARGUMENT...: convnext-watch in the background, its results in the file lines, what it
# says in the file said, its process id in $watch.
start_watch()
{
    : >lines
    : >said
    "$CONVNEXT_WATCH" "$@" >lines 2>said </dev/null &
    watch=$!
    server+=" $watch"
}

# stop_watch SIGNAL: it ends well.
stop_watch()
{
    local status
    kill "-$1" "$watch"
    wait "$watch"
    status=$?
    [ $status -eq 0 ] || wrong "convnext-watch ended with $status after $1: $(tail -n 5 said)"
    server=${server/ $watch/}
}

# scrape FILE: what convnext-watch answers at $port of the loopback to $method (GET) for $path
# (/metrics): its body in the file, its head in FILE.head, its number in $status.
scrape()
{
    local line
    exec 9<>"/dev/tcp/127.0.0.1/$port"
    printf '%s %s HTTP/1.0\r\nHost: localhost\r\n\r\n' "${method:-GET}" "${path:-/metrics}" >&9
    : >"$1.head"
    while IFS= read -r -t "${PATIENCE:-30}" line <&9 && [ "$line" != $'\r' ]; do
        printf '%s\n' "${line%$'\r'}" >>"$1.head"
    done
    timeout "${PATIENCE:-30}" cat <&9 >"$1"
    exec 9<&-
    status=$(awk 'NR == 1 { print $2 }' "$1.head")
}

# expect_lines FILE COUNT: JSON lines up to an empty line, as many as COUNT (0: some).
expect_lines()
{
    sed '/^$/,$d' "$1" >"$1.lines"
    "$JSON_LINES" "$1.lines" "$2" || wrong "$1 is not what convnextpublish should write"
}

# expect_summary FILE FRAMES: the summary after the lines: frames, rate, time, and shares that sum up
# to 100 %.
expect_summary()
{
    sed '1,/^$/d' "$1" >"$1.summary"
    grep -q -E "^$2 frames of .*: [0-9.]+ fps, median [0-9.]+ ms per frame$" "$1.summary" ||
        wrong "no summary of $2 frames: $(cat "$1.summary")"
    awk '/%$/ { sum += $(NF - 1) } END { exit !(sum > 99.4 && sum < 100.6) }' "$1.summary" ||
        wrong "the shares do not sum up to 100 %: $(cat "$1.summary")"
}

# expect_interruption SOURCE: quickstart.sh ends soon on Ctrl-C, with a summary of the lines that it has
# printed; their number is in $count. The program itself gets the signal, as from a terminal: no shell
# is left in between.
expect_interruption()
{
    local player status started
    : >interrupted
    "$quickstart" "$1" >interrupted </dev/null &
    player=$!
    for _ in $(seq 300); do
        [ "$(wc -l <interrupted)" -lt 5 ] || break
        sleep 0.1
    done
    started=$SECONDS
    kill -INT $player
    wait $player
    status=$?
    [ $status -eq 0 ] || wrong "interrupted: status $status"
    [ $((SECONDS - started)) -lt 10 ] || wrong "took $((SECONDS - started)) s to end"
    count=$(sed '/^$/,$d' interrupted | wc -l)
    expect_lines interrupted 0
    expect_summary interrupted "$count"
}

# expect_refusal WORDS COMMAND...: the command fails with one sentence that holds the words.
expect_refusal()
{
    local words=$1 status said
    shift
    timeout 60 "$@" >"$work/out" 2>"$work/said" </dev/null
    status=$?
    said=$(grep -v -E '^(Classifying|Building|Configuring) ' "$work/said")
    [ $status -eq 1 ] || wrong "$*: ended with $status"
    [ ! -s "$work/out" ] || wrong "$*: printed $(head -n 3 "$work/out")"
    [ "$(grep -c . <<<"$said")" -eq 1 ] || wrong "$*: said more or less than one sentence: $said"
    grep -q -F -e "$words" <<<"$said" || wrong "$*: said '$said', without '$words'"
}
