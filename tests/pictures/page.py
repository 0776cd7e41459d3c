# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes the pictures of README.md: page.py FOLDER, in the environment of pipelines/env.sh.

page.webp is the page of convnext-watch in Chromium, light and dark, with cameras that show the drawn street of
heads.py as it is, out of focus, in the dark and behind an obstacle, a camera that has no signal, and one that is
off. overlay.jpg is the street out of focus as convnextoverlay draws its results. Needs NumPy, Pillow, Chromium, and
the program http-camera of the build's tests.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from heads import WIDTH, scene

BUILD = pathlib.Path(os.environ.get("CONVNEXT_BUILD", "build"))
SIZE = (640, 360)
PATIENCE = 600  # seconds


def obstructed(image):
    draw = ImageDraw.Draw(image)
    draw.ellipse([-150, 20, 520, 520], fill="#2a2420")
    return Image.composite(image.filter(ImageFilter.GaussianBlur(12)), image,
                           image.convert("L").point(lambda value: 255 * (value < 60)))


FAULTS = {
    "gate": lambda image: image,
    "parking": lambda image: image.filter(ImageFilter.GaussianBlur(9)),
    "yard": lambda image: image.point(lambda value: value // 14),
    "entrance": obstructed,
}


def frames(fault):
    """Pictures that differ by noise, as those of a camera do."""
    street = fault(scene().crop((0, 0, WIDTH, WIDTH * 9 // 16)).resize(SIZE, Image.Resampling.BICUBIC))
    for seed in range(20):
        noise = np.random.default_rng(seed).normal(0, 1.5, (SIZE[1], SIZE[0], 3))
        yield Image.fromarray((np.asarray(street) + noise).round().clip(0, 255).astype(np.uint8))


def save_frames(folder, fault):
    folder.mkdir()
    paths = [folder / f"{index}.jpg" for index in range(20)]
    for path, frame in zip(paths, frames(fault)):
        frame.save(path, quality=92)
    return paths


def start(processes, *command, **options):
    processes.append(subprocess.Popen([*map(str, command)], **options))
    return processes[-1]


def wait_for(condition):
    for _ in range(PATIENCE * 5):
        if found := condition():
            return found
        time.sleep(0.2)
    sys.exit("page.py: waited in vain")


def start_page(processes, folder):
    """Starts the cameras and convnext-watch; returns the address once each camera has its state."""
    sources = []
    for name, fault in FAULTS.items():
        camera = start(processes, BUILD / "tests/pipelines/http-camera", *save_frames(folder / name, fault),
                       stdout=subprocess.PIPE, text=True)
        sources.append(f"{name}={camera.stdout.readline().strip()}")
    log = folder / "log"
    with open(log, "w") as out:
        start(processes, "convnext-watch", "--metrics=0", "--set=offline-after=1", "--set=alarm-after=1",
              *sources, "dock=test:smpte", "roof=rtsp://127.0.0.1:9/live", stdout=subprocess.DEVNULL,
              stderr=out)
    lines = wait_for(lambda: [line for line in log.read_text().splitlines() if "page at " in line])
    url = lines[0].split("page at ")[1]

    def is_ready():
        with urllib.request.urlopen(f"{url}api/cameras") as answer:
            cameras = json.load(answer)
        return all(c["problem"] if c["name"] not in ("gate", "roof") else c["state"] or c["cause"] for c in cameras)
    wait_for(is_ready)
    for _ in range(32):  # Chromium waits for the end of streams, so the page must get none
        start(processes, "curl", "-s", "-N", f"{url}events", stdout=subprocess.DEVNULL)
    wait_for(lambda: subprocess.run(["curl", "-s", "-m", "1", "-o", "/dev/null", "-w", "%{http_code}", f"{url}events"],
                                    capture_output=True, text=True).stdout == "503")
    return url


def screenshot(folder, url, theme):
    target = folder / f"{theme}.png"
    subprocess.run(["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                    f"--user-data-dir={folder}/profile", "--window-size=660,900", "--virtual-time-budget=3000",
                    f"--blink-settings=preferredColorScheme={int(theme == 'light')}", f"--screenshot={target}", url],
                   check=True, stderr=subprocess.DEVNULL, timeout=PATIENCE)
    return Image.open(target).convert("RGB")


def make_page(folder, target):
    processes = []
    try:
        url = start_page(processes, folder)
        light, dark = (screenshot(folder, url, theme) for theme in ("light", "dark"))
    finally:
        for process in reversed(processes):
            process.terminate()
    both = Image.new("RGB", (light.width + dark.width, light.height))
    both.paste(light, (0, 0))
    both.paste(dark, (light.width, 0))
    both.save(target, quality=80, method=6)


def make_overlay(folder, target):
    source = folder / "overlay.png"
    next(frames(FAULTS["parking"])).save(source)
    line = f"filesrc location={source} ! pngdec ! convnext top-k=4 ! convnextoverlay ! jpegenc ! filesink " \
           f"location={target}"
    subprocess.run(["gst-launch-1.0", "-q", *line.split()], check=True)


with tempfile.TemporaryDirectory() as work:
    make_page(pathlib.Path(work), pathlib.Path(sys.argv[1]) / "page.webp")
    make_overlay(pathlib.Path(work), pathlib.Path(sys.argv[1]) / "overlay.jpg")
