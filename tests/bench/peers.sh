#!/bin/bash
# Compares gst-convnext with onnxruntime, OpenVINO and PyTorch on this machine in each precision, and
# its preprocessing with GStreamer's converters and Pillow. Prints markdown tables.
#
#   tests/bench/peers.sh [--precision fp32,bf16,int8] [--photos FOLDER] [--only WORDS] [--peers WORDS]
#                        [--rounds N] [--threads 1,2] [--cache FOLDER [--prepare]] [--realtime]
#                        [--tables limits,1,2,batches,load,preprocess,pipeline,convolution,heads]
#
# --photos names a folder that is searched for photos, subfolders included: 96 of them calibrate the
# peers' int8, and 8 others are the inputs to measure errors on. Without it the peers have no rows in
# int8, and inputs are random. --only selects the networks whose name contains one of WORDS, separated
# by commas; --peers does so with the settings of peers in the tables 1, 2 and batches. The table heads
# compares segmenters and detectors, a detector with everything from the proposals to the masks of
# 28x28; convolution compares their 3x3 convolutions. --threads applies to these two. --realtime gives
# the contenders real-time priority, for machines with other load; it needs root.
#
# --cache keeps the files of the tables 1, 2, batches and heads, whose export and calibration take
# minutes, for the next run, so that --tables, --precision and --only can print the tables in pieces.
# --prepare only writes these files, which does not need an idle machine. In int8, a peer gets the form
# of the network that was faster for it in fp32, so print fp32 first.
#
# The peers are installed from PyPI into a virtual environment, build/peers; CONVNEXT_PEERS names
# another environment.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/tests/bench/lib.sh"
bench_prepare
exec "$python" "$root/tests/bench/peers.py" "$build" "$root/model/default/model.safetensors" "$@"
