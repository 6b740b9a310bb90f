"""What the chart promises of its manifests, as plain tests on what was rendered."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What a role may never do.
FORBIDDEN = {"All", "Alter", "AlterConfigs", "ClusterAction", "Create", "Delete"}
PROBES = {"startupProbe": "/startupz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}


def broken(rendered: list[dict]) -> Iterator[str]:
    """A sentence for each promise that does not hold."""
    kinds: dict[str, list[dict]] = {}
    for document in rendered:
        kinds.setdefault(document["kind"], []).append(document)
    [stateful] = kinds["StatefulSet"]
    [check] = kinds["Pod"]
    yield from safe_pod(stateful["spec"]["template"]["spec"], "the pods")
    yield from safe_pod(check["spec"], "the check")
    yield from detector(stateful)
    yield from selectors(kinds, stateful["spec"]["template"]["metadata"]["labels"])
    yield from network(kinds.get("NetworkPolicy", []))
    yield from topics(kinds.get("KafkaTopic", []), rendered)
    yield from users(kinds.get("KafkaUser", []))
    yield from dashboards(kinds["ConfigMap"])
    for document in rendered:
        if document["kind"] == "Secret":
            yield "the chart makes a Secret"
        if document["metadata"]["labels"].get("app.kubernetes.io/name") != "tidvakt":
            yield f"{document['kind']} has not the common labels"


def safe_pod(spec: dict, whose: str) -> Iterator[str]:
    security = spec["securityContext"]
    if spec["automountServiceAccountToken"] or spec["enableServiceLinks"]:
        yield f"{whose} get a token, or the names of other services"
    if not security["runAsNonRoot"] or security["seccompProfile"]["type"] != "RuntimeDefault":
        yield f"{whose} may be root, or have no seccomp profile"
    for container in spec["containers"]:
        own = container["securityContext"]
        if own["capabilities"] != {"drop": ["ALL"]} or not own["readOnlyRootFilesystem"]:
            yield f"{whose} have capabilities, or a root file system that can be written"
        if own["allowPrivilegeEscalation"] or own["runAsUser"] < 10000 or own["runAsGroup"] < 10000:
            yield f"{whose} may gain rights"
        if {"cpu", "memory"} - set(container["resources"]["requests"]) or "memory" not in container["resources"]["limits"]:
            yield f"{whose} have no requests, or no limit of memory"
        for variable in container.get("env", []):
            if "secretKeyRef" in variable.get("valueFrom", {}):
                yield f"{whose} get a secret by the environment, `{variable['name']}`"
        for mount in container["volumeMounts"]:
            volume = next((v for v in spec["volumes"] if v["name"] == mount["name"]), {})
            if "secret" in volume and (not mount["readOnly"] or volume["secret"]["defaultMode"] & 0o337):
                yield f"{whose} can write the secret `{mount['name']}`, or others can read it"


def detector(stateful: dict) -> Iterator[str]:
    pod = stateful["spec"]["template"]["spec"]
    [container] = pod["containers"]
    names = {v["name"]: v.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath") for v in container["env"]}
    if names.get("TIDVAKT_KAFKA_INSTANCE_ID") != "metadata.name":
        yield "the instance is not named after its pod"
    for probe, path in PROBES.items():
        if container[probe]["httpGet"] != {"path": path, "port": "http"}:
            yield f"the {probe} does not ask {path}"
    if container["startupProbe"]["periodSeconds"] * container["startupProbe"]["failureThreshold"] < 300:
        yield "a start has less than five minutes"
    if pod["terminationGracePeriodSeconds"] <= 20:
        yield "a stop has less time than a drain takes"
    if container["args"] != ["run", "--config", "/etc/tidvakt/tidvakt.toml"]:
        yield "the container does not run the service"
    if not pod["topologySpreadConstraints"] or "podAntiAffinity" not in pod["affinity"]:
        yield "pods are not kept apart"


def selectors(kinds: dict, pod: dict) -> Iterator[str]:
    """Whatever selects pods or the service selects what this release has."""
    service = kinds["Service"][0]
    if service["spec"]["clusterIP"] != "None" or not service["spec"]["publishNotReadyAddresses"]:
        yield "the service hides pods that replay"
    chosen = [("Service", service["spec"]["selector"], pod)]
    for kind, name in [("PodDisruptionBudget", "selector"), ("NetworkPolicy", "podSelector"), ("PodMonitor", "selector")]:
        chosen += [(kind, d["spec"][name]["matchLabels"], pod) for d in kinds.get(kind, [])]
    for monitor in kinds.get("ServiceMonitor", []):
        chosen.append(("ServiceMonitor", monitor["spec"]["selector"]["matchLabels"], service["metadata"]["labels"]))
    for kind, wanted, labels in chosen:
        if not wanted.items() <= labels.items():
            yield f"{kind} selects nothing of this release"


def network(policies: list[dict]) -> Iterator[str]:
    for policy in policies:
        spec = policy["spec"]
        if set(spec["policyTypes"]) != {"Ingress", "Egress"}:
            yield "the network policy leaves a direction open"
        if any(rule["ports"] != [{"port": "http", "protocol": "TCP"}] or not rule["from"] for rule in spec["ingress"]):
            yield "more comes in than the scrape"
        ports = {(port["port"], port["protocol"]) for rule in spec["egress"] for port in rule["ports"]}
        if not {(53, "UDP"), (53, "TCP"), (9093, "TCP")} <= ports or any("ports" not in rule for rule in spec["egress"]):
            yield "names or brokers can't be reached, or everything can"


def topics(made: list[dict], rendered: list[dict]) -> Iterator[str]:
    if not made:
        return
    text = next(d["data"]["tidvakt.toml"] for d in rendered if "tidvakt.toml" in d.get("data", {}))
    settings = tomllib.loads(text)
    defaults = tomllib.loads((ROOT / "config/default.toml").read_text())
    if settings["topics"] != defaults["topics"]:
        yield "the chart's topics are not the program's"
    by_name = {topic["metadata"]["name"]: topic["spec"] for topic in made}
    if set(by_name) != set(settings["topics"].values()):
        yield f"there are topics {sorted(by_name)}"
        return
    if len({spec["partitions"] for spec in by_name.values()}) != 1:
        yield "topics differ in partitions"
    for kind, name in settings["topics"].items():
        config = by_name[name]["config"]
        wanted = "delete" if kind in ("registrations", "quarantine", "audit") else "compact"
        if config["cleanup.policy"] != wanted or config["unclean.leader.election.enable"]:
            yield f"topic {name} is cleaned up by {config['cleanup.policy']}, or loses what was acknowledged"
        if not config["min.insync.replicas"] < by_name[name]["replicas"]:
            yield f"topic {name} stops when one broker does"
    feed = by_name[settings["topics"]["registrations"]]["config"]
    if feed["retention.ms"] != (settings["engine"]["retained_days"] + 14) * 86_400_000:
        yield "the feed's retention does not follow what is kept"
    if feed["message.timestamp.type"] != "LogAppendTime" or feed["compression.type"] != "uncompressed":
        yield "the feed takes the writers' clocks, or batches that unpack"


def users(made: list[dict]) -> Iterator[str]:
    for user in made:
        for rule in user["spec"]["authorization"]["acls"]:
            resource = rule["resource"]
            # Each partition has a transactional id of its own, behind the name of the group.
            is_own = resource["type"] == "transactionalId" and resource["patternType"] == "prefix" and resource["name"].endswith("-")
            is_named = resource["type"] in ("topic", "group") and resource["patternType"] == "literal"
            if not (is_own or is_named) or "*" in resource["name"]:
                yield f"{user['metadata']['name']} has rights on more than one topic or group"
            if FORBIDDEN & set(rule["operations"]):
                yield f"{user['metadata']['name']} may do {FORBIDDEN & set(rule['operations'])}"


def dashboards(maps: list[dict]) -> Iterator[str]:
    for document in maps:
        for name, text in document["data"].items():
            if not name.endswith(".json"):
                continue
            if document["metadata"]["labels"].get("grafana_dashboard") != "1":
                yield f"{name} has not the sidecar's label"
            if not re.fullmatch(r"tidvakt-[a-z]+", json.loads(text)["uid"]):
                yield f"{name} has no fixed uid"
