#!/bin/bash
# convnext-watch and servers that want more than to be cameras: redirects that would take the login
# to another place, descriptions of thousands of streams, and status texts that are long and contain
# escape sequences.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"

# odd NAME ARGUMENT...: starts a server that logs its requests to the file NAME, and puts its address
# into $address.
odd()
{
    local name=$1
    shift
    : >"$name"
    "$ODD_SERVER" "$@" >"$name" &
    server+=" $!"
    wait_for_line "$name"
    address=$(head -n 1 "$name")
}

export LOGIN=joe:s3cr3t
schemes=rtsp
! gst-inspect-1.0 --exists souphttpsrc || schemes='rtsp http'

# The login goes to the first server only, whose redirect to a server that asks for one is refused in
# one sentence.
for scheme in $schemes; do
    # After the second server's refusal of the login that it does not get, the next try is a minute away.
    targets=$scheme losses=1
    [ $scheme = http ] || targets='rtsp rtsph' losses=2
    for target in $targets; do
        odd thief --challenge
        thief=$address
        odd door --challenge --reply '302 Found' --header "Location: $target://$thief/live"
        start_watch "door=$scheme://$address/live" --credentials-env LOGIN
        wait_for log "$losses" "door: waiting, .*It redirects to $target://$thief/live, but its credentials are not sent there"
        stop_watch INT
        grep -q '^Authorization: Basic am9lOnMzY3IzdA==' door ||
            wrong "$scheme to $target: the camera gets no login: $(cat door)"
        grep '^Authorization' thief && wrong "$scheme to $target: another server gets the login"
        grep 's3cr3t' log && wrong "a password was printed"
    done
done

# An HTTP camera may redirect within its host and port, and then keeps the login; it may redirect
# elsewhere, which is followed without; it may not redirect to a file, or forever.
case $schemes in *http*)
    gst-launch-1.0 -q videotestsrc num-buffers=4 pattern=ball ! video/x-raw,width=320,height=240 \
        ! jpegenc ! multifilesink location=picture-%d.jpg || wrong "cannot make pictures"
    "$HTTP_CAMERA" --login am9lOnMzY3IzdA== picture-*.jpg >own &
    server+=" $!"
    "$HTTP_CAMERA" picture-*.jpg >open &
    server+=" $!"
    wait_for_line own
    wait_for_line open
    own=$(sed 's,/video.mjpg,,' own)
    odd elsewhere --challenge --reply '307 Temporary Redirect' --header "Location: $(cat open)?key=s3cr3t"
    elsewhere=$address
    odd away --challenge --reply '301 Moved Permanently' --header "Location: $(cat open)"
    away=$address
    odd circle --challenge --reply '302 Found' --header 'Location: http://*/live'
    circle=$address
    odd file --challenge --reply '302 Found' --header 'Location: file:///etc/hostname'
    start_watch "own=$own/moved" "elsewhere=http://$elsewhere/live" "away=http://$away/live" \
        "circle=http://$circle/live" "file=http://$address/live" --credentials-env LOGIN
    wait_for log 1 "own: connecting, redirected to $own/video.mjpg"
    wait_for log 1 'own: playing, 320x240'
    wait_for lines 5 '"stream":"own"'
    wait_for log 1 'away: playing, 320x240'
    wait_for log 1 "elsewhere: connecting, redirected to $(cat open)"
    wait_for log 1 'circle: waiting, .*It redirects more than 12 times'
    wait_for log 1 'file: waiting, .*It redirects to file:///etc/hostname, but its credentials are not sent there'
    stop_watch INT
    grep 'own: waiting' log && wrong "a redirect counts as a loss"
    grep 's3cr3t' log lines && wrong "a query was printed"
esac

# An RTSP server may redirect to itself, but not forever. Without a login there is nothing to keep.
odd inner --reply '404 Not Found'
inner=$address
for scheme in $schemes; do
    odd outer --reply '302 Found' --header "Location: $scheme://$inner/live"
    start_watch "outer=$scheme://$address/live"
    wait_for log 1 'outer: waiting, .*[Nn]ot [Ff]ound'
    stop_watch INT
done
odd loop --challenge --reply '302 Found' --header 'Location: rtsp://*/live'
start_watch "loop=rtsp://$address/live" --credentials-env LOGIN
wait_for log 1 'loop: waiting, .*It redirects more than 12 times'
stop_watch INT

# A description that is too large is refused before GStreamer makes anything of it, codec data included.
odd many --medias 3001
many=$address
odd long --attribute 100000
start_watch "many=rtsp://$many/live" "long=rtsp://$address/live" still=test:ball
wait_for log 2 'many: waiting, It describes 3001 streams with 3001 attributes of [0-9]+ bytes, expected at most 16, 512 and 65536\.; retrying'
wait_for log 2 'long: waiting, It describes 1 streams with 2 attributes of 1000[0-9]+ bytes'
wait_for lines 20 '"stream":"still"'
stop_watch INT

# A server that describes sound only has no video.
if [ -n "${RTSP_SERVER:-}" ]; then
    "$RTSP_SERVER" 'audiotestsrc is-live=true ! mulawenc ! rtppcmupay name=pay0' >radio &
    server+=" $!"
    wait_for_line radio
    start_watch "radio=$(cat radio)"
    wait_for log 1 'radio: waiting, It describes no video stream\.; retrying'
    stop_watch INT
    expect_refusal 'It has no video, only sound.' convnext-quickstart "$(cat radio)"
fi

# A text from a server is cut, and its escape sequences do not reach the terminal.
for scheme in $schemes; do
    odd rude --reply '599 *'
    start_watch "rude=$scheme://$address/live" --events events --set offline-after=5
    wait_for log 1 'rude: waiting, .*\[31mred'
    wait_for events 1 '\[31mred'
    stop_watch INT
    grep -n '[[:cntrl:]]' log && wrong "$scheme: control characters"
    grep -n 'u001b' events && wrong "$scheme: an event contains control characters"
    [ "$(wc -L <log)" -lt 3000 ] && [ "$(wc -L <events)" -lt 3000 ] ||
        wrong "$scheme: lines of $(wc -L <log) and $(wc -L <events) characters"
    rm events
done
exit $bad
