#!/bin/bash
# Films with several video tracks: covers, which have one picture, and pictures of chapters are passed
# over by all tools, and of several tracks that move the first is classified. Sound alone is no video.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"

# track FRAMES WIDTH RATE ENCODER: a track of a gst-launch line.
track()
{
    echo "videotestsrc num-buffers=$1 ! video/x-raw,format=I420,width=$2,height=240,framerate=$3 ! $4 ! mux."
}

# film FILE MUXER TRACK...
film()
{
    # shellcheck disable=SC2048,SC2086 # lists of words
    gst-launch-1.0 -q $2 name=mux ! filesink location="$1" ${*:3} || wrong "$1: cannot be made"
}

sound='audiotestsrc num-buffers=20 ! audioconvert ! mux.'

# check FILE FRAMES WIDTH NOTE: all tools classify this many frames of this width; quickstart and watch
# print the note.
check()
{
    timeout "$PATIENCE" convnext-quickstart --json "$1" >quick 2>quick.log </dev/null || wrong "$1: quickstart: $(cat quick.log)"
    timeout "$PATIENCE" "$CONVNEXT_WATCH" cam="$1" >watch 2>watch.log </dev/null ||
        wrong "$1: watch: $(cat watch.log)"
    timeout "$PATIENCE" "$CNX_ROOT/pipelines/cameras.sh" "$1" >cameras 2>cameras.log </dev/null ||
        wrong "$1: cameras.sh: $(cat cameras.log)"
    sed -i '/^$/,$d' quick
    for lines in quick watch; do
        [ "$(grep -c "\"width\":$3," $lines)" -eq "$2" ] && [ "$(wc -l <$lines)" -eq "$2" ] ||
            wrong "$1: $lines: expected $2 lines with a width of $3: $(cut -c 1-100 $lines)"
        if [ -n "$4" ]; then
            grep -q -F -e "$4" $lines.log || wrong "$1: $lines: expected '$4': $(cat $lines.log)"
        else
            grep -E 'track' $lines.log && wrong "$1: $lines: an unexpected note"
        fi
    done
    grep -v -q "\"width\":$3," cameras && wrong "$1: cameras.sh: another track: $(cut -c 1-100 cameras)"
    [ -s cameras ] || wrong "$1: cameras.sh: no line"
    pad=$(convnext-quickstart --pad "$1" 2>pad.log)
    gst-launch-1.0 -q filesrc location="$1" ! decodebin name=film film."$pad" ! convnext interval=9 \
        ! convnextpublish ! fakesink >launched || wrong "$1: gst-launch"
    [ "$(grep -c "\"width\":$3," launched)" -ge 1 ] || wrong "$1: $pad is another track: $(cut -c 1-100 launched)"
}

cover=$(track 1 96 25/1 jpegenc)
main=$(track 30 320 25/1 vp8enc)
second='it has 2 video tracks: number 2 is classified, the first that moves'
first='it has 2 video tracks: number 1 is classified, the first that moves'

film cover.mkv matroskamux "$cover" "$main" "$sound"
check cover.mkv 30 320 "$second"
film last.mkv matroskamux "$main" "$cover"
check last.mkv 30 320 "$first"
film frame.mkv matroskamux "$(track 1 96 25/1 vp8enc)" "$main"
check frame.mkv 30 320 "$second"
film twice.mkv matroskamux "$cover" "$(track 1 96 25/1 vp8enc)" "$main"
check twice.mkv 30 320 'it has 3 video tracks: number 3 is classified, the first that moves'
film chapters.mkv matroskamux "$(track 4 96 1/5 jpegenc)" "$main"
check chapters.mkv 30 320 "$second"
film jpegs.mkv matroskamux "$cover" "$(track 30 320 25/1 jpegenc)"
check jpegs.mkv 30 320 "$second"
film cover.mov qtmux "$cover" "$(track 30 320 25/1 jpegenc)" "$sound"
check cover.mov 30 320 '' # the demuxer has made a tag of the cover
film cameras.mov qtmux "$(track 20 320 25/1 jpegenc)" "$(track 20 96 25/1 jpegenc)"
check cameras.mov 20 320 "$first"
film mixed.mkv matroskamux "$(track 20 320 25/1 jpegenc)" "$(track 20 96 25/1 vp8enc)"
check mixed.mkv 20 320 "$first"
film slow.mkv matroskamux "$(track 3 320 1/3 vp8enc)" "$(track 200 96 25/1 vp8enc)"
check slow.mkv 3 320 "$first"

# A picture is classified if the file has nothing else.
gst-launch-1.0 -q videotestsrc num-buffers=1 ! video/x-raw,width=320,height=240 ! jpegenc \
    ! filesink location=picture.jpg || wrong "cannot make a picture"
check picture.jpg 1 320 ''
film single.mkv matroskamux "$(track 1 320 25/1 vp8enc)"
check single.mkv 1 320 ''
film still.mkv matroskamux "$(track 1 320 25/1 jpegenc)" "$sound"
check still.mkv 1 320 'its only video track is a still picture'
film stills.mkv matroskamux "$cover" "$(track 1 320 25/1 vp8enc)"
check stills.mkv 1 320 'it has 2 video tracks: number 2 is classified, the first that is not an image'

# Sound is no video.
gst-launch-1.0 -q audiotestsrc num-buffers=20 ! wavenc ! filesink location=sound.wav
film sound.mkv matroskamux "$sound"
for file in sound.wav sound.mkv; do
    expect_refusal "cannot play $file: It has no video, only sound." convnext-quickstart $file
    expect_refusal "cannot play $file: It has no video, only sound." "$CNX_ROOT/pipelines/cameras.sh" $file
    timeout "$PATIENCE" "$CONVNEXT_WATCH" $file 2>log </dev/null && wrong "$file: watch: status 0"
    grep -q "$file: failed, It has no video, only sound\.$" log || wrong "$file: watch: $(cat log)"
done
expect_refusal '--pad needs the name of a file' convnext-quickstart --pad "$work"

# A film over HTTP is not read twice: a track that does not consist of images is preferred.
serve_film()
{
    python3 -c 'import functools, http.server, sys
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
print(server.server_port, flush=True)
server.serve_forever()' "$work" >port 2>/dev/null &
    server+=" $!"
    wait_for_line port
}
if gst-inspect-1.0 --exists souphttpsrc; then
    serve_film
    convnext-quickstart --json "http://127.0.0.1:$(cat port)/cover.mkv" >quick 2>log </dev/null || wrong "HTTP: $(cat log)"
    [ "$(grep -c '"width":320,' quick)" -eq 30 ] || wrong "HTTP: $(cut -c 1-100 quick)"
    grep -q 'it has 2 video tracks: number 2 is classified$' log || wrong "HTTP: no note: $(cat log)"
    expect_refusal 'It has no video, only sound.' convnext-quickstart "http://127.0.0.1:$(cat port)/sound.wav"
fi
exit $bad
