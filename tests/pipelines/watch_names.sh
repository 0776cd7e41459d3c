#!/bin/bash
# Names of cameras and labels that mean something to an MQTT broker, HTML, JSON, Prometheus, a terminal or a file
# system: each stays the name that it is, in every output of convnext-watch, and what cannot be a name is refused.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"
PATH=$PATH:/usr/sbin
for program in mosquitto mosquitto_sub curl; do
    if ! command -v $program >/dev/null; then
        echo "$program is not installed"
        exit 77
    fi
done

# The cameras and their labels, in names.json, and the list of cameras. An MQTT topic takes 65535 bytes.
mkdir pictures
python3 - <<'END'
import json
names = {
    'a/+#': 'a/+#', '$SYS/broker': '$SYS/#', '../../door': '../../label',
    '<script>alert(1)</script>&amp;': '<b>"it\'s"</b>',
    '"} 1 \\': '"} 1\\', 'ä' * 5000: 'ä' * 2000, 'lines': 'two\nlines\r\x1b[31mred\t\x7f', 'nothing': ' ',
}
json.dump(names, open('names.json', 'w', encoding='utf-8'))
with open('list.ini', 'w', encoding='utf-8') as file:
    file.write('[watch]\nmetrics = 0\nsnapshots = pictures\nalarm-after = 0\nsmoothing-time = 200000000\n'
               'on-event = ./hook\n')
    for number, (name, label) in enumerate(names.items()):
        with open(f'{number}.json', 'w', encoding='utf-8') as labels:
            json.dump([label if i == 8 else f'class {i}' for i in range(9)], labels)
        file.write(f'[{name}]\nsource = test:smpte\nlabels = {number}.json\n')
END
printf '#!/bin/sh\ncat >>%s/hooked\n' "$work" >hook
chmod +x hook
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
printf 'persistence false\nlistener %s 127.0.0.1\nallow_anonymous true\n' "$port" >broker.conf
: >broker.log
mosquitto -c broker.conf >broker.log 2>&1 &
server+=" $!"
wait_for broker.log 1 'running$'

