#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the page, MQTT and snapshots cost: CPU time of convnext-watch with 16 RTSP cameras, without and with them.

    CONVNEXT_BUILD=build tests/bench/watch.py [SECONDS [ROUNDS [CAMERAS [CHANGE [HEIGHT]]]]]   default: 18 3 16 30 360

The cameras show HEIGHT lines of a 16:9 picture at 15 frames per second and change their picture every CHANGE seconds,
which is an event or two; with the default none falls into the measured time. "With" adds `metrics`, `mqtt` (mosquitto)
and `snapshots`, and a client that asks for /api/cameras and for the picture of each camera once a second; the page
itself asks every five seconds. Both settings take turns. Prints the CPU time of convnext-watch in percent of a core,
and the median of the differences.
"""
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

SECONDS, ROUNDS, CAMERAS, CHANGE, HEIGHT = [int(a) for a in sys.argv[1:]] + [18, 3, 16, 30, 360][len(sys.argv) - 1:]
BUILD = os.path.abspath(os.environ.get('CONVNEXT_BUILD', 'build'))
WARM = 8  # seconds
os.environ['GST_PLUGIN_PATH_1_0'] = f'{BUILD}/gst'
os.environ['PATH'] += ':/usr/sbin'


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def get(port, path):
    with socket.create_connection(('127.0.0.1', port), timeout=10) as s:
        s.sendall(f'GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n'.encode())
        answer = b''
        while block := s.recv(65536):
            answer += block
    return answer.startswith(b'HTTP/1.') and b' 200 ' in answer[:20]


def cpu(pid):
    with open(f'/proc/{pid}/stat', encoding='utf-8') as file:
        fields = file.read().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def run(extras):
    """Returns the CPU time in percent of a core, and the numbers of pictures that were read and events."""
    sources = [f'camera-{i}={url}' for i in range(CAMERAS)]
    events = f'{folder}/events'
    options = ['--set', 'interval=5', '--set', 'frozen-time=0', '--events', events]
    if extras:
        os.makedirs(f'{folder}/snapshots', exist_ok=True)
        options += ['--metrics', '0', '--set', f'mqtt=mqtt://127.0.0.1:{mqtt}', '--set',
                    f'snapshots={folder}/snapshots']
    with open(f'{folder}/log', 'w', encoding='utf-8') as log:
        watch = subprocess.Popen([f'{BUILD}/pipelines/convnext-watch', *options, *sources], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=log)
    try:
        time.sleep(WARM)
        port = None
        if extras:
            with open(f'{folder}/log', encoding='utf-8') as log:
                port = int(re.search(r'http://127\.0\.0\.1:(\d+)/', log.read())[1])
        pictures, before, start = 0, cpu(watch.pid), time.monotonic()
        size = os.path.getsize(events)
        while time.monotonic() - start < SECONDS:
            tick = time.monotonic()
            if extras:
                get(port, '/api/cameras')
                pictures += sum(get(port, f'/camera-{i}.jpg') for i in range(CAMERAS))
            time.sleep(max(0, tick + 1 - time.monotonic()))
        share = (cpu(watch.pid) - before) / (time.monotonic() - start) * 100
    finally:
        watch.send_signal(signal.SIGINT)
        watch.wait()
    with open(events, encoding='utf-8') as file:
        file.seek(size)
        return share, pictures, len(file.readlines())


folder = tempfile.mkdtemp()
mqtt = free_port()
processes = []
try:
    for picture in ('checkers-8', 'smpte'):
        subprocess.run(f'gst-launch-1.0 -q videotestsrc num-buffers={15 * CHANGE} pattern={picture} '
                       f'! video/x-raw,format=I420,width={HEIGHT * 16 // 9},height={HEIGHT},framerate=15/1 '
                       '! x264enc key-int-max=15 speed-preset=ultrafast ! video/x-h264,stream-format=byte-stream '
                       f'! filesink location={folder}/{picture}.h264', shell=True, check=True)
    with open(f'{folder}/clip.h264', 'wb') as clip:
        for picture in ('checkers-8', 'smpte'):
            with open(f'{folder}/{picture}.h264', 'rb') as part:
                clip.write(part.read())
    server = subprocess.Popen(
        [f'{BUILD}/tests/pipelines/rtsp-server', f'multifilesrc location={folder}/clip.h264 loop=true ! h264parse '
         '! rtph264pay name=pay0 pt=96 config-interval=-1'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    processes.append(server)
    url = server.stdout.readline().decode().strip()
    with open(f'{folder}/broker.conf', 'w', encoding='utf-8') as conf:
        conf.write(f'listener {mqtt} 127.0.0.1\nallow_anonymous true\n')
    processes.append(subprocess.Popen(['mosquitto', '-c', f'{folder}/broker.conf'], stderr=subprocess.DEVNULL))
    added = []
    for _ in range(ROUNDS):
        without, _, some = run(False)
        both, pictures, events = run(True)
        added.append(both - without)
        print(f'without {without:.1f} % of a core ({some} events), with {both:.1f} % ({events} events, {pictures} '
              f'pictures read): {both - without:+.1f}', flush=True)
    print(f'page, MQTT and snapshots of {CAMERAS} cameras add {statistics.median(added):.1f} % of a core')
finally:
    for process in processes:
        process.kill()
    shutil.rmtree(folder)
