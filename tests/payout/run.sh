#!/usr/bin/env bash
# Runs the second payout reader, `reader.py`, with the client that it needs: a venv, kept between runs outside the tree.
#
#   tests/payout/run.sh ARGUMENTS...     those of reader.py
#
# Exit code 69: Python's venv is missing, or the client can't be fetched.
set -euo pipefail

confluent_kafka_version=2.16.1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=${XDG_CACHE_HOME:-$HOME/.cache}/tidvakt-tools/payout-$confluent_kafka_version

install() {
  python3 -c 'import venv, ensurepip' 2>/dev/null || {
    echo "run.sh: \`python3\` with venv is missing (Debian: python3 python3-venv)" >&2
    exit 69
  }
  # Under a name of its own until it is whole: a run that is stopped leaves no half of one.
  local new=$venv.$$
  mkdir -p "$(dirname "$venv")"
  python3 -m venv "$new" && "$new/bin/pip" install -q --disable-pip-version-check \
    "confluent-kafka==$confluent_kafka_version" >&2 || { rm -rf "$new"; exit 69; }
  mv -T "$new" "$venv" 2>/dev/null || rm -rf "$new"
}

[[ -e $venv/bin/python ]] || install
PYTHONDONTWRITEBYTECODE=1 exec "$venv/bin/python" "$here/reader.py" "$@"
