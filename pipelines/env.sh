# Lets this shell's GStreamer find the plugin in build/:  . pipelines/env.sh
#
# SPDX-License-Identifier: LGPL-2.1-or-later
root=$(cd "$(dirname "${BASH_SOURCE[0]:-$0}")/.." && pwd)
. "$root/pipelines/lib.sh"
cnx_environment "${CONVNEXT_BUILD:-$root/build}"
unset root
