#!/bin/bash
# convnextpublish sends its lines to a real MQTT broker: each once and in order; later if the broker is late or
# restarts; and frames wait neither for one that is absent nor for one that hangs.
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
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
broker=

# start_broker LINE...: starts a broker at $port, which remembers its subscribers, with these lines of configuration.
start_broker()
{
    printf '%s\n' 'persistence true' "persistence_location $work/" 'user root' 'max_queued_messages 0' \
        "listener $port 127.0.0.1" "$@" >broker.conf
    : >broker.log
    mosquitto -c broker.conf >broker.log 2>&1 &
    broker=$!
    server+=" $broker"
    wait_for broker.log 1 'running$'
}

stop_broker()
{
    kill "$broker"
    wait "$broker" 2>/dev/null
    server=${server/ $broker/}
}

# subscribe TOPIC ARGUMENT...: makes the broker keep the messages of the topic for `receive`.
subscribe()
{
    timeout "$PATIENCE" mosquitto_sub -h 127.0.0.1 -p "$port" -c -i reader -q 1 -E -t "$@" ||
        wrong "cannot subscribe to $1: $(cat broker.log)"
}

# receive FILE COUNT TOPIC ARGUMENT...: writes COUNT messages that the broker has kept to the file.
receive()
{
    timeout "$PATIENCE" mosquitto_sub -h 127.0.0.1 -p "$port" -c -i reader -q 1 -C "$2" -t "${@:3}" >"$1" ||
        wrong "the broker does not have $2 messages: $(wc -l <"$1")"
}

# play PROPERTY...: plays 40 frames through convnextpublish with these properties. What is printed is in the file log.
play()
{
    timeout "$PATIENCE" gst-launch-1.0 videotestsrc num-buffers=40 ! video/x-raw,width=64,height=64 \
        ! convnext input-size=64 ! convnextpublish stream=door "$@" ! fakesink >log 2>&1
}

start_broker 'allow_anonymous true'
subscribe 'site/door one'
play uri=mqtt://127.0.0.1:"$port"/site/door%20one location=lines || wrong "cannot publish: $(cat log)"
receive got 40 'site/door one'
! grep -q '"frame"' log && cmp -s got lines || wrong "the messages are not the lines: $(diff got lines | head -n 4)"

# The broker is late: what has waited is sent once it is there.
subscribe site/late
stop_broker
play uri=mqtt://127.0.0.1:"$port"/site/late location=lines flush-timeout=$((PATIENCE))000000000 &
player=$!
wait_for log 1 "mqtt://127.0.0.1:$port: Connection refused; results wait until it answers"
start_broker 'allow_anonymous true'
wait $player || wrong "a late broker stops the pipeline: $(cat log)"
receive got 40 site/late
cmp -s got lines || wrong "a late broker does not get the lines: $(diff got lines | head -n 4)"

# A broker that restarts gets the rest, and its reader every line.
subscribe site/restart
timeout "$PATIENCE" gst-launch-1.0 -q videotestsrc is-live=true num-buffers=120 ! video/x-raw,width=64,height=64,framerate=30/1 \
    ! convnext input-size=64 ! convnextpublish uri=mqtt://127.0.0.1:"$port"/site/restart location=lines \
    flush-timeout=$((PATIENCE))000000000 ! fakesink sync=false 2>log &
player=$!
wait_for lines 20 '"frame"'
stop_broker
start_broker 'allow_anonymous true'
wait $player || wrong "a broker that restarts stops the pipeline: $(cat log)"
receive got "$(wc -l <lines)" site/restart
awk '!seen[$0]++' got >once # a line that was not acknowledged is sent again
cmp -s once lines || { receive more "$(($(wc -l <lines) - $(wc -l <once)))" site/restart; awk '!seen[$0]++' got more >once; }
cmp -s once lines || wrong "lines are lost or out of order: $(diff once lines | head -n 4)"

# A login and TLS. The password is printed nowhere.
stop_broker
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>/dev/null || wrong "cannot make a certificate"
mosquitto_passwd -b -c passwords joe s3cr3t 2>/dev/null
chmod 600 passwords key.pem
echo joe:s3cr3t >login
start_broker 'allow_anonymous false' "password_file $work/passwords" "certfile $work/cert.pem" "keyfile $work/key.pem"
uri=mqtts://localhost:$port/safe
GST_DEBUG=convnextpublish:6 play uri="$uri" credentials-file=login ca-file=cert.pem || wrong "cannot log in: $(cat log)"
grep -q s3cr3t log && wrong "the password is in the log"
grep -q 'WARNING' log && wrong "a warning: $(cat log)"
echo joe:wrong >login
play uri="$uri" credentials-file=login ca-file=cert.pem flush-timeout=1000000000 || wrong "a refused login stops the pipeline"
grep -q "mqtts://localhost:$port: .*[Aa]uthori[sz]ed; results wait" log || wrong "a refused login is not named: $(cat log)"
stop_broker

# One that hangs: every frame passes, and the end waits no longer than it should.
python3 - >hung <<'END' &
import socket, sys
s = socket.socket()
s.bind(('127.0.0.1', 0))
s.listen()
print(s.getsockname()[1], flush=True)
held = []
while True:
    held.append(s.accept())
END
server+=" $!"
wait_for_line hung
play uri=mqtt://127.0.0.1:"$(cat hung)"/x location=lines flush-timeout=500000000 || wrong "a broker that hangs: $(cat log)"
[ "$(wc -l <lines)" -eq 40 ] || wrong "frames were lost for a broker that hangs"

# The refusals, each one sentence.
play uri=kafka://h && wrong "a URI without a topic is accepted"
grep -q 'this build has no Kafka' log && has_kafka= || has_kafka=1
while IFS='|' read -r uri words more; do
    [ -n "$has_kafka" ] || [[ $uri != kafka:* ]] || continue
    # shellcheck disable=SC2086 # words
    play uri="$uri" $more && wrong "$uri is accepted"
    grep -q -F -e "$words" log || wrong "$uri: expected '$words': $(cat log)"
    grep -q -F pa55 log && wrong "$uri: the password is printed"
done <<END
http://h/t|uri: expected mqtt://HOST[:PORT]/TOPIC, mqtts://
h|uri: expected mqtt://
mqtt://h|uri has no topic
mqtt://h/|uri has no topic
mqtt://h/a+|the topic in uri has + or #
mqtt://h/a%23b|the topic in uri has + or #
mqtt://h/%24SYS/x|the topic in uri begins with \$
mqtt://h/a%0Ab|the topic in uri has a control character
mqtt://u:pa55@h/t|without credentials, which belong in credentials-file
mqtt://h:0/t|uri: expected mqtt://HOST
mqtt://h:70000/t|uri: expected mqtt://HOST
mqtt://h/t?q|uri: expected mqtt://HOST
mqtt://h/t|ca-file needs an mqtts:// URI|ca-file=cert.pem
mqtts://h/t|is no PEM file with a certificate|ca-file=lines
mqtts://h/t|nothing cannot be read|ca-file=nothing
mqtt://h/t|cannot read the credentials in nothing|credentials-file=nothing
mqtt://h/t|the first line of cert.pem is not user:password|credentials-file=cert.pem
kafka://h/a/b|the topic in uri is no name of a Kafka topic
kafka://u:pa55@h/t|without credentials
kafka://h|uri has no topic
kafka://,h/t|uri: expected kafka://HOST
kafka://h/t|kafka:// takes neither credentials-file nor ca-file|ca-file=cert.pem
END
exit $bad
