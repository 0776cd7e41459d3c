#!/bin/bash
# SIGHUP: convnext-watch rereads its list. Cameras come, go and change, the others go on undisturbed,
# and a list with a mistake in it changes nothing. The file of events is opened again either way.
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

# reread WORDS: after SIGHUP it says so.
rereads=0
reread()
{
    rereads=$((rereads + 1))
    kill -HUP "$watch"
    wait_for said $rereads '^convnext-watch: '
    grep '^convnext-watch: ' said | tail -n 1 | grep -q -F -e "$1" ||
        wrong "not '$1' after SIGHUP: $(cat said)"
}

list stays ball goes smpte changes snow
start_watch --config list.ini --events events --set input-size=64 # soon done, under valgrind too
for name in stays goes changes; do
    wait_for said 1 "$name: playing"
done

list stays ball changes black comes bar
reread '3 cameras after'
wait_for said 1 '^goes: [1-9][0-9]* frames'
wait_for lines 3 '"stream":"comes"'
wait_for said 2 'changes: playing'
before=$(grep -c '"stream":"goes"' lines)

# Many cameras allow one connection only.
order=$(grep -o -E 'changes: (connecting|stopped|[0-9]+ frames)' said | sed 's/.* //' | tr '\n' ' ')
[ "$order" = 'connecting stopped frames connecting ' ] ||
    wrong "a camera that changes was connected before the old one had gone: $(cat said)"

# Mistakes of several kinds; each time it says what is wrong and plays on.
mv events events.old
echo 'no key file' >list.ini
reread 'the list stays as it was: list.ini: '
[ -f events ] || wrong "events go on in a file that was moved"
list stays nothing
reread "[stays]: 'nothing' is not a pattern"
rm list.ini
reread 'the list stays as it was: list.ini: '
: >list.ini
reread 'there is no camera'
list stays ball
printf '[watch]\nmodel = /nonexistent\n' >>list.ini
reread '/nonexistent'
lines=$(grep -c '"stream":"comes"' lines)
wait_for lines $((lines + 3)) '"stream":"comes"'

[ "$(grep -c '"stream":"goes"' lines)" -eq "$before" ] || wrong "a removed camera goes on"
[ "$(grep -c 'stays: connecting' said)" -eq 1 ] || wrong "the camera that stays was disturbed"
[ "$(grep -c 'comes: connecting' said)" -eq 1 ] || wrong "a bad list disturbed a camera"

list comes bar
reread '1 cameras after'
stop_watch TERM
grep -q '^comes: [1-9]' said || wrong "no summary of the last camera: $(cat said)"
grep -v '"stream":"changes"' lines >orderly # it began anew
expect_lines orderly 0
exit $bad
