# Shared by quickstart.sh, env.sh and tests/run.sh: installs missing packages, builds, and sets the
# environment in which GStreamer finds the built plugin. Sourced by bash, with `root` set to the top of
# the tree. Messages go to standard error; standard output is for results.
#
# SPDX-License-Identifier: LGPL-2.1-or-later

cnx_packages_build="build-essential meson ninja-build pkg-config libglib2.0-dev libjson-glib-dev
    libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev liborc-0.4-dev libopenblas-dev
    libminizip-dev libmosquitto-dev librdkafka-dev zlib1g-dev libpng-dev libcairo2-dev libpango1.0-dev"
cnx_packages_play="gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good
    gstreamer1.0-plugins-bad gstreamer1.0-libav fonts-dejavu-core"

cnx_say()
{
    printf '%s\n' "$*" >&2
}

cnx_die()
{
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# cnx_missing PACKAGE...: prints the packages that are not installed, on one line.
cnx_missing()
{
    local have package missing=
    have=$'\n'$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null)$'\n'
    for package; do
        [[ $have == *$'\n'"$package installed"$'\n'* ]] || missing+="$package "
    done
    printf '%s' "${missing% }"
}

# Runs a command as root, with sudo if the user is not root.
cnx_as_root()
{
    if [ "$(id -u)" -eq 0 ]; then
        "$@" </dev/null
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        return 1
    fi
}

cnx_apt()
{
    cnx_as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C \
        apt-get -q -y -o DPkg::Lock::Timeout=900 -o Acquire::Retries=3 "$@"
}

# Reads apt-get's output and shows its progress: on a terminal in one line that is rewritten, otherwise
# in one line per 10 %.
cnx_apt_progress()
{
    local tty=0
    [ -t 2 ] && tty=1
    awk -v tty=$tty '
        function show(what) {
            if (!total) return
            done++
            part = int(10 * done / (3 * total))
            if (tty) printf "\r  %3d %% %-60.60s", 100 * done / (3 * total), what
            else if (part != last) printf "  %d0 %%, %s\n", part, what
            last = part
            fflush()
        }
        / newly installed/ { total = $1 + $3 }
        /^Need to get/ { sub(/^Need to get /, "  to download: "); print; fflush() }
        /^Get:/ { show("downloading " $5) }
        /^Unpacking/ { show("unpacking " $2) }
        /^Setting up/ { show("setting up " $3) }
        END { if (tty && total) printf "\r%78s\r", "" }' >&2
}

# cnx_install PACKAGE...: installs the missing packages; silent if none is missing.
cnx_install()
{
    local missing log
    if ! command -v dpkg-query >/dev/null; then
        cnx_say "This is not a Debian system: install the equivalents of these packages: $*"
        return
    fi
    missing=$(cnx_missing "$@")
    [ -n "$missing" ] || return 0
    if ! cnx_as_root true; then
        cnx_die "installing missing packages requires root: $missing"
    fi
    cnx_say "Installing missing packages and their dependencies (once, takes a few minutes): $missing"
    log=$(mktemp)
    cnx_apt update >"$log" 2>&1 || cnx_say "  apt-get update failed; continuing with the current package lists"
    # shellcheck disable=SC2086 # a list of words
    if ! cnx_apt install --no-install-recommends $missing 2>&1 | tee -a "$log" | cnx_apt_progress ||
        [ -n "$(cnx_missing "$@")" ]; then
        tail -n 30 "$log" >&2
        rm -f "$log"
        cnx_die "apt-get cannot install the packages; the end of its output is above"
    fi
    rm -f "$log"
}

# cnx_build DIR [MESON OPTION...]: configures DIR if necessary, and builds it. Silent if there is nothing
# to do; shows the compiler's output if the build fails.
cnx_build()
{
    local dir=$1 log
    shift
    mkdir -p "$dir" || cnx_die "cannot create the folder $dir"
    log=$dir/build.log
    if [ ! -f "$dir/build.ninja" ]; then
        cnx_say "Configuring ${dir#"$root/"}"
        if ! meson setup "$@" "$dir" "$root" >"$log" 2>&1 </dev/null; then
            tail -n 25 "$log" >&2
            cnx_die "meson cannot configure the build; the end of its output is above"
        fi
    elif ninja -C "$dir" -n 2>/dev/null | grep -q 'no work to do'; then
        return 0
    fi
    cnx_say "Building ${dir#"$root/"}"
    if ! nice ninja -C "$dir" -j "$(nproc)" >"$log" 2>&1 </dev/null; then
        grep -v '^\[' "$log" | tail -n 40 >&2
        cnx_die "the build failed; the end of its output is above, the full log is $log"
    fi
}

# cnx_environment DIR: sets the environment in which GStreamer and Python find the plugin built in DIR,
# pkg-config its library, and the shell its programs. `meson devenv -C DIR` sets the same environment;
# tests/pipelines/devenv.sh compares the two.
cnx_environment()
{
    export PATH=$1/pipelines:$PATH
    export GST_PLUGIN_PATH=$1/gst${GST_PLUGIN_PATH:+:$GST_PLUGIN_PATH}
    export LD_LIBRARY_PATH=$1/gst/convnext${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    export GI_TYPELIB_PATH=$1/gst/convnext${GI_TYPELIB_PATH:+:$GI_TYPELIB_PATH}
    export PYTHONPATH=$root/gst/python${PYTHONPATH:+:$PYTHONPATH}
    export PKG_CONFIG_PATH=$1/meson-uninstalled${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
    export GST_REGISTRY=$1/registry.bin
}
