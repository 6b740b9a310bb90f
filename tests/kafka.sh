#!/usr/bin/env bash
# An Apache Kafka broker on loopback for the tests: started in a folder of its own, on free ports.
#
#   tests/kafka.sh jars                                   fetch the jars, print their folder
#   tests/kafka.sh start DIR [--brokers 1|3] [--secure] [--until PID]  start, print the bootstrap address
#   tests/kafka.sh stop DIR                               stop what `start DIR` started
#   tests/kafka.sh crash DIR [NODE]                       end node NODE, or all, by SIGKILL
#   tests/kafka.sh topics BOOTSTRAP [--partitions N]      make the topics of tests/kafka/topics.txt
#   tests/kafka.sh allow BOOTSTRAP USER ARGUMENT...        give USER a right, as kafka-acls.sh takes it
#
# `--secure`: one broker, which also listens with TLS and SCRAM-SHA-512 at the address in DIR/secure, and knows who may do
# what. DIR/ca.pem is its certificate authority; the certificate is for `localhost`. The users `tidvakt` and `stranger`
# have their names as passwords, and no right. The bootstrap address that is printed needs no password and may do all.
# `--until PID`: the broker also stops by itself once process PID is gone, so that a test that is
# killed leaves nothing behind. DIR/node-N.pid and DIR/node-N.log belong to node N.
# Exit codes: 64 wrong use, 69 something is missing or does not start.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
store=${CARGO_TARGET_DIR:-$here/../target}/kafka
start_seconds_max=90

fail() { # fail CODE TEXT...
  local code=$1
  shift
  echo "kafka.sh: $*" >&2
  exit "$code"
}

usage() {
  sed -n '4,9s/^#   //p' "${BASH_SOURCE[0]}" >&2
  fail 64 "$1"
}

need() {
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null || fail 69 "\`$program\` is missing (Debian: apt-get install $(package_of "$program"))"
  done
}

package_of() {
  case $1 in
    java) echo default-jre-headless ;;
    mvn) echo maven ;;
    flock | setsid) echo util-linux ;;
    *) echo "$1" ;;
  esac
}

# Fetches the jars once; others who ask meanwhile wait. The folder appears whole or not at all.
jars() {
  need java flock
  mkdir -p "$store"
  exec 9>"$store/lock"
  flock 9
  if ! cmp -s "$here/kafka/pom.xml" "$store/lib/pom.xml"; then
    need mvn
    rm -rf "$store/lib" "$store/lib.new"
    echo "kafka.sh: fetching the jars of Apache Kafka" >&2
    local try
    for try in 1 2 3; do
      mvn -q -B -f "$here/kafka/pom.xml" dependency:copy-dependencies -DincludeScope=runtime \
        -DoutputDirectory="$store/lib.new" >&2 && break
      [[ $try -lt 3 ]] || fail 69 "the jars of Apache Kafka could not be fetched by maven"
      sleep 5
    done
    cp "$here/kafka/pom.xml" "$store/lib.new/pom.xml"
    mv "$store/lib.new" "$store/lib"
  fi
  exec 9>&-
}

