#!/usr/bin/env bash
# What the image holds, and the ways to run it without Kubernetes.
#
#   tests/ops/image.sh check     the Dockerfile, the systemd unit and the compose file
#   tests/ops/image.sh static    builds the program as the Dockerfile does, of the files that it is given, and
#                                runs it where there is nothing else
#
# No engine is asked: none can be had from a package registry. `check` uses the program in target/debug, or the
# one that OPS_PROGRAM names. Exit codes: 69 something that is needed is missing, 1 what was looked at is wrong.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

target_folder=$(realpath -m "${CARGO_TARGET_DIR:-target}")
tidvakt=${OPS_PROGRAM:-$target_folder/debug/tidvakt}

need() {
  command -v "$1" >/dev/null || { echo "image.sh: \`$1\` is missing ($2)" >&2; exit 69; }
}

refused() { # refused WHAT COMMAND...: a check that nothing can fail shows nothing
  local what=$1
  shift
  ! "$@" >/dev/null 2>&1 || { echo "image.sh: $what was accepted" >&2; exit 1; }
}

check() {
  local tools work
  tools=$(tests/ops/tools.sh hadolint compose prometheus python)
  work=$(mktemp -d)
  trap "rm -rf '$work'" EXIT

  "$tools/bin/hadolint" Dockerfile
  sed '$ d; s/^USER .*/USER root/' Dockerfile >"$work/Dockerfile"
  refused "an image that ends as root" "$tools/bin/hadolint" "$work/Dockerfile"

  need systemd-analyze "Debian: systemd"
  # The program is where it was just built, not where the unit expects it.
  sed "s#/usr/local/bin/tidvakt#$tidvakt#" config/tidvakt.service >"$work/tidvakt.service"
  systemd-analyze verify --man=no "$work/tidvakt.service"
  # Tenths of points from 0 (shut in) to 100 (open): the network is 5, and a bit.
  systemd-analyze security --offline=yes --threshold=15 "$work/tidvakt.service" | tail -n 2
  sed '/^ProtectSystem\|^SystemCallFilter/d' "$work/tidvakt.service" >"$work/open.service"
  refused "a unit that is open" systemd-analyze security --offline=yes --threshold=15 "$work/open.service"

  # From its folder: what it names is named from there.
  (cd config && "$tools/bin/compose-spec" compose.yaml) >"$work/compose.yaml"
  sed 's/^  tidvakt:/&\n    imagee: x/' config/compose.yaml >"$work/misspelt.yaml"
  refused "a misspelt key" "$tools/bin/compose-spec" "$work/misspelt.yaml"
  "$tools/python/bin/python" tests/ops/compose.py "$work/compose.yaml" "$tidvakt" \
    "$tools/prometheus/usr/bin/promtool"
}

static() {
  need musl-gcc "Debian: musl-tools"
  need perl "Debian: perl"
  local machine context program began=$SECONDS
  machine=$(uname -m)-unknown-linux-musl
  rustup target list --installed | grep -qx "$machine" || rustup target add "$machine"
  # What .dockerignore lets through, and nothing else.
  context=$target_folder/image/context
  rm -rf "$context"
  mkdir -p "$context"
  sed -n 's/^!//p' .dockerignore | xargs cp -r --target-directory="$context"
  (cd "$context" && CARGO_TARGET_DIR=$target_folder cargo build --locked --quiet --release --features static --target "$machine")
  program=$target_folder/$machine/release/tidvakt
  echo "built in $((SECONDS - began)) s"
  if readelf --program-headers --dynamic "$program" | grep -E 'INTERP|NEEDED'; then
    echo "image.sh: the program wants something loaded" >&2
    exit 1
  fi
  alone "$program"
}

alone() { # alone PROGRAM: runs it as the image does
  local root demo=(/tidvakt demo --for 5s --clients 150 --set http.listen=127.0.0.1:0)
  root=$(mktemp -d)
  trap "rm -rf '$root'" EXIT
  mkdir "$root/proc"
  install --strip "$1" "$root/tidvakt"
  chmod 555 "$root"
  if [[ $(id -u) -eq 0 ]]; then
    unshare --mount --pid --fork --kill-child --root="$root" --setgid 65532 --setuid 65532 --mount-proc=/proc \
      "${demo[@]}" | tail -n 3
  else
    "$root${demo[0]}" "${demo[@]:1}" | tail -n 3
  fi
  echo "$(du -k --apparent-size "$root/tidvakt" | cut -f1) KiB, alone in its root"
}

case ${1-} in
  check | static) "$1" ;;
  *) sed -n '4,6s/^#   //p' "${BASH_SOURCE[0]}" >&2; exit 64 ;;
esac
