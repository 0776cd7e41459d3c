# Shared by peers.sh and trained.sh: builds the tree, and installs the Python libraries to compare with
# into a virtual environment. Sourced by bash, with `root` set to the top of the tree.
#
# CONVNEXT_PEERS names another environment than build/peers.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$root/pipelines/lib.sh"
build=${CONVNEXT_BUILD:-$root/build}
python=${CONVNEXT_PEERS:-$build/peers}/bin/python

# Builds, installs what is missing, and prints the versions of the peers.
bench_prepare()
{
    local packages="torch torchvision timm safetensors transformers segmentation-models-pytorch huggingface_hub onnx onnxruntime openvino nncf pillow"
    # shellcheck disable=SC2086,SC2154 # lists of words; from lib.sh
    cnx_install $cnx_packages_build $cnx_packages_play python3-venv
    cnx_build "$build" >&2
    cnx_environment "$build"
    if [ ! -x "$python" ]; then
        cnx_say "installing the peers into ${python%/bin/python}"
        # shellcheck disable=SC2086 # a list of words
        python3 -m venv "${python%/bin/python}" && "$python" -m pip install --quiet $packages ||
            cnx_die "could not install the peers into ${python%/bin/python}"
    fi
    unset CONVNEXT_CPU
    printf 'Processor: %s; %s\n\n' "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" \
        "$(. /etc/os-release && printf '%s' "$PRETTY_NAME")"
    "$python" - <<'END'
import importlib.metadata
print("Peers: " + ", ".join(f"{name} {importlib.metadata.version(name)}" for name in
      ("onnxruntime", "openvino", "nncf", "torch", "timm", "pillow")) + "\n")
END
}
