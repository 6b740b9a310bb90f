#!/usr/bin/env bash
# The control unit's pages in Chromium: `tidvakt demo` runs, and browser.mjs looks at its pages.
#
#   tests/browser/run.sh [FOLDER]     FOLDER: where screenshots go; without it there are none
#
# Needs Debian's `chromium` and `npm`; brings playwright-core and axe-core by npm, kept between runs outside the tree.
# Exit codes: 69 something that is needed is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

playwright_version=1.65.1
axe_version=4.14.1

for program in node npm chromium; do
  command -v "$program" >/dev/null || { echo "run.sh: \`$program\` is missing (Debian: chromium nodejs npm)" >&2; exit 69; }
done
CHROMIUM=$(command -v chromium)
BROWSER_TOOLS=${XDG_CACHE_HOME:-$HOME/.cache}/tidvakt-tools/browser
export CHROMIUM BROWSER_TOOLS
if [[ $(cat "$BROWSER_TOOLS/version" 2>/dev/null) != "$playwright_version $axe_version" ]]; then
  mkdir -p "$BROWSER_TOOLS"
  echo '{"private": true}' >"$BROWSER_TOOLS/package.json"
  npm install --prefix "$BROWSER_TOOLS" --no-audit --no-fund --silent \
    "playwright-core@$playwright_version" "axe-core@$axe_version"
  echo "$playwright_version $axe_version" >"$BROWSER_TOOLS/version"
fi

cargo build --locked --quiet
program=${CARGO_TARGET_DIR:-target}/debug/tidvakt
said=$(mktemp)
"$program" demo --clients 150 --rate 200 --quick-days 150 --set http.listen=127.0.0.1:0 --set feed.listen=127.0.0.1:0 >"$said" 2>&1 &
demo=$!
trap 'kill "$demo" 2>/dev/null || true; wait "$demo" 2>/dev/null || true; rm -f "$said"' EXIT
link=
for _ in $(seq 100); do
  link=$(sed -n 's/^ *cases *\(http[^ ]*\)$/\1/p' "$said")
  [[ -z $link ]] || break
  sleep 0.1
done
[[ -n $link ]] || { echo "run.sh: the demo printed no address" >&2; cat "$said" >&2; exit 70; }
# A browser that hangs is a failure.
timeout 600 node tests/browser/browser.mjs "$link" "$@"
