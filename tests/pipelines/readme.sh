#!/bin/bash
# Runs the gst-launch lines and the C and Python programs of every README.md of the tree, and compares
# the tables of properties and JSON keys with the code.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"

pages=$(cd "$CNX_ROOT" && find . -name README.md -not -path './build*' -not -path '*/.*/*' | sort)

# blocks LANGUAGE: writes each fenced block of that language in $page to a file; prints the file names.
blocks()
{
    rm -f "$1"-[0-9]*
    awk -v language="$1" '
        $0 == "```" { inside = 0 }
        inside { print > file }
        $0 == "```" language { inside = 1; file = language "-" ++count }' "$CNX_ROOT/$page"
    find . -name "$1-[0-9]*" | sort
}

make_clip street.mp4 12
gst-launch-1.0 -q matroskamux name=mux ! filesink location=cover.mkv \
    videotestsrc num-buffers=1 ! video/x-raw,width=96,height=96 ! jpegenc ! mux. \
    videotestsrc num-buffers=12 ! video/x-raw,width=320,height=240,framerate=25/1 ! jpegenc ! mux. ||
    wrong "cannot make a film with a cover"

# The models that the lines name.
ln -s "$CNX_ROOT/tests/fixtures/segmenters/transformers-upernet" upernet-convnext-tiny
ln -s "$CNX_ROOT/tests/fixtures/segmenters/mmsegmentation-upernet.pth" upernet_convnext_tiny_1k_512x512.pth
ln -s "$CNX_ROOT/tests/fixtures/detectors/torchvision-mask-rcnn" detector
ln -s "$CONVNEXT_BUILD/model/default" car-makes

# run_line FILE: runs a gst-launch line, with test sources for the camera and the stream that it names,
# and interrupts a live one after its first results.
run_line()
{
    local line live='' status
    line=$(cat "$1")
    if [[ $line == *rtsp://camera/live* ]]; then
        if [ -z "${RTSP_SERVER:-}" ]; then
            echo "gst-rtsp-server is not installed: not run: $line"
            return
        fi
        [ -n "$server" ] || start_camera
        line=${line//rtsp:\/\/camera\/live/$camera} live=1
    fi
    if [[ $line == */dev/video0* ]]; then
        [ -e /dev/video0 ] || line=${line//v4l2src device=\/dev\/video0/videotestsrc is-live=true}
        live=1
    fi
    line=${line//autovideosink/fakesink}
    : >"$1.out"
    rm -rf tensors results.jsonl
    timeout --foreground -k 10 "$PATIENCE" bash -c "exec $line" >"$1.out" 2>"$1.err" </dev/null &
    if [ -n "$live" ]; then
        wait_for "$1.out" 2 .
        kill -INT $!
    fi
    wait $!
    status=$?
    [ $status -eq 0 ] || wrong "$page: status $status of: $line"$'\n'"$(head -n 5 "$1.err")"
    case $line in
    *location=results.jsonl*)
        [ "$(ls tensors/*-stage3.npy tensors/*-embedding.npy | wc -l)" -eq 24 ] ||
            wrong "$page: not 24 tensors: $(ls tensors)"
        [ "$(wc -l <results.jsonl)" -eq 12 ] || wrong "$page: not 12 lines in results.jsonl"
        ;;
    *location=cover.mkv*)
        [ "$(grep -c '"width":320,' "$1.out")" -eq 12 ] || wrong "$page: not the film: $(cat "$1.out")"
        ;;
    *convnextpublish*) expect_lines "$1.out" 0 ;;
    *post-messages=true*)
        [ "$(grep -c 'convnext, model=' "$1.out")" -eq 10 ] ||
            wrong "$page: not 10 messages: $(cat "$1.out")"
        ;;
    *paint=true* | *convnextoverlay*) ;;
    *) wrong "$page: no result to check: $line" ;;
    esac
}

# check_output NAME FILE: the program printed a label and a score for each frame of the clip.
check_output()
{
    [ "$(grep -c -E '^[a-z-]+ [01]\.[0-9]+$' "$2")" -eq 12 ] ||
        wrong "$page: the $1 program did not print 12 lines: $(cat "$2")"
}

# check_failures NAME COMMAND...: without the film or without the plugin, the program fails and prints
# the reason.
check_failures()
{
    local name=$1
    shift
    mv street.mp4 hidden.mp4
    "$@" >/dev/null 2>failure.err && wrong "$page: the $name program does not fail without its film"
    grep -q 'Resource not found' failure.err ||
        wrong "$page: the $name program does not print why it fails: $(cat failure.err)"
    mv hidden.mp4 street.mp4
    GST_PLUGIN_PATH='' GST_REGISTRY=$work/registry-without.bin "$@" >/dev/null 2>failure.err &&
        wrong "$page: the $name program does not fail without the plugin"
    grep -q 'no element "convnext"' failure.err ||
        wrong "$page: the $name program does not name the missing element: $(cat failure.err)"
}