run_java() { # run_java HEAP CLASS ARGUMENT...
  local heap=$1
  shift
  exec java "-Xmx$heap" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$store/lib/*" \
    -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -Dorg.slf4j.simpleLogger.showDateTime=true \
    -Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info "$@"
}

# A port below the range that outgoing connections use, on which nobody answers now.
free_port() {
  local port
  while :; do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  echo "$port"
}

write_settings() { # write_settings NODE: reads dir, brokers, ports, controllers
  local node=$1 replicas=$brokers in_sync=1
  [[ $brokers -eq 1 ]] || in_sync=2
  {
    cat <<SETTINGS
process.roles=broker,controller
node.id=$node
listeners=PLAINTEXT://127.0.0.1:${ports[$node]},CONTROLLER://127.0.0.1:${controllers[$node]}
advertised.listeners=PLAINTEXT://127.0.0.1:${ports[$node]}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$dir/node-$node
offsets.topic.replication.factor=$replicas
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=$replicas
transaction.state.log.min.isr=$in_sync
transaction.state.log.num.partitions=4
default.replication.factor=$replicas
min.insync.replicas=$in_sync
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
log.cleaner.backoff.ms=500
# The broker's share of a clean stop; a test does not wait longer.
controlled.shutdown.max.retries=1
SETTINGS
    if [[ $brokers -eq 1 ]]; then
      echo "controller.quorum.bootstrap.servers=127.0.0.1:${controllers[1]}"
      [[ -z $secure ]] || secure_settings
    else
      echo "controller.quorum.voters=1@127.0.0.1:${controllers[1]},2@127.0.0.1:${controllers[2]},3@127.0.0.1:${controllers[3]}"
      echo "broker.session.timeout.ms=6000"
    fi
  } >"$dir/node-$node.properties"
}

# Later settings of one name count.
secure_settings() {
  local module=org.apache.kafka.common.security.scram.ScramLoginModule
  cat <<SETTINGS
listeners=PLAINTEXT://127.0.0.1:${ports[1]},CONTROLLER://127.0.0.1:${controllers[1]},SECURE://127.0.0.1:$secure
advertised.listeners=PLAINTEXT://127.0.0.1:${ports[1]},SECURE://localhost:$secure
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL
listener.name.secure.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.secure.scram-sha-512.sasl.jaas.config=$module required;
listener.name.secure.ssl.keystore.type=PEM
listener.name.secure.ssl.keystore.location=$dir/broker.pem
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
SETTINGS
}

# A certificate authority of this start alone, and the broker's key with its certificate.
certificates() {
  local request=(openssl req -newkey rsa:2048 -nodes -days 2)
  "${request[@]}" -x509 -subj /CN=authority -keyout "$dir/ca.key" -out "$dir/ca.pem"
  "${request[@]}" -x509 -subj /CN=another-authority -keyout "$dir/other.key" -out "$dir/other-ca.pem"
  "${request[@]}" -subj /CN=localhost -keyout "$dir/broker.key" -out "$dir/broker.csr"
  openssl x509 -req -in "$dir/broker.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -CAcreateserial -days 2 \
    -extfile <(echo subjectAltName=DNS:localhost) -out "$dir/broker.crt"
  cat "$dir/broker.key" "$dir/broker.crt" >"$dir/broker.pem"
}

launch() { # launch NODE
  local node=$1 heap=512m user format=(--standalone)
  [[ $brokers -eq 1 ]] || { heap=256m; format=(); }
  if [[ -n $secure ]]; then
    for user in tidvakt stranger; do format+=(--add-scram "SCRAM-SHA-512=[name=$user,password=$user]"); done
  fi
  (run_java 128m kafka.tools.StorageTool format -t "$cluster" -c "$dir/node-$node.properties" \
    "${format[@]}") >"$dir/node-$node.log" 2>&1 || return 1
  (
    echo "$BASHPID" >"$dir/node-$node.pid"
    run_java "$heap" kafka.Kafka "$dir/node-$node.properties"
  ) >>"$dir/node-$node.log" 2>&1 </dev/null &
}

# 0: answers; 1: it ended or time is up.
await() { # await NODE DEADLINE
  while ! grep -q "Kafka Server started" "$dir/node-$1.log"; do
    sleep 0.1
    [[ $SECONDS -lt $2 ]] || return 1
    [[ ! -s $dir/node-$1.pid ]] || kill -0 "$(cat "$dir/node-$1.pid")" 2>/dev/null || return 1
  done
}

attempt() { # one attempt to start all nodes
  local node deadline=$((SECONDS + start_seconds_max)) running=()
  ports=() controllers=()
  for node in $(seq "$brokers"); do
    ports[node]=$(free_port)
    controllers[node]=$(free_port)
  done
  [[ -z $secure ]] || secure=$(free_port)
  for node in $(seq "$brokers"); do
    rm -rf "$dir/node-$node" "$dir/node-$node.pid"
    write_settings "$node"
    launch "$node" || return 1
    running+=("127.0.0.1:${ports[$node]}")
  done
  for node in $(seq "$brokers"); do await "$node" "$deadline" || return 1; done
  bootstrap=$(IFS=,; echo "${running[*]}")
}

start() {
  local until_pid="" try
  brokers=1 secure=
  [[ $# -ge 1 ]] || usage "\`start\` needs a folder"
  mkdir -p "$1"
  dir=$(cd "$1" && pwd)
  shift
  while [[ $# -gt 0 ]]; do
    case $1 in
      --secure) secure=yes; shift; continue ;;
      --brokers) brokers=${2-} ;;
      --until) until_pid=${2-} ;;
      *) usage "\`$1\` is not known" ;;
    esac
    [[ $# -ge 2 ]] || usage "\`$1\` needs a value"
    shift 2
  done
  [[ $brokers == 1 || $brokers == 3 ]] || usage "\`--brokers\` is \`$brokers\`, expected 1 or 3"
  [[ -z $secure || $brokers -eq 1 ]] || usage "\`--secure\` is for one broker"
  need java
  if [[ -n $secure ]]; then
    need openssl
    certificates 2>"$dir/certificates.log" || fail 69 "no certificates, see $dir/certificates.log"
  fi
  jars
  cluster=$(run_java 128m kafka.tools.StorageTool random-uuid 2>/dev/null)
  for try in 1 2 3; do
    if attempt; then
      [[ -z $until_pid ]] || watch "$until_pid"
      [[ -z $secure ]] || echo "localhost:$secure" >"$dir/secure"
      echo "$bootstrap"
      return
    fi
    stop "$dir"
    # Somebody else may have taken a port between the look and the start: that alone is tried again.
    grep -qs "Address already in use\|BindException" "$dir"/node-*.log || break
  done
  tail -n 20 "$dir"/node-*.log >&2
  fail 69 "Apache Kafka did not start within $start_seconds_max s, see $dir/node-1.log"
}

# Stops the broker once the process that it was started for is gone; its logs stay.
watch() {
  need setsid
  setsid bash -c 'while kill -0 "$2" 2>/dev/null; do sleep 1; done; "$0" stop "$1"; rm -rf "$1"/node-[0-9]' \
    "$here/kafka.sh" "$dir" "$1" >/dev/null 2>&1 </dev/null &
}

# Is PID still the node that was started for this folder, and not a stranger with its number?
is_ours() {
  kill -0 "$2" 2>/dev/null || return 1
  if [[ -r /proc/$2/cmdline ]]; then tr '\0' ' ' <"/proc/$2/cmdline"; else ps -o args= -p "$2"; fi |
    grep -qF "$1/node-"
}

stop() {
  local file pid at deadline
  [[ -d ${1-} ]] || usage "\`stop\` needs the folder of \`start\`"
  at=$(cd "$1" && pwd)
  for file in "$at"/node-*.pid; do
    [[ -e $file ]] && is_ours "$at" "$(cat "$file")" && kill -TERM "$(cat "$file")" 2>/dev/null || true
  done
  deadline=$((SECONDS + 10))
  for file in "$at"/node-*.pid; do
    [[ -e $file ]] || continue
    pid=$(cat "$file")
    while is_ours "$at" "$pid" && [[ $SECONDS -lt $deadline ]]; do sleep 0.1; done
    ! is_ours "$at" "$pid" || kill -KILL "$pid" 2>/dev/null || true
    rm -f "$file"
  done
}

# As a machine that dies: a node sends the others nothing, and finishes nothing.
crash() {
  local at file pid
  [[ -d ${1-} ]] || usage "\`crash\` needs the folder of \`start\`"
  at=$(cd "$1" && pwd)
  [[ -z ${2-} || -e $at/node-$2.pid ]] || usage "\`$2\` is no node of $1"
  for file in "$at"/node-${2:-*}.pid; do
    [[ -e $file ]] || continue
    pid=$(cat "$file")
    is_ours "$at" "$pid" || continue
    kill -KILL "$pid"
    while is_ours "$at" "$pid"; do sleep 0.02; done
  done
}

topics() {
  local bootstrap=${1-} partitions=4 name settings setting running=() options pid failed=0
  [[ -n $bootstrap ]] || usage "\`topics\` needs a bootstrap address"
  if [[ ${2-} == --partitions ]]; then partitions=${3-}; fi
  jars
  while read -r name settings; do
    [[ -n $name && $name != \#* ]] || continue
    options=()
    for setting in $settings; do options+=(--config "$setting"); done
    (run_java 128m org.apache.kafka.tools.TopicCommand --bootstrap-server "$bootstrap" --create \
      --if-not-exists --topic "$name" --partitions "$partitions" "${options[@]}") >&2 &
    running+=($!)
  done <"$here/kafka/topics.txt"
  for pid in "${running[@]}"; do wait "$pid" || failed=1; done
  [[ $failed -eq 0 ]] || fail 69 "not every topic could be made at $bootstrap"
}

allow() {
  local bootstrap=${1-} user=${2-}
  [[ $# -gt 2 ]] || usage "\`allow\` needs an address, a user and a right"
  shift 2
  run_java 128m org.apache.kafka.tools.AclCommand --bootstrap-server "$bootstrap" --add \
    --allow-principal "User:$user" --allow-host '*' "$@" >/dev/null
}

case ${1-} in
  jars) jars && echo "$store/lib" ;;
  start | stop | crash | topics | allow) "$@" ;;
  *) usage "\`${1-}\` is no command" ;;
esac
