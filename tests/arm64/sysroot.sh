#!/bin/bash
# Makes FOLDER/sysroot: the arm64 packages that a build needs, unpacked. Apt resolves and downloads them
# with settings and package lists of its own, so that the system's stay as they are. Also writes
# FOLDER/sysroot.ini, in which aarch64.ini finds the folder. A finished sysroot is kept.
#
#   tests/arm64/sysroot.sh FOLDER
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/pipelines/lib.sh"

[ $# -eq 1 ] || cnx_die "usage: sysroot.sh FOLDER"
mkdir -p "$1"
folder=$(cd "$1" && pwd)
sysroot=$folder/sysroot
done_file=$folder/sysroot.ini
[ ! -f "$done_file" ] || exit 0

apt=$folder/apt
mkdir -p "$apt/lists/partial" "$apt/archives/partial"
: >"$apt/status"
cat >"$apt/conf" <<END_OF_CONF
Dir::State "$apt";
Dir::State::status "$apt/status";
Dir::Cache "$apt";
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Retries "3";
END_OF_CONF
export APT_CONFIG=$apt/conf LC_ALL=C

cnx_say "Downloading the arm64 packages for $sysroot (once, about 100 MB)"
# shellcheck disable=SC2046 # a list of words
{
    apt-get -q update &&
        apt-get -q -y --download-only install libc6-dev \
            $(printf '%s\n' $cnx_packages_build | grep -v -x -E 'build-essential|meson|ninja-build|pkg-config')
} >"$apt/log" 2>&1 || cnx_die "apt-get cannot download the packages: $(grep -m 1 '^E: ' "$apt/log")"

cnx_say "Unpacking $(find "$apt/archives" -name '*.deb' | wc -l) packages"
rm -rf "$sysroot"
mkdir -p "$sysroot/usr/lib"
ln -s usr/lib "$sysroot/lib"
find "$apt/archives" -name '*.deb' -print0 | while IFS= read -r -d '' package; do
    dpkg-deb --fsys-tarfile "$package" |
        tar -x --keep-directory-symlink -C "$sysroot" --wildcards --exclude='./usr/share/[!p]*' \
            --exclude='./usr/*bin' --exclude='./*bin' --exclude='*/openblas-pthread/*.a'
done

# Links to /lib/... lead to the sysroot's.
find "$sysroot" -type l -lname '/*' -print0 | while IFS= read -r -d '' link; do
    ln -sfn "$sysroot$(readlink "$link")" "$link"
done
# The package's scripts, which do not run here, would make this one.
ln -sfn openblas-pthread/libopenblas.so.0 "$sysroot/usr/lib/aarch64-linux-gnu/libopenblas.so.0"
rm -rf "$apt"
printf "[constants]\nsysroot = '%s'\n" "$sysroot" >"$done_file"
