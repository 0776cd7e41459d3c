#!/bin/bash
# Breaks one rule of the code at a time, and checks that a test notices.
#
#   tests/mutants.sh [--list | --check] [--jobs N] [PATTERN]...
#
# Each row of tests/mutants/*.txt is a change of one line with the tests that must fail on it. A
# pattern selects the rows whose id or file contains it. The changes are made in a copy of the tree,
# build-mutants/tree, one after the other. --list prints the rows; --check only checks that each of
# them still applies. The exit status is 1 if a change passes its tests.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
exec nice python3 "$(dirname "${BASH_SOURCE[0]}")/mutants/mutants.py" "$@"
