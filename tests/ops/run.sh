#!/usr/bin/env bash
# The checks of chart, dashboards and alert rules.
#
#   tests/ops/run.sh write    writes what is derived: the settings in the values' schema, the chart's README,
#                             the dashboards
#   tests/ops/run.sh check    everything that needs no broker
#   tests/ops/run.sh live     real Kafka, the service and Prometheus: every query that we ship is asked
#
# `check` and `live` use the program in target/debug, or the one that OPS_PROGRAM names; tools.sh brings
# what else they need.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

tidvakt=${OPS_PROGRAM:-${CARGO_TARGET_DIR:-target}/debug/tidvakt}
rules=helm/tidvakt/rules/tidvakt.yaml
export PYTHONDONTWRITEBYTECODE=1

check() {
  local tools promtool
  tools=$(tests/ops/tools.sh helm kube-score python crds prometheus grafana)
  promtool=$tools/prometheus/usr/bin/promtool
  python3 tests/ops/generate.py check
  "$promtool" check rules "$rules"
  "$promtool" test rules tests/ops/rules-test.yaml
  "$tools/python/bin/python" tests/ops/lint.py
  node tests/ops/grafana.mjs "$tools"
  "$tools/python/bin/python" tests/ops/chart.py "$tools" "$tidvakt"
}

live() {
  local tools
  tools=$(tests/ops/tools.sh helm python prometheus)
  "$tools/python/bin/python" tests/ops/live.py "$tools" "$tidvakt"
}

case ${1-} in
  write) python3 tests/ops/generate.py write ;;
  check | live) "$1" ;;
  *) sed -n '4,7s/^#   //p' "${BASH_SOURCE[0]}" >&2; exit 64 ;;
esac
