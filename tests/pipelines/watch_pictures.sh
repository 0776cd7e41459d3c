#!/bin/bash
# The pictures of events (the keys snapshots, snapshots-keep and snapshot-width): their size, what they show,
# where they are, and a folder that is missing; of test pictures and a real camera.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"

# pictures_of CAMERA [EVENT]: prints the paths that the events of a camera have, in the order of the file.
pictures_of()
{
    grep -F "\"camera\":\"$1\"" events | grep -F "\"event\":\"${2-}" |
        sed -n 's/.*"snapshot":"\([^"]*\)".*/\1/p' | sed 's,\\/,/,g'
}

# expect_colour FILE COLOUR: expects the second bar of a picture of 160 pixels' width to be yellow, or black.
expect_colour()
{
    local red green blue colour=other
    rm -f raw
    gst-launch-1.0 -q filesrc location="$1" ! jpegdec ! videoconvert ! video/x-raw,format=RGBA,width=160,height=90 \
        ! filesink location=raw || wrong "$1 cannot be decoded"
    [ "$(stat -c %s raw)" -eq $((160 * 90 * 4)) ] || wrong "$1 is not 160 x 90: $(stat -c %s raw) bytes"
    read -r red green blue <<<"$(od -A n -t u1 -j $(((20 * 160 + 30) * 4)) -N 3 raw)"
    [ "$red" -lt 140 ] || [ "$green" -lt 140 ] || [ "$blue" -gt 90 ] || colour=yellow
    [ "$((red + green + blue))" -gt 60 ] || colour=black
    [ "$colour" = "$2" ] || wrong "$1 shows $red $green $blue, expected $2"
}

# The picture of an event shows its own camera, whatever that is called.
mkdir pictures
: >events
bad_name=$'../../up "; & <b> \u00e9 \u200b' # the last one is invisible, events have ? instead
cat >list.ini <<LIST
[watch]
events = events
snapshots = pictures
snapshot-width = 160
snapshots-keep = 2
input-size = 64
alarm-after = 0
smoothing-time = 200000000
normal = corrupted
frozen-time = 1
[bars]
source = test:smpte75
[dark]
source = test:black
[$bad_name]
source = test:smpte75
LIST
start_watch --config list.ini
wait_for events 3 '"problem-begin".*"snapshot"'
wait_for events 1 '"frozen","camera":"bars".*"snapshot"'
stop_watch TERM
# The last two of a camera are kept. A slow machine may find the picture frozen before it has a state.
mapfile -t of_bars < <(pictures_of bars)
expect_colour "${of_bars[-1]}" yellow
[ -e "${of_bars[-2]}" ] || wrong "fewer files than snapshots-keep: $(ls pictures)"
[ ! -e "${of_bars[0]}" ] || wrong "more files than snapshots-keep: $(ls pictures)"
expect_colour "$(pictures_of dark problem-begin)" black
name=$(grep -o '"snapshot":"[^"]*up[^"]*"' events | head -n 1)
case $name in
"\"snapshot\":\"$PWD/pictures/_._.._up"*) ;;
*) wrong "the file of a hostile name: $name" ;;
esac
for file in pictures/*; do
    [[ ${file#pictures/} =~ ^[A-Za-z0-9_.~-]+-20[0-9]{6}T[0-9]{6}\.[0-9]{6}Z-[a-z-]+\.jpg$ ]] || wrong "a file $file"
done
[ "$(find pictures -type f -name 'bars-*' | wc -l)" -eq 2 ] || wrong "other files than snapshots-keep: $(ls pictures)"
[ ! -e ../up ] || wrong "a path left the folder"

# A missing folder is reported once, and events go on. Once it is there, pictures are written: here that of
# a camera which SIGHUP adds.
: >events
printf '[watch]\nevents=events\nsnapshots=missing\ninput-size=64\nalarm-after=0\nsmoothing-time=200000000\n' >list.ini
printf 'normal=corrupted\nfrozen-time=0\n[bars]\nsource=test:smpte75\n' >>list.ini
start_watch --config list.ini
wait_for events 1 '"problem-begin"'
wait_for log 1 "cannot write snapshots to $PWD/missing: No such file or directory; events go on without them"
mkdir missing
printf '[late]\nsource=test:smpte75\n' >>list.ini
kill -HUP "$watch"
wait_for events 1 '"state","camera":"late".*"snapshot"'
stop_watch TERM
grep '"camera":"bars".*"snapshot"' events && wrong "a picture in a missing folder"
wait_for log 1 "writing snapshots to $PWD/missing again; [0-9]+ were lost"
[ "$(grep -c 'cannot write snapshots' log)" -eq 1 ] || wrong "reported more than once: $(cat log)"

expect_refusal 'snapshots is no folder' "$CONVNEXT_WATCH" test:ball --set snapshots=
expect_refusal "snapshots-keep is '0', expected a whole number from 1 to 100000" \
    "$CONVNEXT_WATCH" test:ball --set snapshots-keep=0

# A real camera: its return has a picture, its loss has none. The events keep their order.
start_camera
address=$(cat camera)
port=${address##*:}
port=${port%%/*}
camera=$server
: >events
start_watch --events events --set snapshots=pictures --set offline-after=1 --set reconnect-max=0.5 \
    --set input-size=64 "door=$address"
wait_for lines 5 '"stream":"door"'
kill -9 "$camera"
server=${server/$camera/}
wait_for events 1 '"camera-lost"'
"$RTSP_SERVER" --port "$port" >camera-again &
server+=" $!"
wait_for events 1 '"camera-back"'
stop_watch TERM
grep '"camera-lost".*"snapshot"' events && wrong "a picture of a lost camera"
file=$(pictures_of door camera-back)
[ -s "$file" ] || wrong "no picture of the return: $(cat events)"
gst-launch-1.0 -q filesrc location="$file" ! jpegdec ! fakesink || wrong "$file cannot be decoded"
sort -c -t '"' -k 12,12 events || wrong "the order of the events: $(cat events)"
exit $bad
