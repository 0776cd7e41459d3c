#!/bin/bash
# convnext-watch --share and --follow: three instances divide a list, as the replicas of pipelines/kubernetes/
# do, each with the environment of its pod; and a list whose folder is replaced, as a ConfigMap is, is loaded
# without a signal.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"

# write_list FOLDER NAME...: a list of test pictures.
write_list()
{
    local folder=$1 name
    shift
    mkdir -p "$folder"
    printf '[watch]\nmetrics = 0\ninput-size = 64\n' >"$folder/cameras.ini"
    for name; do
        printf "[%s]\nsource = test:ball\n" "$name" >>"$folder/cameras.ini"
    done
}

# start NAME ARGUMENT...: starts an instance, with its standard error in the file NAME.log.
start()
{
    local name=$1
    shift
    "$CONVNEXT_WATCH" "$@" >"$name.lines" 2>"$name.log" </dev/null &
    server+=" $!"
}

# names NAME: prints the cameras of an instance, sorted.
names()
{
    port=$(sed -n 's,^.*metrics at http://127.0.0.1:\([0-9]*\)/metrics,\1,p' "$1.log")
    path=/api/cameras scrape "$1.json"
    python3 -c 'import json, sys; [print(c["name"]) for c in json.load(open(sys.argv[1]))]' "$1.json"
}

# A ConfigMap: the file is a link into ..data, which is a link to a folder.
write_list ..first door yard gate shed roof
mkdir config
mv ..first config
ln -s ..first config/..data
ln -s ..data/cameras.ini config/cameras.ini

for i in 0 1 2; do
    start "watch-$i" --config config/cameras.ini --follow --share "watch-$i/3"
done
for i in 0 1 2; do
    wait_for "watch-$i.log" 1 'metrics at'
    names "watch-$i"
done | sort >all
printf '%s\n' door gate roof shed yard | cmp -s - all || wrong "not each camera once: $(cat all)"

# The kubelet replaces ..data in one step.
write_list ..second door yard gate shed roof lane hall
mv ..second config
ln -s ..second config/..new
mv -T config/..new config/..data
for i in 0 1 2; do
    wait_for "watch-$i.log" 1 'reloaded the camera list'
    names "watch-$i"
done | sort >all
printf '%s\n' door gate hall lane roof shed yard | cmp -s - all || wrong "after the change: $(cat all)"
grep -h ': connecting' watch-?.log | sed 's/.* \(.*\): connecting/\1/' | sort | uniq -d | grep -q . &&
    wrong "a camera that stays was connected again: $(cat watch-?.log)"

# A list with an error changes nothing; an instance without a camera waits for one.
mkdir config/..third
echo nonsense >config/..third/cameras.ini
ln -s ..third config/..new
mv -T config/..new config/..data
wait_for watch-0.log 1 'the camera list is unchanged'
names watch-0 >kept
[ "$(wc -l <kept)" -gt 0 ] || wrong "a bad list stops cameras"
write_list lonely door
for i in 0 1; do
    start "lonely-$i" --config lonely/cameras.ini --share "$i/2"
done
for i in 0 1; do
    wait_for "lonely-$i.log" 1 'metrics at'
    names "lonely-$i"
done >all
[ "$(cat all)" = door ] || wrong "one camera, two instances: $(cat all)"

expect_refusal "share is '3/3', expected INDEX/COUNT" "$CONVNEXT_WATCH" --config lonely/cameras.ini --share 3/3
expect_refusal '--follow needs --config FILE' "$CONVNEXT_WATCH" --follow test:ball
exit $bad
