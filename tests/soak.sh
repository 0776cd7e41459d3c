#!/bin/bash
# Runs a network for a long time and checks that the process survives and that its memory stays flat.
#
#   tests/soak.sh [SECONDS [CAMERAS [FOLDER]]]      default: 3600 8, and a temporary folder
#   tests/soak.sh --heads [SECONDS [FOLDER]]        default: 1800, and a temporary folder
#   tests/soak.sh --faults [SECONDS [FOLDER]]       default: 3600, and a temporary folder; 60 or more
#
# The first form monitors RTSP cameras on localhost with convnext-watch while they are killed, stalled and
# restarted at random, and also checks that every camera delivers results soon after it comes back. The second
# plays a stream each through convnextsegment and convnextdetect in mode=latest while the format, size and
# aspect of their frames change every second. The third is soak_faults.py: cameras, broker, webhook, command,
# disk and clients of the page fail in turns, and each event must arrive once. It needs mosquitto, and root for a
# disk that is full or hangs.
#
# Requires the build of tests/run.sh in build-test/. FOLDER keeps lines, log, memory (seconds and KiB of
# resident memory, every second) and, of cameras, returns (camera, how it was lost, seconds from its return to
# its first result). Ends with a table; the status is 0 if all checks pass.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export CONVNEXT_BUILD=${CONVNEXT_BUILD:-$root/build-test}
fixtures=$root/tests/fixtures
faults=$root/tests/soak_faults.py
. "$root/pipelines/env.sh"

if [ "${1:-}" = --faults ]; then
    folder=${3:-$(mktemp -d)}
    mkdir -p "$folder" || exit 1
    run=(python3 "$faults" "${2:-3600}" "$(realpath "$folder")")
    [ "$(id -u)" -ne 0 ] || run=(unshare --mount "${run[@]}") # its file system is not seen outside
    exec "${run[@]}"
fi
heads=
if [ "${1:-}" = --heads ]; then
    heads=1
    shift
    set -- "${1:-1800}" 0 "${@:2}"
fi
duration=${1:-3600}
cameras=${2:-8}
folder=${3:-$(mktemp -d)}
warm=300       # seconds of warm-up, or a quarter of a shorter run, in which memory may grow
patience=5     # seconds in which a camera that is back must deliver results
allowance=2048 # KiB that memory may grow, from the median of the first quarter after the warm-up to
               # that of the last; medians of a minute vary by 6 MiB with the cameras' state
[ "$duration" -ge $((4 * warm)) ] || warm=$((duration / 4))
mkdir -p "$folder" && cd "$folder" || exit 1

# median FROM TO: prints the median of the memory in that time.
median()
{
    awk -v from="$1" -v to="$2" '$1 >= from && $1 < to { print $2 }' memory | sort -n |
        awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'
}

# judge_memory: prints how it grew; fails if that is too much.
judge_memory()
{
    local quarter=$(((duration - warm) / 4)) first last
    first=$(median $warm $((warm + quarter)))
    last=$(median $((duration - quarter)) "$duration")
    echo "memory: $((first / 1024)) MiB after $warm s, $((last / 1024)) MiB at the end, $((last - first)) KiB more"
    [ $((last - first)) -le $allowance ]
}

# Small networks, whose frames are many. Pools and allocator keep what the largest frame so far
# took, and a larger one becomes ever rarer, so half of the time is warm-up.
soak_heads()
{
    local bad=0
    warm=$((duration / 2))
    "$CONVNEXT_BUILD/tests/pipelines/changing" "$duration" \
        "convnextsegment mode=latest mask-size=frame paint=true post-messages=true \
            model=$fixtures/segmenters/transformers-upernet" \
        "convnextdetect mode=latest min-size=96 max-size=128 score-threshold=0.02 masks=on mask-size=frame \
            model=$fixtures/detectors/torchvision-mask-rcnn" >lines 2>log || bad=1
    grep -E '^[0-9]+ [0-9]+$' lines >memory
    grep '^stream' lines
    [ $bad -eq 0 ] || tail -n 3 log
    judge_memory || bad=1
    echo "the files are in $folder"
    return $bad
}

if [ -n "$heads" ]; then
    soak_heads
    exit
fi

server=$CONVNEXT_BUILD/tests/pipelines/rtsp-server
[ -x "$server" ] || cnx_die "$server does not exist: run tests/run.sh first"
: >returns
: >memory
: >log
pids=()

finish()
{
    local file
    kill "${pids[@]}" 2>/dev/null
    wait "${pids[@]}" 2>/dev/null
    for file in camera-*.pid; do
        kill -9 "$(cat "$file")" 2>/dev/null
    done
}
trap finish EXIT
trap 'exit 1' INT TERM

# The servers play clips, which costs next to nothing.
picture='video/x-raw,format=I420,width=640,height=360,framerate=15/1'
gst-launch-1.0 -q videotestsrc num-buffers=150 pattern=ball ! "$picture" ! x264enc key-int-max=15 \
    ! video/x-h264,stream-format=byte-stream ! filesink location=clip.h264 || exit 1
gst-launch-1.0 -q videotestsrc num-buffers=1500 pattern=ball ! "$picture" ! jpegenc ! avimux \
    ! filesink location=clip.avi || exit 1

