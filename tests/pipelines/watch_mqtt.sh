#!/bin/bash
# The states of convnext-watch at a real MQTT broker, which is late, is killed, hangs and comes back: what it
# retains, the last will, logins, TLS, hostile names of cameras, and cameras that are removed.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"
PATH=$PATH:/usr/sbin
for program in mosquitto mosquitto_passwd mosquitto_pub mosquitto_sub openssl; do
    if ! command -v $program >/dev/null; then
        echo "$program is not installed"
        exit 77
    fi
done
broker=
reader=(-h 127.0.0.1) # further arguments of mosquitto_sub
options=(--set mqtt-prefix=home/cams --set smoothing-time=200000000 --set alarm-after=0)

free_port()
{
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# start_broker LINE...: starts a broker without memory at $port, with these lines of configuration.
start_broker()
{
    printf '%s\n' 'persistence false' "listener $port 127.0.0.1" "$@" >broker.conf
    : >broker.log
    mosquitto -c broker.conf >broker.log 2>&1 &
    broker=$!
    server+=" $broker"
    wait_for broker.log 1 'running$'
}

stop_broker()
{
    kill -9 "$broker"
    wait "$broker" 2>/dev/null
    server=${server/ $broker/}
}

# subscribe ARGUMENT...: prints what the broker retains.
subscribe()
{
    timeout "$PATIENCE" mosquitto_sub "${reader[@]}" -p "$port" --retained-only -W 1 "$@" 2>/dev/null
}

# retained FILE: writes what the broker retains to the file, as "topic payload" lines; of a picture, its size.
retained()
{
    subscribe -t 'home/cams/+/snapshot' -F '%t %l bytes' >"$1.pictures" &
    subscribe -t 'home/#' -t 'homeassistant/#' -T 'home/cams/+/snapshot' -v >"$1"
    wait $!
    cat "$1.pictures" >>"$1"
}

# expect_retained LINE...: waits until the broker retains each of these lines, extended regular expressions.
expect_retained()
{
    local line missing _
    for _ in $(seq "$PATIENCE"); do
        retained now
        missing=
        for line; do
            grep -q -x -E -e "$line" now || missing=$line
        done
        [ -n "$missing" ] || return 0
    done
    wrong "the broker does not retain '$missing': $(cat now)"
}

# The broker is late. Names that are no topic level get one with digits.
port=$(free_port)
cat >list.ini <<'END'
[door]
source = test:smpte
[a/+#$ b]
source = test:ball
END
start_watch --config list.ini --set mqtt=mqtt://127.0.0.1:"$port" "${options[@]}"
wait_for log 1 "mqtt mqtt://127.0.0.1:$port: Connection refused; states are sent when it answers"
start_broker 'allow_anonymous true'
wait_for log 1 "mqtt mqtt://127.0.0.1:$port: connected"
attributes='\{"camera":"door","label":"no-signal","score":[01](\.[0-9]+)?,"since":"20[0-9T:.-]+Z"\}'
expected=('home/cams/status online' 'home/cams/door/availability online' 'home/cams/door/state no-signal'
    'home/cams/door/problem ON' "home/cams/door/attributes $attributes"
    'home/cams/door/snapshot [0-9]{4,} bytes' 'home/cams/a_____b-[0-9a-f]{12}/availability online'
    'home/cams/a_____b-[0-9a-f]{12}/attributes .*"camera":"a/\+#\$ b".*'
    'homeassistant/sensor/home_cams-[0-9a-f]{12}/door_state/config .*"name":"door".*')
expect_retained "${expected[@]}"
[ "$(grep -c '/config ' now)" -eq 8 ] || wrong "not 4 entities a camera: $(cat now)"

subscribe -t home/cams/door/snapshot -C 1 -N >picture.jpg
gst-launch-1.0 -v filesrc location=picture.jpg ! jpegdec ! fakesink >caps
grep -q 'width=(int)640, height=(int)360' caps || wrong "the snapshot is no picture of the camera: $(head -n 5 caps)"

# Home Assistant starts: its topics are sent again, and nothing else. A status that a late last will has left is
# put right.
mosquitto_sub "${reader[@]}" -p "$port" -t '#' -T 'home/cams/+/snapshot' -R -v >seen 2>/dev/null &
server+=" $!"
for _ in $(seq $((PATIENCE * 10))); do # until mosquitto_sub is connected
    mosquitto_pub "${reader[@]}" -p "$port" -t test/ping -m ping
    ! grep -q ping seen || break
    sleep 0.1
done
mosquitto_pub "${reader[@]}" -p "$port" -t homeassistant/status -m online
wait_for seen 8 '/config '
grep -q '/door/availability ' seen && wrong "a state is sent again: $(cat seen)"
mosquitto_pub "${reader[@]}" -p "$port" -t home/cams/status -m offline -r
expect_retained 'home/cams/status online'

# A killed broker without memory gets everything again; so does one that hangs meanwhile. SIGHUP adds one camera
# and removes another.
stop_broker
wait_for log 2 "mqtt mqtt://127.0.0.1:$port: .*; states are sent when it answers"
printf '[yard]\nsource = test:smpte\n' >>list.ini
kill -HUP "$watch"
wait_for log 1 'reloaded the camera list: 3 cameras'
start_broker 'allow_anonymous true'
wait_for log 2 'connected$'
expect_retained "${expected[@]}" 'home/cams/yard/state no-signal'
kill -STOP "$broker"
sed -i '/^\[a/,/ball$/d' list.ini
kill -HUP "$watch"
wait_for log 1 'reloaded the camera list: 2 cameras'
kill -CONT "$broker"
for _ in $(seq "$PATIENCE"); do
    retained now
    grep -q -e a_____b now || break
done
grep -e a_____b now && wrong "a removed camera is retained"
expect_retained 'home/cams/door/state no-signal'
[ "$(grep -c '/config ' now)" -eq 8 ] || wrong "not 4 entities a camera: $(cat now)"
[ "$(grep -c 'mqtt .*connected$' log)" -eq 2 ] || wrong "a connection is reported more than once: $(cat log)"

# The end, and the last will.
stop_watch TERM
expect_retained 'home/cams/status offline' 'home/cams/door/availability offline'
start_watch --set mqtt=mqtt://127.0.0.1:"$port" --set mqtt-discovery= "${options[@]}" door=test:smpte
expect_retained 'home/cams/status online'
kill -9 "$watch"
wait "$watch" 2>/dev/null
server=${server/ $watch/}
expect_retained 'home/cams/status offline'
stop_broker

# Neither cameras nor the end wait for a broker that accepts connections and never answers.
python3 -c 'import socket, time
s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1], flush=True); c = s.accept()
print("accepted", flush=True); time.sleep(3600)' >silent &
server+=" $!"
wait_for_line silent
start_watch --set mqtt=mqtt://127.0.0.1:"$(head -n 1 silent)" "${options[@]}" door=test:smpte
wait_for silent 1 accepted
wait_for lines 5 '"stream":"door"'
stop_watch TERM

