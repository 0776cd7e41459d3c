#!/bin/bash
# Compares gst-convnext with onnxruntime, OpenVINO and PyTorch on this machine, and its preprocessing
# with GStreamer's converters and Pillow. Prints markdown tables.
#
#   tests/bench/peers.sh [--only WORD] [--rounds N] [--realtime]
#                        [--tables limits,1,2,load,preprocess,pipeline]
#
# --only selects the networks whose name contains WORD. --realtime gives the contenders real-time
# priority, for machines with other load; it needs root.
#
# The peers are installed from PyPI into a virtual environment, build/peers; CONVNEXT_PEERS names
# another environment.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/pipelines/lib.sh"
build=${CONVNEXT_BUILD:-$root/build}
peers=${CONVNEXT_PEERS:-$build/peers}

cnx_install $cnx_packages_build $cnx_packages_play python3-venv
cnx_build "$build" >&2
cnx_environment "$build"
if [ ! -x "$peers/bin/python" ]; then
    cnx_say "installing the peers into $peers"
    python3 -m venv "$peers" && "$peers/bin/pip" install --quiet torch torchvision timm safetensors onnx \
        onnxruntime openvino pillow || cnx_die "could not install the peers into $peers"
fi
unset CONVNEXT_CPU
printf 'Processor: %s; %s\n\n' "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" \
    "$(. /etc/os-release && printf '%s' "$PRETTY_NAME")"
"$peers/bin/python" - <<'END'
import importlib.metadata
print("Peers: " + ", ".join(f"{name} {importlib.metadata.version(name)}" for name in
      ("onnxruntime", "openvino", "torch", "pillow")) + "\n")
END
exec "$peers/bin/python" "$root/tests/bench/peers.py" "$build" "$root/model/default/model.safetensors" "$@"
