# Makes the plugin in build/ known to the current shell:  . pipelines/env.sh
#
# CONVNEXT_BUILD names another build folder. `meson devenv -C build` sets the same environment.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
root=$(cd "$(dirname "${BASH_SOURCE[0]:-$0}")/.." && pwd)
. "$root/pipelines/lib.sh"
cnx_environment "${CONVNEXT_BUILD:-$root/build}"
unset root