# TLS with an own authority, and a login.
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem 2>/dev/null
openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout broker.key -out broker.csr 2>/dev/null
printf 'subjectAltName=DNS:localhost\n' >names
openssl x509 -req -in broker.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names \
    -out broker.pem 2>/dev/null
mosquitto_passwd -b -c passwords watcher 'a:secret' 2>/dev/null
chmod 644 passwords broker.key # as root, the broker becomes another user
chmod 755 .
echo 'watcher:a:secret' >login
echo 'watcher:not-right' >wrong-login
port=$(free_port)
start_broker 'allow_anonymous false' "password_file $work/passwords" "certfile $work/broker.pem" \
    "keyfile $work/broker.key"
reader=(-h localhost --cafile ca.pem -u watcher -P a:secret)
tls=(--set mqtt=mqtts://localhost:"$port" "${options[@]}" door=test:smpte)
start_watch --set mqtt-ca-file=ca.pem --set mqtt-credentials-file=login "${tls[@]}"
expect_retained 'home/cams/door/state no-signal'
stop_watch TERM
start_watch --set mqtt-ca-file=ca.pem --set mqtt-credentials-file=wrong-login "${tls[@]}"
wait_for log 1 'mqtt mqtts://localhost:[0-9]+: .*not authori'
grep -e secret -e not-right log && wrong "a password is printed"
stop_watch TERM
start_watch --set mqtt-credentials-file=login "${tls[@]}"
wait_for log 1 'mqtt mqtts://localhost:[0-9]+: .*certificate verify failed'
stop_watch TERM

# Refused values.
refuse()
{
    expect_refusal "$1" "$CONVNEXT_WATCH" test:ball "${@:2}"
}
for value in localhost http://localhost mqtt:// mqtt://u:secret@localhost mqtt://localhost/topic \
    mqtt://localhost:0 mqtt://localhost:70000; do
    refuse 'mqtt: expected mqtt://HOST[:PORT] or mqtts://HOST[:PORT], without credentials and without a path' \
        --set mqtt=$value
    grep secret refused.log && wrong "a password is printed"
done
refuse "mqtt-prefix is 'a/#'" --set mqtt=mqtt://h --set 'mqtt-prefix=a/#'
refuse "mqtt-discovery is '/'" --set mqtt=mqtt://h --set mqtt-discovery=/
refuse 'mqtt-ca-file needs an mqtts:// URL' --set mqtt=mqtt://h --set mqtt-ca-file=ca.pem
refuse 'mqtt-ca-file: names is no PEM file' --set mqtt=mqtts://h --set mqtt-ca-file=names
refuse 'mqtt-ca-file: none cannot be read' --set mqtt=mqtts://h --set mqtt-ca-file=none
refuse 'mqtt-credentials-file: cannot read the credentials in none' --set mqtt=mqtt://h \
    --set mqtt-credentials-file=none
exit $bad
