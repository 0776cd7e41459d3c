#!/bin/bash
# Proves that quickstart.sh and run.sh need nothing but git, apt and a clone: makes a root file system
# of a Debian release with only git and apt, clones this checkout into it, and runs there
# pipelines/quickstart.sh, twice, and tests/run.sh.
#
#   tests/clean-root.sh trixie [FOLDER]
#
# Requires root, 3 GB in FOLDER and a quarter of an hour; installs debootstrap. Uncommitted changes are
# not tested. FOLDER is kept, and reused if it already contains a root; without FOLDER the root is made
# in /var/tmp and removed afterwards.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/pipelines/lib.sh"

if [ $# -lt 1 ] || [ $# -gt 2 ] || [[ $1 == -* ]]; then
    echo "usage: tests/clean-root.sh RELEASE [FOLDER]    (RELEASE: bookworm, trixie)" >&2
    exit 2
fi
release=$1
folder=${2:-}
[ "$(id -u)" -eq 0 ] || cnx_die "this script must run as root"

# Runs in a private mount namespace, so that no mount outlives the script, however it ends.
if [ -z "${CNX_UNSHARED:-}" ]; then
    CNX_UNSHARED=1 exec unshare --mount --propagation private "$0" "$@"
fi

remove()
{
    umount "$folder/proc" "$folder/sys" "$folder/dev/pts" "$folder/dev" "$folder" 2>/dev/null
    rm -rf --one-file-system "$folder"
}

# Makes the root, with this machine's settings for apt, pip and TLS: mirror, proxy, certificates.
make_root()
{
    local mirror
    cnx_install debootstrap
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 2>/dev/null |
        grep -v security | head -n 1)
    cnx_say "Making a root of $release in $folder"
    debootstrap --variant=minbase --include=git,ca-certificates "$release" "$folder" \
        ${mirror:+"$mirror"} >"$folder/debootstrap.log" 2>&1 ||
        cnx_die "debootstrap failed: $(tail -n 3 "$folder/debootstrap.log")"
    apt-config dump | grep -E '^Acquire::(https?|Check-|Retries)' \
        >"$folder/etc/apt/apt.conf.d/99host"
    cp -L /etc/resolv.conf "$folder/etc/resolv.conf"
    cp -L /etc/ssl/certs/ca-certificates.crt "$folder/etc/ssl/certs/ca-certificates.crt"
    if [ -f /etc/pip.conf ]; then cp -L /etc/pip.conf "$folder/etc/"; fi
    printf '#!/bin/sh\nexit 101\n' >"$folder/usr/sbin/policy-rc.d" # no service starts
    chmod +x "$folder/usr/sbin/policy-rc.d"
}

# The root is a mount itself, because tests change its propagation.
mount_system()
{
    mount --bind "$folder" "$folder" && mount -t proc proc "$folder/proc" && mount --rbind /sys "$folder/sys" &&
        mount --rbind /dev "$folder/dev" || cnx_die "cannot mount proc, sys and dev in $folder"
}

# inside COMMAND: runs it in the clone in the new root, and records the result.
inside()
{
    local command=$1 started=$SECONDS status
    cnx_say "== in $release: $command"
    env -u CNX_UNSHARED -u GST_PLUGIN_PATH -u XDG_CACHE_HOME \
        HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
        CI=true chroot "$folder" /bin/bash -c "cd /srv/gst-convnext && $command" </dev/null
    status=$?
    results+=("$(printf '%s: %s after %d s' "$command" \
        "$([ $status -eq 0 ] && echo passed || echo "FAILED ($status)")" $((SECONDS - started)))")
    [ $status -eq 0 ] || failed=1
}

if [ -z "$folder" ]; then
    folder=$(mktemp -d /var/tmp/clean-root.XXXXXX) || exit 1
    trap remove EXIT
fi
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
[ -x "$folder/usr/bin/apt-get" ] || make_root
mount_system

rm -rf "$folder/srv/gst-convnext"
git -c safe.directory='*' clone --quiet --no-hardlinks "$root" "$folder/srv/gst-convnext" || exit 1

failed=0
results=()
inside ./pipelines/quickstart.sh
inside ./pipelines/quickstart.sh
inside ./tests/run.sh
printf '%s\n' "" "Debian $(cat "$folder/etc/debian_version"):" "${results[@]}"
exit $failed