# serve N: starts camera N, on its previous port. If another program has taken the port, the camera
# stays lost and the run fails.
serve()
{
    local _ what="multifilesrc location=$folder/clip.h264 loop=true ! h264parse
        ! rtph264pay name=pay0 pt=96 config-interval=-1"
    [ $(($1 % 2)) -eq 0 ] || what="filesrc location=$folder/clip.avi ! avidemux ! rtpjpegpay name=pay0 pt=26"
    : >"camera-$1"
    "$server" --life $((duration + 600)) --port "$(cat "camera-$1.port" 2>/dev/null || echo 0)" \
        "$what" >"camera-$1" 2>>"camera-$1.log" </dev/null &
    echo $! >"camera-$1.pid"
    disown
    for _ in {1..200}; do
        [ ! -s "camera-$1" ] || break
        sleep 0.05
    done
    if [ ! -s "camera-$1" ]; then
        echo "camera-$1 lost server" >>returns
        return 1
    fi
    sed 's,.*:\([0-9]*\)/live,\1,' "camera-$1" >"camera-$1.port"
}

# results N: prints camera N's number of results, over all its connections, from the metrics.
results()
{
    exec 9<>"/dev/tcp/127.0.0.1/$metrics"
    printf 'GET /metrics HTTP/1.0\r\n\r\n' >&9
    sed -n "s/^convnext_inferences_total{stream=\"camera-$1\"} //p" <&9
    exec 9<&-
}

# waiting N: prints how often convnext-watch has reported the loss of camera N.
waiting()
{
    grep -c "camera-$1: waiting" log
}

# trouble N: keeps interrupting camera N: kills it (dead), which closes its port, or stops it (hung).
trouble()
{
    local n=$1 before gone how back
    RANDOM=$((n * 7919))
    while sleep $((10 + RANDOM % 50)); do
        if [ $((RANDOM % 3)) -eq 0 ]; then
            how=hung
            gone=$(waiting "$n")
            kill -STOP "$(cat "camera-$n.pid")"
            sleep $((7 + RANDOM % 10))
            before=$(results "$n")
            kill -CONT "$(cat "camera-$n.pid")"
            # Buffered frames bridged the gap, and the camera was never lost.
            [ "$(waiting "$n")" -gt "$gone" ] || continue
        else
            how=dead
            kill -9 "$(cat "camera-$n.pid")"
            sleep $((1 + RANDOM % 20))
            before=$(results "$n")
            serve "$n" || return
        fi
        back=$(date +%s.%N)
        echo "$back" >"camera-$n.away"
        until [ "$(results "$n")" -gt "$before" ]; do
            sleep 0.1
        done
        echo "camera-$n $how $(date +%s.%N) $back" | awk '{ printf "%s %s %.1f\n", $1, $2, $3 - $4 }' \
            >>returns
        rm "camera-$n.away"
    done
}

sources=()
for n in $(seq "$cameras"); do
    serve "$n" || cnx_die "the RTSP server does not start: $(cat "camera-$n.log")"
    sources+=("camera-$n=$(cat "camera-$n")")
done
"$CONVNEXT_BUILD/pipelines/convnext-watch" --metrics 0 --set interval=3 "${sources[@]}" 2>log </dev/null \
    > >(tail -n 1000 >lines) &
watch=$!
pids+=("$watch")
metrics=
for _ in {1..200}; do
    metrics=$(sed -n 's,.*metrics at http://127.0.0.1:\([0-9]*\)/metrics$,\1,p' log)
    [ -z "$metrics" ] || break
    sleep 0.05
done
[ -n "$metrics" ] || cnx_die "convnext-watch serves no metrics: $(tail -n 1 log)"
for n in $(seq "$cameras"); do
    trouble "$n" 2>/dev/null &
    pids+=("$!")
done
started=$SECONDS
while [ $((SECONDS - started)) -lt "$duration" ] && kill -0 $watch 2>/dev/null; do
    now=$((SECONDS - started))
    echo "$now $(awk '/^VmRSS/ { print $2 }' /proc/$watch/status)" >>memory
    sleep 1
done

for file in camera-*.away; do
    [ ! -f "$file" ] || echo "$(date +%s.%N) $(cat "$file")" | awk -v name="${file%.away}" \
        -v patience=$patience '$1 - $2 > patience { print name, "lost", $1 - $2 }' >>returns
done
survived=no
if kill -0 $watch 2>/dev/null; then
    kill -INT $watch
    wait $watch && survived=yes
fi
bad=0
[ $survived = yes ] || bad=1
echo "ran $((SECONDS - started)) s with $cameras cameras; convnext-watch survived and ended with status 0: $survived"

judge_memory || bad=1

for how in dead hung; do
    sort -k 3 -n returns | awk -v how=$how -v patience=$patience '
        $2 == how { times[++n] = $3; late += $3 > patience }
        END { printf "%s and back: %d times, median %.1f s, longest %.1f s, %d over %d s\n", how, n,
              times[int((n + 1) / 2)], times[n], late, patience; exit late > 0 }' || bad=1
done
[ "$(wc -l <returns)" -gt 0 ] || bad=1
if grep ' lost ' returns; then bad=1; fi
# The network runs on every third frame; fewer than half of these results are too few.
awk -v cameras="$cameras" '
    /^camera-[0-9]+: [0-9]+ frames, [0-9]+ results/ { n++; few += $4 == 0 || $4 * 6 < $2 }
    END { if (few || n < cameras) print n - few " of " cameras " cameras delivered enough results"
          exit few || n < cameras }' log || bad=1
sed -n -E '/: [0-9]+ frames|left behind/p' log
echo "the files are in $folder"
exit $bad