# check_outputs: 0 if everything that convnext-watch has written until now is there and right.
check_outputs()
{
    url=$(grep -o 'http://127[^ ]*' log | head -n 1)
    curl -s "${url}api/cameras" >cameras
    curl -s "${url}metrics" >metrics
    timeout "$PATIENCE" mosquitto_sub -h 127.0.0.1 -p "$port" -t '#' -T 'convnext/+/snapshot' --retained-only -W 1 \
        -F '%j' >retained 2>/dev/null
    python3 - >why 2>&1 <<'END'
import json, os, re

def is_shown(shown, text):  # what cannot be printed may be another character or left out; the rest may be cut off
    if len(text) > 200 and len(shown) >= 200:
        text = text[:len(shown.removesuffix('...'))] + shown[len(shown.removesuffix('...')):]
    return re.fullmatch(''.join(re.escape(c) if c.isprintable() else '.?' for c in text), shown) is not None

def name_of(shown):
    return next(name for name in names if is_shown(shown, name))

names = json.load(open('names.json', encoding='utf-8'))
for path in 'events', 'hooked':
    events = [json.loads(line) for line in open(path, encoding='utf-8')]
    found = {(e['camera'], e['event']): e.get('new') or e.get('label') for e in events}
    assert len(events) == len(found) == 2 * len(names), (path, len(events))
    for (shown, kind), label in found.items():
        assert is_shown(label, names[name_of(shown)]), (path, kind, shown, label)
for line in open('lines', encoding='utf-8').readlines()[:-1]:
    result = json.loads(line)
    assert is_shown(result['classes'][0]['label'], names[result['stream']]), result

shown = {camera['name']: camera for camera in json.load(open('cameras', encoding='utf-8'))}
assert shown.keys() == names.keys(), shown.keys()
for name, label in names.items():
    assert is_shown(shown[name]['state'], label) and shown[name]['problem'], shown[name]

# The text format of Prometheus: what is no comment is a name with labels, whose values escape \, " and newline.
value = r'"((?:[^"\\\n]|\\[\\"n])*)"'
unescape = lambda text: re.sub(r'\\(.)', lambda m: '\n' if m[1] == 'n' else m[1], text)
current = {}
for line in open('metrics', encoding='utf-8', newline='\n').read().split('\n')[:-1]:
    assert re.fullmatch(rf'#.*|[a-z_]+(\{{[a-z_]+={value}(,[a-z_]+={value})*\}})? [-+0-9.eNaInf]+', line), line
    if match := re.fullmatch(rf'convnext_label\{{stream={value},label={value}\}} 1', line):
        current[unescape(match[1])] = unescape(match[2])
assert current.keys() == names.keys(), current
assert all(is_shown(current[name], label) for name, label in names.items()), current

topics = {}
for line in open('retained', encoding='utf-8'):
    message = json.loads(line)
    topics[message['topic']] = message['payload']
cameras = {}
for topic, payload in topics.items():
    assert not set(topic) & set('+#') and topic.isprintable() and len(topic) < 300, topic
    levels = 5 if topic.startswith('homeassistant/') else 2 if topic == 'convnext/status' else 3
    assert topic.count('/') == levels - 1, topic
    if topic.endswith('/attributes'):
        attributes = json.loads(payload)
        name = name_of(attributes['camera'])
        cameras[name] = topic.rpartition('/')[0]
        assert is_shown(attributes['label'], names[name]), attributes
assert cameras.keys() == names.keys() and len(set(cameras.values())) == len(names), cameras
for name, topic in cameras.items():
    state = topics[topic + '/state']
    assert len(state) <= 255 and is_shown(state, names[name][:len(state)]), (name, state)
    assert (topics[topic + '/availability'], topics[topic + '/problem']) == ('online', 'ON'), name
discovered = [json.loads(payload) for topic, payload in topics.items() if topic.startswith('homeassistant/')]
assert len({entity['unique_id'] for entity in discovered}) == len(discovered) == 4 * len(names), len(discovered)
assert {name_of(entity['device']['name']) for entity in discovered} == names.keys()

pictures = os.listdir('pictures')
assert len(pictures) >= len(names), pictures
assert all(re.fullmatch(r'[A-Za-z0-9_~.-]+\.jpg', picture) for picture in pictures), pictures
END
}

: >events
start_watch --config list.ini --events events --set mqtt=mqtt://127.0.0.1:"$port"
wait_for events 16 '"event"'
for _ in $(seq 20); do # a state and its picture may be on the way
    ! check_outputs || break
    sleep 1
done
check_outputs || wrong "$(tail -n 1 why | cut -c 1-2000)"
stop_watch INT
grep -a -n -P '[\x00-\x08\x0b-\x1f\x7f]' log && wrong "control characters on the terminal"

# What is no name.
expect_refused()
{
    timeout "$PATIENCE" "$CONVNEXT_WATCH" "${@:2}" >lines 2>log </dev/null && wrong "accepted: ${*:2}"
    grep -q -F -e "$1" log && [ "$(wc -l <log)" -eq 1 ] && [ "$(wc -L <log)" -lt 2000 ] ||
        wrong "not refused with '$1' in one line: $(cut -c 1-500 log)"
}
python3 -c "print('\n'.join(f'class {i}' for i in range(8)) + '\n' + 'x' * 10000)" >long.txt
printf '[door]\nsource = test:smpte\nlabels = long.txt\n' >long.ini
expect_refused '[door]: long.txt: line 9 is longer than 4096 bytes' --config long.ini
for i in $(seq 8); do echo "class $i"; done >bytes.txt
printf 'd\xff\xfe\n' >>bytes.txt
printf '[door]\nsource = test:smpte\nlabels = bytes.txt\n' >bytes.ini
expect_refused '[door]: bytes.txt: is not UTF-8 text' --config bytes.ini
printf '[watch]\nmqtt = mqtt://127.0.0.1\nmqtt-prefix = home/+\n[door]\nsource = test:smpte\n' >prefix.ini
expect_refused 'mqtt-prefix' --config prefix.ini
exit $bad
