#!/bin/bash
# The programs of pipelines/examples/: the commands of its README.md run as they stand there, and print what
# stands below them; wrong sources give one sentence.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"
examples=pipelines/examples
mkdir -p tree/pipelines tree/tests
ln -s "$CNX_ROOT/pipelines/examples" tree/pipelines/
ln -s "$CNX_ROOT/tests/fixtures" tree/tests/
cd tree || exit 1

python=1
if ! [ -f "$CONVNEXT_BUILD/gst/convnext/GstConvnext-1.0.typelib" ] ||
    ! /usr/bin/python3 -c 'import gi, numpy; gi.require_version("Gst", "1.0")' 2>/dev/null; then
    echo "python3-gi or python3-numpy is not installed, or the typelib is not built: Python is not tested"
    python=
fi

# Times of state changes depend on how long the other model takes to load.
without_times()
{
    sed -E 's/^[0-9.]+ s: (no-signal|class)/T s: \1/'
}

# run_command COMMAND: its output must be what `expected` has.
run_command()
{
    [ -n "$python" ] || [[ $1 != */python3* ]] || return 0
    timeout "$PATIENCE" bash -c "$1" >printed 2>failed </dev/null || wrong "status $? of: $1"$'\n'"$(cat failed)"
    without_times <printed | diff <(without_times <expected) - >differences || wrong "$1"$'\n'"$(cat differences)"
    commands=$((commands + 1))
}

commands=0 command=
: >expected
while IFS= read -r line; do
    case $line in
    '    $ '*)
        [ -z "$command" ] || run_command "$command"
        command=${line#'    $ '}
        : >expected
        ;;
    '    '*) printf '%s\n' "${line#    }" >>expected ;;
    *)
        [ -z "$command" ] || run_command "$command"
        command=
        ;;
    esac
done <"$examples/README.md"
[ $commands -eq $((python ? 5 : 4)) ] || wrong "ran $commands commands"

for program in ./appsink ./states ${python:+"/usr/bin/python3 -B $examples/similarity.py"}; do
    rest=
    [ "$program" != ./states ] || rest="dark $CNX_ROOT/tests/fixtures/networks/transformers-v1"
    # shellcheck disable=SC2086 # lists of words
    expect_refusal 'Resource not found' $program 'filesrc location=nothing' $rest
    # shellcheck disable=SC2086
    expect_refusal 'no element "nothing"' $program nothing $rest
done
timeout "$PATIENCE" ./states 'videotestsrc num-buffers=90' no-signal nowhere >printed 2>failed
[ $? -eq 1 ] && grep -q '^states: nowhere: ' failed && [ "$(wc -l <failed)" -eq 1 ] ||
    wrong "states with a model that does not exist: $(cat failed)"
exit $bad
