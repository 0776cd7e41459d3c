#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Monitors eight RTSP cameras with convnext-watch while everything around it fails; tests/soak.sh --faults starts it.

    soak_faults.py SECONDS FOLDER

A seeded schedule kills and hangs cameras and changes their pictures. Meanwhile the broker, the webhook server, the
command, the disk and the clients of the page fail in turns and recover. What was done to the cameras says which
events there are: at the end, the webhook and the command must have received each of them once, and so must the
events file, apart from those that convnext-watch reports as lost on a full disk.
"""
import collections
import json
import os
import random
import re
import resource
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECONDS, FOLDER = int(sys.argv[1]), sys.argv[2]
BUILD = os.environ['CONVNEXT_BUILD']
CAMERAS = [f'camera-{i}' for i in range(8)]
LABELS = {'checkers-8': 'normal', 'smpte': 'no-signal'}  # pictures, and what the bundled model says of them
OFFLINE, ALARM = 6, 1
PATIENCE = 10       # seconds without a result that a camera in good health may take
WARM = min(300, SECONDS // 4)  # seconds in which memory may grow
ALLOWANCE = 8192 if SECONDS >= 1800 else 24576  # KiB that memory may grow after that, from the first third to the last
SETTLE = 90         # seconds until everything has arrived; a webhook waits for up to 60 after failures

chance = random.Random(17)
begin = time.monotonic()
expected = collections.Counter()  # (camera, event) -> number
webhook, command = collections.Counter(), collections.Counter()
lines = collections.Counter()     # results by camera
pauses = []                       # (from, to): the whole machine stood still, this program included
uncertain = collections.Counter() # (camera, event) -> by how many a pause may have changed the number
gaps = {camera: [] for camera in CAMERAS}  # (time, seconds) of pauses between results in good health
last = {}                         # camera -> time of its last result; absent while it is away
away = set()
faults = collections.Counter()
bad = []
lock = threading.Lock()
stop = threading.Event()
webhook_mode = 'ok'


def log(text):
    print(f'{time.monotonic() - begin:7.1f} {text}', file=trace, flush=True)


def fail(text):
    bad.append(text)


class Camera:
    """An RTSP server on a port of its own, with one of two pictures."""

    def __init__(self, name):
        self.name, self.picture, self.process = name, 'checkers-8', None
        self.port = free_port()

    def start(self):
        what = f'multifilesrc location={FOLDER}/{self.picture}.h264 loop=true ! h264parse ' \
               '! rtph264pay name=pay0 pt=96 config-interval=-1'
        self.process = subprocess.Popen(
            [f'{BUILD}/tests/pipelines/rtsp-server', '--life', str(SECONDS + 3600), '--port', str(self.port), what],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.process.stdout.readline()

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def wait_until(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True


def trouble(camera, rng):
    """Kills, hangs and changes a camera until the end. A camera that is away for a second is not lost."""
    name = camera.name
    stop.wait(rng.uniform(8, 20))
    while time.monotonic() - begin < SECONDS - 35 and not stop.is_set():
        how = rng.choice(['dead', 'dead', 'hung', 'blink', 'other'])
        log(f'{name} {how}')
        faults[f'camera {how}'] += 1
        with lock:
            away.add(name)
            before = lines[name]
        if how == 'blink':
            camera.process.send_signal(signal.SIGSTOP)
            time.sleep(1)
            camera.process.send_signal(signal.SIGCONT)
        elif how == 'hung':
            camera.process.send_signal(signal.SIGSTOP)
            time.sleep(OFFLINE + rng.uniform(6, 14))
            with lock:
                before = lines[name]
            camera.process.send_signal(signal.SIGCONT)
        else:
            camera.kill()
            if how == 'other':
                camera.picture = 'smpte' if camera.picture == 'checkers-8' else 'checkers-8'
                expected[name, 'state'] += 1
                expected[name, 'problem-begin' if camera.picture == 'smpte' else 'problem-end'] += 1
            time.sleep(OFFLINE + rng.uniform(6, 14))
            with lock:
                before = lines[name]
            camera.start()
        if how != 'blink':
            expected[name, 'camera-lost'] += 1
            expected[name, 'camera-back'] += 1
        returned = time.monotonic()
        if not wait_until(lambda: lines[name] > before, 60):
            fail(f'{name} ({how}) delivers nothing 60 s after its return')
        log(f'{name} back after {time.monotonic() - returned:.1f} s')
        with lock:
            away.discard(name)
            last[name] = time.monotonic()
        # The state and the alarm must have time to settle before the next fault.
        stop.wait(rng.uniform(12, 30))


def read_results(stream):
    for line in stream:
        match = re.search(rb'"stream":"([^"]*)"', line)
        name = match[1].decode() if match else '?'
        now = time.monotonic()
        with lock:
            lines[name] += 1
            if name in last and name not in away:
                gaps[name].append((last[name], now - last[name]))
            last[name] = now


def notice_pauses():
    """While the machine stands still, cameras are lost to which nothing was done, and outages become short."""
    while True:
        before = time.monotonic()
        time.sleep(0.5)
        if time.monotonic() - before > 3:
            pauses.append((before, time.monotonic()))
            log(f'the machine stood still for {time.monotonic() - before:.1f} s')
            for name in CAMERAS:
                uncertain[name, 'camera-lost'] += 1
                uncertain[name, 'camera-back'] += 1


class Webhook(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        if webhook_mode == 'hung':
            wait_until(lambda: webhook_mode != 'hung' or stop.is_set(), 3600)
            self.close_connection = True
            return
        if webhook_mode == 'slow':
            time.sleep(1)
        if webhook_mode in ('refused', 'full'):
            self.send_response(503)
        else:
            event = json.loads(body)
            with lock:
                webhook[event['camera'], event['event']] += 1
            self.send_response(200)
        self.send_header('Content-Length', '0')
        self.end_headers()

    def log_message(self, *_):
        pass


def start_broker():
    return subprocess.Popen(['mosquitto', '-c', f'{FOLDER}/broker.conf'], stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


def break_broker(rng):
    global broker
    how = rng.choice(['killed', 'hung', 'slow'])
    faults[f'broker {how}'] += 1
    log(f'broker {how}')
    if how == 'killed':
        broker.kill()
        broker.wait()
        stop.wait(rng.uniform(2, 15))
        broker = start_broker()
    for _ in range({'killed': 0, 'hung': 1, 'slow': 8}[how]):
        broker.send_signal(signal.SIGSTOP)
        stop.wait(rng.uniform(10, 40) if how == 'hung' else 1)
        broker.send_signal(signal.SIGCONT)
        stop.wait(0.2)


def break_webhook(rng):
    global webhook_mode
    webhook_mode = rng.choice(['hung', 'slow', 'refused', 'full'])
    faults[f'webhook {webhook_mode}'] += 1
    log(f'webhook {webhook_mode}')
    stop.wait(rng.uniform(5, 20))
    webhook_mode = 'ok'


def break_command(rng):
    how = rng.choice(['hung', 'flood', 'failed', 'slow'])
    faults[f'command {how}'] += 1
    log(f'command {how}')
    write('mode', how)
    stop.wait(rng.uniform(5, 20))
    write('mode', 'ok')


def break_disk(rng):
    how = rng.choice(['full', 'hung'] if disk else ['removed'])
    faults[f'disk {how}'] += 1
    log(f'disk {how}')
    if how == 'full':
        with open(f'{FOLDER}/disk/filler', 'wb', buffering=0) as filler:
            try:
                while True:
                    filler.write(bytes(4096))
            except OSError:
                pass
            stop.wait(rng.uniform(5, 20))
        os.unlink(f'{FOLDER}/disk/filler')
    elif how == 'hung':
        subprocess.run(['fsfreeze', '-f', f'{FOLDER}/disk'], check=True)
        stop.wait(rng.uniform(5, 15))
        subprocess.run(['fsfreeze', '-u', f'{FOLDER}/disk'], check=True)
    else:
        os.rename(f'{FOLDER}/disk/snapshots', f'{FOLDER}/disk/gone')
        stop.wait(rng.uniform(5, 20))
        os.rename(f'{FOLDER}/disk/gone', f'{FOLDER}/disk/snapshots')


def break_page(rng):
    """Thousands of connections, slow readers, and requests that never end."""
    how = rng.choice(['flood', 'slow readers', 'half requests'])
    faults[f'page {how}'] += 1
    log(f'page {how}')
    sockets = []
    count = 10000 if how == 'flood' else 100
    for i in range(count):
        try:
            s = socket.create_connection(('127.0.0.1', port), timeout=0.5)
            sockets.append(s)
            if how == 'slow readers':
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                path = ['/camera-0.mjpg', '/events', '/metrics'][i % 3]
                s.sendall(f'GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n'.encode())
            elif how == 'half requests':
                s.sendall(b'GET / HTTP/1.1\r\nX: ')
        except OSError:
            pass
    stop.wait(rng.uniform(2, 10))
    for s in sockets:
        s.close()
    faults['page connections'] += len(sockets)
    if not wait_until(lambda: get('/healthz') is not None, 30):
        fail(f'the page does not answer 30 s after {how}')


def get(path):
    request = f'GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n'.encode()
    try:
        with socket.create_connection(('127.0.0.1', port), timeout=5) as s:
            s.sendall(request)
            answer = b''
            while block := s.recv(65536):
                answer += block
        head, body = answer.split(b'\r\n\r\n', 1)
        return body if b' 200 ' in head.split(b'\r\n')[0] else None
    except (OSError, ValueError):
        return None


def poll_page():
    """A client as the page is: the cameras, then a picture of each."""
    while not stop.wait(1):
        for path in ['/api/cameras'] + [f'/{camera}.jpg' for camera in CAMERAS]:
            faults['page requests answered' if get(path) else 'page requests turned away'] += 1


def repeat(break_it, rng):
    stop.wait(rng.uniform(5, 15))
    while time.monotonic() - begin < SECONDS - 35 and not stop.is_set():
        try:
            break_it(rng)
        except Exception as error:  # a fault that cannot be made is a failure of the run
            fail(f'{break_it.__name__}: {error!r}')
            return
        stop.wait(rng.uniform(5, 25))


def write(name, text):
    with open(f'{FOLDER}/{name}.new', 'w', encoding='utf-8') as file:
        file.write(text)
    os.rename(f'{FOLDER}/{name}.new', f'{FOLDER}/{name}')


def read(name):
    with open(f'{FOLDER}/{name}', encoding='utf-8', errors='replace') as file:
        return file.read()


def count_events(text):
    counts = collections.Counter()
    for line in text.splitlines():
        try:
            event = json.loads(line)
            counts[event['camera'], event['event']] += 1
        except (ValueError, KeyError):
            counts['torn', 'line'] += line != ''
    return counts


def compare(what, counts, lost=0):
    """Fails unless counts are the expected events, of which `lost` may be absent."""
    absent, more = expected - counts - uncertain, counts - expected - uncertain
    more.pop(('torn', 'line'), None)
    if more or absent.total() > lost:
        fail(f'{what}: absent {dict(absent)}, too often {dict(more)}, reported as lost {lost}')
    print(f'{what}: {counts.total()} events of {expected.total()}, {absent.total()} absent '
          f'({lost} reported as lost), {more.total()} too often')


def retained():
    """What the broker retains, by topic, without pictures, or {} if it does not answer."""
    answer = subprocess.run(['mosquitto_sub', '-h', '127.0.0.1', '-p', str(mqtt), '-t', 'soak/#', '-v',
                             '-T', 'soak/+/snapshot', '--retained-only', '-W', '2'],
                            capture_output=True, text=True, check=False).stdout
    return dict(line.split(' ', 1) for line in answer.splitlines() if ' ' in line)


def right_topics():
    topics = {'soak/status': 'online', 'soak/never/availability': 'offline', 'soak/never/problem': 'OFF'}
    for camera in cameras:
        topics[f'soak/{camera.name}/availability'] = 'online'
        topics[f'soak/{camera.name}/state'] = LABELS[camera.picture]
        topics[f'soak/{camera.name}/problem'] = 'ON' if camera.picture == 'smpte' else 'OFF'
    return topics


def wrong_topics():
    now = retained()
    return {topic: now.get(topic) for topic, value in right_topics().items() if now.get(topic) != value}


def wrong_page():
    listed = {camera['name']: camera for camera in json.loads(get('/api/cameras') or '[]')}
    return [camera.name for camera in cameras
            if not (shown := listed.get(camera.name)) or not shown['online']
            or shown['state'] != LABELS[camera.picture] or shown['problem'] != (camera.picture == 'smpte')]


def status(key):
    with open(f'/proc/{watch.pid}/status', encoding='ascii') as file:
        return next(int(line.split()[1]) for line in file if line.startswith(key))


def prepare():
    for picture in LABELS:
        subprocess.run(f'gst-launch-1.0 -q videotestsrc num-buffers=150 pattern={picture} '
                       '! video/x-raw,format=I420,width=320,height=180,framerate=15/1 ! x264enc key-int-max=15 '
                       f'! video/x-h264,stream-format=byte-stream ! filesink location={FOLDER}/{picture}.h264',
                       shell=True, check=True)
    write('mode', 'ok')
    write('hook', f'''#!/bin/sh
cat >>{FOLDER}/command.jsonl
case $(cat {FOLDER}/mode) in
hung) while [ "$(cat {FOLDER}/mode)" = hung ]; do sleep 0.5; done ;;
flood) head -c 1000000000 /dev/zero; head -c 1000000000 /dev/zero >&2 ;;
failed) exit 3 ;;
slow) sleep 2 ;;
esac
''')
    os.chmod(f'{FOLDER}/hook', 0o755)
    write('command.jsonl', '')
    write('broker.conf', f'persistence false\nlistener {mqtt} 127.0.0.1\nallow_anonymous true\n')
    os.mkdir(f'{FOLDER}/disk')
    mounted = os.geteuid() == 0 and subprocess.run(
        f'cd {FOLDER} && truncate -s 6M image && mkfs.ext4 -q -F image && mount -o loop image disk',
        shell=True, check=False, stderr=subprocess.DEVNULL).returncode == 0
    os.mkdir(f'{FOLDER}/disk/snapshots')
    text = f'''[watch]
interval = 5
metrics = 0
events = disk/events
snapshots = disk/snapshots
snapshots-keep = 50
snapshot-width = 160
mqtt = mqtt://127.0.0.1:{mqtt}
mqtt-prefix = soak
webhook = http://127.0.0.1:{server.server_port}/events
on-event = {FOLDER}/hook
offline-after = {OFFLINE}
alarm-after = {ALARM}
clear-after = {ALARM}
stall-timeout = 3
connect-timeout = 6
reconnect-max = 1
frozen-time = 0
[never]
source = rtsp://127.0.0.1:1/live
'''
    for camera in cameras:
        text += f'[{camera.name}]\nsource = rtsp://127.0.0.1:{camera.port}/live\n'
    write('list.ini', text)
    return mounted


limit = min(20000, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
os.environ['PATH'] += ':/usr/sbin:/sbin'
trace = open(f'{FOLDER}/trace', 'w', encoding='utf-8')
mqtt = free_port()
cameras = [Camera(name) for name in CAMERAS]
server = ThreadingHTTPServer(('127.0.0.1', 0), Webhook)
threading.Thread(target=server.serve_forever, daemon=True).start()
disk = prepare()
if not disk:
    print('no file system of its own (needs root): the disk is neither full nor hung, only its folder is removed')
broker = start_broker()
for camera in cameras:
    camera.start()
    expected[camera.name, 'state'] += 1
expected['never', 'camera-lost'] += 1

errors = open(f'{FOLDER}/log', 'w', encoding='utf-8')
watch = subprocess.Popen([f'{BUILD}/pipelines/convnext-watch', '--config', f'{FOLDER}/list.ini'],
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors)
threading.Thread(target=read_results, args=(watch.stdout,), daemon=True).start()
memory, files = [], []
try:
    if not wait_until(lambda: 'http://127.0.0.1:' in read('log'), 60):
        sys.exit(f'convnext-watch does not start: {read("log")[-500:]}')
    port = int(re.search(r'http://127\.0\.0\.1:(\d+)/', read('log'))[1])
    if not wait_until(lambda: not wrong_topics(), 120):
        sys.exit(f'the states do not settle: {wrong_topics()}')
    begin = time.monotonic()
    threading.Thread(target=notice_pauses, daemon=True).start()
    workers = [threading.Thread(target=trouble, args=(camera, random.Random(chance.random()))) for camera in cameras]
    workers += [threading.Thread(target=repeat, args=(what, random.Random(chance.random())))
                for what in (break_broker, break_webhook, break_command, break_disk, break_page)]
    for worker in workers:
        worker.start()
    pollers = [threading.Thread(target=poll_page, daemon=True) for _ in range(2)]
    for poller in pollers:
        poller.start()
    while time.monotonic() - begin < SECONDS and watch.poll() is None:
        memory.append(status('VmRSS'))
        files.append(len(os.listdir(f'/proc/{watch.pid}/fd')))
        write('memory', '\n'.join(map(str, memory)))
        time.sleep(1)
    for worker in workers:
        worker.join()

    def arrived():
        global command
        command = count_events(read('command.jsonl'))
        return not wrong_topics() and not wrong_page() and webhook.total() >= expected.total() \
            and command.total() >= expected.total()

    wait_until(arrived, SETTLE)
    if wrong := wrong_topics():
        fail(f'retained topics that are wrong: {wrong}')
    if wrong := wrong_page():
        fail(f'cameras that the page shows wrongly: {wrong}')
    stop.set()
    running = watch.poll() is None
    watch.send_signal(signal.SIGINT)
    try:
        code = watch.wait(60)
    except subprocess.TimeoutExpired:
        code = 'does not end'
    if not running or code != 0:
        fail(f'convnext-watch: running until the end: {running}, status: {code}')
    lost = sum(map(int, re.findall(r'writing events to .* again; (\d+) were lost', read('log'))))
    print(f'{SECONDS} s with {len(CAMERAS)} cameras and one that never answers; convnext-watch ended with {code}')
    print('; '.join(f'{what}: {count}' for what, count in sorted(faults.items())))
    compare('webhook', webhook)
    compare('command', command)
    compare('events file', count_events(read('disk/events')), lost)
    longest = 0
    for name, times in gaps.items():
        gap = max((seconds for start, seconds in times
                   if not any(start < end and start + seconds > at for at, end in pauses)), default=0)
        longest = max(longest, gap)
        if gap > PATIENCE:
            fail(f'{name}: {gap:.1f} s without a result in good health')
    print(f'results: {sum(lines.values())}, {min(lines[name] for name in CAMERAS)} to {max(lines.values())} a camera; '
          f'longest pause in good health {longest:.1f} s; the machine stood still {len(pauses)} times')
    del memory[:WARM], files[:WARM]
    third = len(memory) // 3
    first, final = statistics.median(memory[:third]), statistics.median(memory[-third:])
    print(f'memory: {first / 1024:.1f} MiB in the first third after {WARM} s, {final / 1024:.1f} in the last; '
          f'files open: {statistics.median(files[:third]):.0f}, {statistics.median(files[-third:]):.0f}')
    if final - first > ALLOWANCE:
        fail(f'memory has grown by {(final - first) / 1024:.1f} MiB')
finally:
    stop.set()
    for process in [watch, broker] + [camera.process for camera in cameras]:
        process.send_signal(signal.SIGCONT)
        process.kill()
    if disk:
        subprocess.run(['umount', '-l', f'{FOLDER}/disk'], check=False)
for text in bad:
    print(f'WRONG: {text}')
print(f'the files are in {FOLDER}')
os._exit(bool(bad))
