#!/bin/bash
# The rules for Prometheus and the dashboard for Grafana: promtool accepts every expression, and each metric
# that they name is one that convnext-watch serves.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"
rules=$CNX_ROOT/pipelines/alerts.yml dashboard=$CNX_ROOT/pipelines/grafana.json

# The metrics that convnext-watch serves.
grep -o -E '"(convnext|process)_[a-z_]+"' "$CNX_ROOT/pipelines/watch/metrics.c" | tr -d '"' | sort -u >served
[ "$(wc -l <served)" -ge 20 ] || wrong "found too few metrics: $(cat served)"
grep -o -h -E '(convnext|process)_[a-z_]+' "$rules" "$dashboard" | sed 's/_bucket$//' | sort -u >named
[ "$(wc -l <named)" -ge 10 ] || wrong "the pages name too few metrics: $(cat named)"
unknown=$(comm -13 served named)
[ -z "$unknown" ] || wrong "convnext-watch serves no $unknown"

# Grafana fills its variables in; the rest is an expression.
python3 - "$dashboard" >expressions.yml <<'END' || wrong "the dashboard is not valid"
import json, sys

panels = json.load(open(sys.argv[1]))['panels']
rules = [{'record': f'panel:{panel["id"]}', 'expr': target['expr'].replace('$__rate_interval', '5m')}
         for panel in panels for target in panel['targets']]
assert len(rules) >= len(panels) > 0
assert len({panel['id'] for panel in panels}) == len(panels)
json.dump({'groups': [{'name': 'panels', 'rules': rules}]}, sys.stdout)
END
if ! command -v promtool >promtool; then
    echo "promtool is not installed"
    [ $bad -eq 0 ] && exit 77
    exit $bad
fi
for file in "$rules" expressions.yml; do
    promtool check rules "$file" >out 2>&1 || wrong "$file: $(cat out)"
done
exit $bad
