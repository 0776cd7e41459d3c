#!/bin/bash
# exit 0 for now
. "$(dirname "$0")/lib.sh"
