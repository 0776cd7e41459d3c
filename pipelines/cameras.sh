#!/bin/bash
# Runs several cameras, streams or files in one process, where they share one copy of the model. Prints
# a JSON line per result, with the source in "stream". If a source is faster than this machine, its
# frames are dropped, not queued.
#
#   pipelines/cameras.sh rtsp://10.0.0.11/live rtsp://10.0.0.12/live /dev/video0
#
# INTERVAL=N runs the network on every Nth frame only. Build with quickstart.sh first.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -u
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

if [ $# -eq 0 ]; then
    echo "usage: cameras.sh SOURCE...   (rtsp://..., /dev/videoN or a file)" >&2
    exit 2
fi

pipeline=()
for source; do
    case $source in
    /dev/*) pipeline+=(v4l2src device="$source" ! decodebin) ;;
    *://*) pipeline+=(uridecodebin uri="$source" caps="video/x-raw(ANY)" expose-all-streams=false) ;;
    *)
        if [ ! -e "$source" ]; then
            echo "cameras.sh: the file $source does not exist" >&2
            exit 1
        fi
        pipeline+=(filesrc location="$source" ! decodebin)
        ;;
    esac
    pipeline+=(! queue max-size-buffers=1 leaky=downstream ! convnext interval="${INTERVAL:-1}"
        ! convnextpublish stream="$source" ! fakesink sync=false)
done
exec gst-launch-1.0 -q -e "${pipeline[@]}"
