# Shared by the tests of this folder: a working folder, clips, cameras and checks. Sourced by bash.
# Meson sets CNX_ROOT, CONVNEXT_BUILD, CONVNEXT_WATCH, JSON_LINES and, if gst-rtsp-server is installed,
# RTSP_SERVER. PATIENCE is how many seconds a test waits for something, enough for a machine that is
# twenty times slower than usual.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -u
export LC_ALL=C.UTF-8
PATIENCE=${PATIENCE:-300}
unset http_proxy # souphttpsrc would use it for localhost too
. "$CNX_ROOT/pipelines/env.sh"
quickstart=$CNX_ROOT/pipelines/quickstart.sh
work=$(mktemp -d)
server= # process ids of the programs that finish() kills
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

# make_clip FILE FRAMES: makes a video with an audio track, as a camera does.
make_clip()
{
    gst-launch-1.0 -q qtmux name=mux ! filesink location="$1" \
        videotestsrc num-buffers="$2" ! video/x-raw,width=320,height=240,framerate=25/1 \
        ! jpegenc ! mux. audiotestsrc num-buffers=20 ! audioconvert ! mux. ||
        wrong "cannot make a clip"
}

# wait_for_line FILE: waits until the file has a line; fails after PATIENCE seconds.
wait_for_line()
{
    local _
    for _ in $(seq $((PATIENCE * 10))); do
        [ ! -s "$1" ] || return 0
        sleep 0.1
    done
    wrong "nothing is written to $1"
    exit 1
}

# make_broken_model FOLDER: makes a copy of the bundled model whose scores are NaN.
make_broken_model()
{
    mkdir "$1"
    cp "$CNX_ROOT"/model/default/*.json "$1"
    python3 - "$CNX_ROOT/model/default/model.safetensors" "$1/model.safetensors" <<'END'
import json, struct, sys

data = bytearray(open(sys.argv[1], 'rb').read())
length, = struct.unpack_from('<Q', data)
bias = json.loads(data[8:8 + length])['classifier.bias']
assert bias['dtype'] == 'F16'
struct.pack_into('<H', data, 8 + length + bias['data_offsets'][0], 0x7e00)
open(sys.argv[2], 'wb').write(data)
END
}

# start_camera: starts an RTSP server on localhost and puts its address into $camera. Skips the test if
# gst-rtsp-server is not installed.
start_camera()
{
    if [ -z "${RTSP_SERVER:-}" ]; then
        echo "gst-rtsp-server is not installed"
        exit 77
    fi
    "$RTSP_SERVER" >"$work/camera" &
    server=$!
    wait_for_line "$work/camera"
    camera=$(cat "$work/camera")
}

# wait_for FILE COUNT PATTERN: waits until COUNT lines of the file match, for PATIENCE seconds at most.
wait_for()
{
    local _ count
    for _ in $(seq $((PATIENCE * 10))); do
        count=$(grep -c -E -e "$3" "$1")
        [ "${count:-0}" -lt "$2" ] || return 0
        sleep 0.1
    done
    wrong "$1 does not get $2 lines of '$3': $(tail -n 20 "$1")"
    return 1
}

# start_watch ARGUMENT...: starts convnext-watch in the background, with its results in the file lines,
# its standard error in the file log, and its process id in $watch.
start_watch()
{
    : >lines
    : >log
    "$CONVNEXT_WATCH" "$@" >lines 2>log </dev/null &
    watch=$!
    server+=" $watch"
}

# stop_watch SIGNAL: expects convnext-watch to end with status 0.
stop_watch()
{
    local status
    kill "-$1" "$watch"
    wait "$watch"
    status=$?
    [ $status -eq 0 ] || wrong "convnext-watch ended with $status after $1: $(tail -n 5 log)"
    server=${server/ $watch/}
}

# scrape FILE: sends convnext-watch an HTTP request at $port, for $method (GET) and $path (/metrics).
# Puts the body into the file, the header into FILE.head and the status code into $status.
scrape()
{
    local line
    exec 9<>"/dev/tcp/127.0.0.1/$port"
    printf '%s %s HTTP/1.0\r\nHost: localhost\r\n\r\n' "${method:-GET}" "${path:-/metrics}" >&9
    : >"$1.head"
    while IFS= read -r -t "$PATIENCE" line <&9 && [ "$line" != $'\r' ]; do
        printf '%s\n' "${line%$'\r'}" >>"$1.head"
    done
    timeout "$PATIENCE" cat <&9 >"$1"
    exec 9<&-
    status=$(awk 'NR == 1 { print $2 }' "$1.head")
}

# expect_lines FILE COUNT: expects COUNT JSON lines up to an empty line; 0 means one or more.
expect_lines()
{
    sed '/^$/,$d' "$1" >"$1.lines"
    "$JSON_LINES" "$1.lines" "$2" || wrong "$1 is not valid output of convnextpublish"
}

# expect_summary FILE FRAMES: expects a summary after the lines: frames, rate, time, and shares that
# sum to 100 %.
expect_summary()
{
    sed '1,/^$/d' "$1" >"$1.summary"
    grep -q -E "^$2 frames of .*: [0-9.]+ fps, median [0-9.]+ ms per frame$" "$1.summary" ||
        wrong "no summary of $2 frames: $(cat "$1.summary")"
    awk '/%$/ { sum += $(NF - 1) } END { exit !(sum > 99.4 && sum < 100.6) }' "$1.summary" ||
        wrong "the shares do not sum to 100 %: $(cat "$1.summary")"
}

# expect_interruption SOURCE: expects quickstart.sh to end soon after Ctrl-C, with a summary of the lines
# that it has printed; puts their number into $count. quickstart.sh replaces itself with the program, so
# the program receives the signal, as from a terminal.
expect_interruption()
{
    local player status started
    : >interrupted
    "$quickstart" --json "$1" >interrupted </dev/null &
    player=$!
    for _ in $(seq $((PATIENCE * 10))); do
        [ "$(wc -l <interrupted)" -lt 5 ] || break
        sleep 0.1
    done
    started=$SECONDS
    kill -INT $player
    wait $player
    status=$?
    [ $status -eq 0 ] || wrong "interrupted: status $status"
    [ $((SECONDS - started)) -lt 60 ] || wrong "took $((SECONDS - started)) s to end"
    count=$(sed '/^$/,$d' interrupted | wc -l)
    expect_lines interrupted 0
    expect_summary interrupted "$count"
}

# expect_refusal WORDS COMMAND...: expects the command to fail with one sentence that contains the words.
# The sentence is in refused.log: `log` may belong to a convnext-watch that still runs.
expect_refusal()
{
    local words=$1 status sentence
    shift
    timeout "$PATIENCE" "$@" >"$work/refused.out" 2>"$work/refused.log" </dev/null
    status=$?
    sentence=$(grep -v -E '^(Classifying|Building|Configuring) ' "$work/refused.log")
    [ $status -eq 1 ] || wrong "$*: ended with $status"
    [ ! -s "$work/refused.out" ] || wrong "$*: printed $(head -n 3 "$work/refused.out")"
    [ "$(grep -c . <<<"$sentence")" -eq 1 ] || wrong "$*: expected one sentence: $sentence"
    grep -q -F -e "$words" <<<"$sentence" || wrong "$*: expected '$words' in '$sentence'"
}
