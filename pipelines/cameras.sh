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

usage()
{
    cat <<'END'
usage: pipelines/cameras.sh SOURCE...

Runs several sources in one process: rtsp:// and other URIs, /dev/videoN and files. Prints a JSON line
per result, with the source in "stream". INTERVAL=N runs the network on every Nth frame only.
END
}

if [ $# -eq 0 ]; then
    usage >&2
    exit 2
fi
interval=${INTERVAL:-1}
[[ $interval =~ ^[1-9][0-9]{0,8}$ ]] || cnx_die "INTERVAL is '$interval', expected a whole number of at least 1"

pipeline=()
for source; do
    number=${number:-0}
    from=
    case $source in
    -h | --help)
        usage
        exit 0
        ;;
    -*)
        usage >&2
        cnx_die "unknown option $source"
        ;;
    /dev/*) pipeline+=(v4l2src device="$source" ! decodebin) ;;
    *://*) pipeline+=(uridecodebin uri="$source" caps="video/x-raw(ANY)" expose-all-streams=false) ;;
    *)
        [ -n "$source" ] || cnx_die "a source is empty"
        [ -e "$source" ] || cnx_die "the file $source does not exist"
        [ ! -d "$source" ] || cnx_die "$source is a folder, expected a file"
        number=$((number + 1))
        pipeline+=(filesrc location="$source" ! decodebin name="file$number")
        [ ! -f "$source" ] || from=$(convnext-quickstart --pad -- "$source") || exit 1
        [ -z "$from" ] || pipeline+=("file$number.$from")
        ;;
    esac
    pipeline+=(! queue max-size-buffers=1 leaky=downstream ! convnext interval="$interval"
        ! convnextpublish stream="$source" ! fakesink sync=false)
done
exec gst-launch-1.0 -q -e "${pipeline[@]}"
