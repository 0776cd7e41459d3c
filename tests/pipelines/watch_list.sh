#!/bin/bash
# SIGHUP: convnext-watch reloads its list. Cameras are added, removed and changed while the others keep
# playing, and a list with an error changes nothing. The events file is reopened in either case.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"

# list NAME PATTERN...: writes a list of test pictures.
list()
{
    while [ $# -gt 1 ]; do
        printf '[%s]\nsource = test:%s\n\n' "$1" "$2"
        shift 2
    done >list.ini
}

# reload WORDS: sends SIGHUP and expects a message with the words.
reloads=0
reload()
{
    reloads=$((reloads + 1))
    kill -HUP "$watch"
    wait_for log $reloads '^convnext-watch: '
    grep '^convnext-watch: ' log | tail -n 1 | grep -q -F -e "$1" ||
        wrong "expected '$1' after SIGHUP: $(cat log)"
}

list stays ball goes smpte changes snow
start_watch --config list.ini --events events --set input-size=64 # fast, under valgrind too
for name in stays goes changes; do
    wait_for log 1 "$name: playing"
done

list stays ball changes black comes bar
reload 'list: 3 cameras'
wait_for log 1 '^goes: [1-9][0-9]* frames'
wait_for lines 3 '"stream":"comes"'
wait_for log 2 'changes: playing'
before=$(grep -c '"stream":"goes"' lines)

# Many cameras allow only one connection.
order=$(grep -o -E 'changes: (connecting|stopped|[0-9]+ frames)' log | sed 's/.* //' | tr '\n' ' ')
[ "$order" = 'connecting stopped frames connecting ' ] ||
    wrong "the changed camera connected before the old one had stopped: $(cat log)"

# Errors of several kinds: each is reported, and the cameras keep playing.
mv events events.old
echo 'no key file' >list.ini
reload 'the camera list is unchanged: list.ini: '
[ -f events ] || wrong "events still go to the file that was moved"
list stays nothing
reload "[stays]: 'nothing' is not a pattern"
rm list.ini
reload 'the camera list is unchanged: list.ini: '
: >list.ini
reload 'no camera to watch'
list stays ball
printf '[watch]\nmodel = /nonexistent\n' >>list.ini
reload '/nonexistent'
list stays ball
printf '[watch]\nmax-memory = 1000000\n' >>list.ini
reload ' MB of memory, expected at most 1.0 MB (max-memory)'
list stays ball
printf '[watch]\nnormal = normal, dim\n' >>list.ini
reload "[stays]: normal names 'dim', expected labels of the camera's model: normal, dark, "
list stays ball
printf 'ignore = dark,smoke\n' >>list.ini
reload "[stays]: ignore names 'smoke', expected labels of the camera's model: normal, dark, "
lines=$(grep -c '"stream":"comes"' lines)
wait_for lines $((lines + 3)) '"stream":"comes"'

[ "$(grep -c '"stream":"goes"' lines)" -eq "$before" ] || wrong "a removed camera keeps playing"
[ "$(grep -c 'stays: connecting' log)" -eq 1 ] || wrong "the unchanged camera reconnected"
[ "$(grep -c 'comes: connecting' log)" -eq 1 ] || wrong "a bad list made a camera reconnect"

list comes bar
reload 'list: 1 cameras'
stop_watch TERM
grep -q '^comes: [1-9]' log || wrong "no summary of the last camera: $(cat log)"
grep -v '"stream":"changes"' lines >orderly # it started again
expect_lines orderly 0
exit $bad
