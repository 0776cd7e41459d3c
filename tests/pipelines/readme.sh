#!/bin/bash
# What the README shows works as it stands there: its gst-launch lines, its C and Python programs; its
# tables name the elements' properties, all of them and no others.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"
readme=$CNX_ROOT/README.md

# blocks LANGUAGE: the fenced blocks of a language, one file each.
blocks()
{
    awk -v language="$1" '
        $0 == "```" { inside = 0 }
        inside { print > file }
        $0 == "```" language { inside = 1; file = language "-" ++count }' "$readme"
    ls "$1"-[0-9]*
}

make_clip street.mp4 12

# The camera and the stream that a line names are replaced by what there is to test with. A live line
# is interrupted when it has given something.
run_line()
{
    local line live='' status
    line=$(cat "$1")
    if [[ $line == *rtsp://camera/live* ]]; then
        if [ -z "${RTSP_SERVER:-}" ]; then
            echo "no gst-rtsp-server here: not run: $line"
            return
        fi
        [ -n "$server" ] || start_camera
        line=${line//rtsp:\/\/camera\/live/$camera} live=1
    fi
    if [[ $line == */dev/video0* ]]; then
        if [ -e /dev/video0 ]; then
            live=1
        else
            line=${line//v4l2src device=\/dev\/video0/videotestsrc num-buffers=20}
        fi
    fi
    : >"$1.out"
    timeout --foreground -k 10 60 bash -c "exec $line" >"$1.out" 2>"$1.err" </dev/null &
    if [ -n "$live" ]; then
        wait_for "$1.out" 2 .
        kill -INT $!
    fi
    wait $!
    status=$?
    [ $status -eq 0 ] || wrong "status $status of: $line"$'\n'"$(head -n 5 "$1.err")"
    case $line in
    *location=results.jsonl*)
        [ "$(ls tensors/*-stage3.npy tensors/*-embedding.npy | wc -l)" -eq 24 ] ||
            wrong "not 24 tensors: $(ls tensors)"
        [ "$(wc -l <results.jsonl)" -eq 12 ] || wrong "not 12 lines in results.jsonl"
        ;;
    *convnextpublish*) expect_lines "$1.out" 0 ;;
    *post-messages=true*)
        [ "$(grep -c 'convnext, model=' "$1.out")" -eq 10 ] || wrong "not 10 messages: $(cat "$1.out")"
        ;;
    *) wrong "no result to look at: $line" ;;
    esac
}

count=0
for block in $(blocks sh); do
    run_line "$block"
    count=$((count + 1))
done
[ $count -ge 4 ] || wrong "only $count gst-launch lines found"

mv "$(blocks c)" program.c
export PKG_CONFIG_PATH=$CONVNEXT_BUILD/meson-uninstalled
# Words for a shell, in which blanks of paths are masked.
if eval "${CC:-cc} -Wall -Wextra -Wno-unused-parameter -Werror -o program program.c \
    $(pkg-config --cflags --libs gstconvnext-1.0)"; then
    ./program >c.out || wrong "the C program: status $?"
    [ "$(grep -c -E '^[a-z-]+ [01]\.[0-9]{3}$' c.out)" -eq 12 ] || wrong "not 12 lines: $(cat c.out)"
else
    wrong "the C program does not compile"
fi

mv "$(blocks python)" program.py
if /usr/bin/python3 -c 'import gi; gi.require_version("GstConvnext", "1.0")' 2>/dev/null; then
    /usr/bin/python3 program.py >python.out || wrong "the Python program: status $?"
    [ "$(grep -c -E '^[a-z-]+ [01]\.[0-9]+$' python.out)" -eq 12 ] ||
        wrong "not 12 lines: $(cat python.out)"
else
    echo "no python3-gi or no typelib here: the Python program was not run"
fi

# properties ELEMENT: its own ones, without those of GstObject and GstBaseTransform.
properties()
{
    gst-inspect-1.0 --no-colors "$1" | grep -v '^  qos  *: Handle Quality-of-Service events' |
        sed -n 's/^  \([a-z][a-z0-9-]*\) *: .*/\1/p' | grep -v -x -E 'name|parent' | sort
}

for element in convnext convnextpublish; do
    properties $element >inspected
    awk -v heading="### $element" '
        /^#/ { inside = $0 == heading }
        inside && /^\| `/ { gsub(/`/, "", $2); print $2 }' "$readme" | sort >documented
    diff inspected documented || wrong "$element: its properties (<) and the README (>) differ"
done
exit $bad
