# SPDX-License-Identifier: LGPL-2.1-or-later
"""Draws heads.png, the picture of README.md: heads.py OUTPUT, in the environment of pipelines/env.sh.

A drawn scene, as `convnextsegment` paints it and with the boxes that `convnextdetect` finds, with the networks of
tests/fixtures, whose weights are random. Needs NumPy and Pillow.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures"
WIDTH, HEIGHT, HORIZON = 480, 288, 200
HOUSES = ((0, 80, 130, "#965a46"), (80, 60, 100, "#b4aa96"), (300, 70, 140, "#786e82"), (370, 110, 90, "#aa785a"))
CARS = ((60, 235, 1.0, "#be2828"), (330, 250, 1.4, "#f0c83c"))  # left, bottom, size, colour
COLOURS = ("#ff4040", "#40c040", "#4060ff", "#ffd020", "#c040ff", "#20d0d0")


def draw_house(draw, left, width, height, colour):
    draw.rectangle([left, HORIZON - height, left + width, HORIZON], fill=colour)
    for y in range(HORIZON - height + 10, HORIZON - 12, 22):
        for x in range(left + 8, left + width - 12, 18):
            draw.rectangle([x, y, x + 8, y + 12], fill="#3c506e")


def draw_car(draw, left, bottom, size, colour):
    def at(*points):
        return [(left + x * size, bottom - y * size) for x, y in points]
    draw.polygon(at((0, 0), (70, 0), (70, 18), (60, 18), (50, 32), (22, 32), (12, 18), (0, 18)), fill=colour)
    for x in (14, 54):
        draw.ellipse(at((x - 8, 8), (x + 8, -8)), fill="#141414")


def scene():
    image = Image.new("RGB", (WIDTH, HEIGHT), "#5a5a5f")
    draw = ImageDraw.Draw(image)
    for y in range(HORIZON):
        draw.line([(0, y), (WIDTH, y)], fill=(110 + y // 3, 160 + y // 4, 225 - y // 8))
    for house in HOUSES:
        draw_house(draw, *house)
    draw.rectangle([205, 120, 213, HORIZON + 5], fill="#5a3c28")
    draw.ellipse([170, 60, 250, 140], fill="#327832")
    for x in range(10, WIDTH, 60):
        draw.rectangle([x, 262, x + 30, 266], fill="#e6e6dc")
    for car in CARS:
        draw_car(draw, *car)
    noise = np.random.default_rng(1).integers(-6, 7, (HEIGHT, WIDTH, 1))
    blurred = np.asarray(image.filter(ImageFilter.GaussianBlur(0.7)))
    return Image.fromarray((blurred + noise).clip(0, 255).astype(np.uint8))


def run(source, *elements):
    line = f"filesrc location={source} ! pngdec ! videoconvert ! video/x-raw,format=RGB ! " + " ! ".join(elements)
    return subprocess.run(["gst-launch-1.0", "-q", *line.split()], check=True, capture_output=True, text=True).stdout


def segmented(source, target):
    run(source, f"convnextsegment model={FIXTURES}/segmenters/transformers-upernet input-width={WIDTH} "
        f"input-height={HEIGHT} paint=true", "pngenc", f"filesink location={target}")
    return Image.open(target)


def detected(source):
    image = Image.open(source)
    draw = ImageDraw.Draw(image)
    line = run(source, f"convnextdetect model={FIXTURES}/detectors/torchvision-mask-rcnn min-size={HEIGHT} "
               f"max-size={WIDTH} score-threshold=0.9", "convnextpublish", "fakesink")
    for item in reversed(json.loads(line)["objects"]):
        x, y, width, height = item["box"]
        draw.rectangle([x, y, x + width, y + height], outline=COLOURS[item["index"] % len(COLOURS)], width=2)
        draw.text((x + 4, y + 2), f"{item['label']} {item['score']:.2f}", fill="white", stroke_width=1,
                  stroke_fill="black")
    return image


def main():
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "scene.png"
        scene().save(source)
        both = Image.new("RGB", (2 * WIDTH + 8, HEIGHT), "white")
        both.paste(segmented(source, pathlib.Path(folder) / "segmented.png"), (0, 0))
        both.paste(detected(source), (WIDTH + 8, 0))
    both.quantize(128).save(sys.argv[1], optimize=True)


if __name__ == "__main__":
    main()
