# Makes the plugin in build/ known to the current shell, which must be bash:  . pipelines/env.sh
#
# CONVNEXT_BUILD names another build folder. `meson devenv -C build` sets the same environment.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
if [ -z "${BASH_VERSION:-}" ]; then
    echo "pipelines/env.sh: this shell is not bash; use \`meson devenv -C build\`" >&2
    return 1
fi
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/pipelines/lib.sh"
if [ -e "${CONVNEXT_BUILD:-$root/build}/build.ninja" ]; then
    cnx_environment "$(cd "${CONVNEXT_BUILD:-$root/build}" && pwd)"
else
    cnx_say "pipelines/env.sh: nothing is built in ${CONVNEXT_BUILD:-$root/build}; run pipelines/quickstart.sh first"
fi
unset root