run_c()
{
    export PKG_CONFIG_PATH=$CONVNEXT_BUILD/meson-uninstalled
    mv "$1" program.c
    # The shell parses the flags again, because paths in them are quoted for it.
    if eval "${CC:-cc} -Wall -Wextra -Wno-unused-parameter -Werror -o program program.c \
        $(pkg-config --cflags --libs gstconvnext-1.0)"; then
        ./program >c.out || wrong "$page: the C program: status $?"
        check_output C c.out
        check_failures C ./program
    else
        wrong "$page: the C program does not compile"
    fi
}

run_python()
{
    if ! /usr/bin/python3 -c 'import gi; gi.require_version("GstConvnext", "1.0")' 2>/dev/null; then
        echo "python3-gi is not installed or the typelib is not built: the Python program was not run"
        return
    fi
    /usr/bin/python3 "$1" >python.out || wrong "$page: the Python program: status $?"
    check_output Python python.out
    check_failures Python /usr/bin/python3 "$1"
}

# Blocks of C without main(), and of Python without GStreamer, are fragments.
lines=0 c_programs=0 python_programs=0
for page in $pages; do
    for block in $(blocks sh); do
        grep -q '^gst-launch-1.0 ' "$block" ||
            wrong "$page: a block marked sh is a gst-launch line; indent other commands: $(cat "$block")"
        run_line "$block"
        lines=$((lines + 1))
    done
    for block in $(blocks c); do
        grep -q ' main(' "$block" || continue
        run_c "$block"
        c_programs=$((c_programs + 1))
    done
    for block in $(blocks python); do
        grep -q 'Gst.init' "$block" || continue
        run_python "$block"
        python_programs=$((python_programs + 1))
    done
done
[ $lines -ge 4 ] || wrong "only $lines gst-launch lines found"
[ $c_programs -ge 1 ] || wrong "no C program found"
[ $python_programs -ge 1 ] || wrong "no Python program found"

# properties ELEMENT: the element's own properties, without those of GstObject and GstBaseTransform.
properties()
{
    gst-inspect-1.0 --no-colors "$1" | grep -v '^  qos  *: Handle Quality-of-Service events' |
        sed -n 's/^  \([a-z][a-z0-9-]*\) *: .*/\1/p' | grep -v -x -E 'name|parent' | sort
}

# tables HEADING COLUMN: prints the first cells of all tables whose first column is COLUMN, on all
# pages, in the section with that heading and its subsections.
tables()
{
    local page
    for page in $pages; do
        awk -v heading="$1" -v column="$2" '
            /^```/ { fenced = !fenced }
            fenced { next }
            /^#+ / {
                depth = length($1)
                title = substr($0, depth + 2)
                gsub(/`/, "", title)
                if (title == heading) section = depth
                else if (depth <= section) section = 0
            }
            !/^\|/ { table = 0 }
            /^\|/ && section && $2 == column { table = 1 }
            table && /^\| `/ { gsub(/`/, "", $2); print $2 }' "$CNX_ROOT/$page"
    done
}

# compare WHAT: compares the names in the code (file expected) with those in the pages (documented).
compare()
{
    diff expected documented || wrong "$1: the code (<) and the pages (>) differ"
}

# shared ELEMENT: the properties that its section says are those of convnext.
shared()
{
    awk -v heading="## $1" '
        /^## / { section = $0 == heading }
        section && /^These properties are those of / { list = 1 }
        /^$/ { list = 0 }
        list' "$CNX_ROOT/gst/README.md" | grep -o '`[a-z0-9-]*`' | tr -d '`' | grep -v -x -E 'convnext|fp32|bf16'
}

for element in convnext convnextdetect convnextoverlay convnextpublish convnextsegment; do
    properties $element >expected
    { tables $element property; shared $element; } | sort >documented
    compare "the properties of $element"
done

sed -n '/^static const Field fields/,/^};/s/^ *{"\{0,1\}\([A-Za-z_]*\).*/\1/p' \
    "$CNX_ROOT/gst/publish/jsonline.c" | sed 's/^GST_CONVNEXT_TENSOR_//' | tr 'A-Z' 'a-z' >expected
tables 'JSON lines' key >documented
compare 'the keys of a JSON line'
exit $bad
