"""What the compose file promises beyond its form: compose.py COMPOSE TIDVAKT PROMTOOL.

COMPOSE is the file as the specification's own loader wrote it."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
SERVICES = {"kafka", "topics", "tidvakt", "prometheus", "grafana"}


def broken(compose: dict, tidvakt: str, promtool: str) -> Iterator[str]:
    """A sentence for each promise that does not hold."""
    services = compose["services"]
    if set(services) != SERVICES:
        yield f"the services are {sorted(services)}"
    for name, service in services.items():
        for port in service.get("ports", []):
            if port.get("host_ip") != "127.0.0.1":
                yield f"`{name}` is open to others at {port.get('published')}"
        if service["image"].endswith(":latest") or (":" not in service["image"] and "build" not in service):
            yield f"`{name}` may be another image tomorrow"
        for volume in service.get("volumes", []):
            if volume["type"] == "bind" and not (ROOT / "config" / volume["source"]).exists():
                yield f"`{name}` mounts `{volume['source']}`, which is not there"
    own = services["tidvakt"]
    if not own.get("read_only") or own.get("cap_drop") != ["ALL"]:
        yield "the service can write, or has capabilities"
    yield from settings(own["environment"], tidvakt)
    yield from scrape(compose["configs"]["prometheus"]["content"], promtool)


def settings(environment: dict[str, str], tidvakt: str) -> Iterator[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TIDVAKT_")}
    done = subprocess.run([tidvakt, "check", "--offline"], env=clean | environment, capture_output=True, text=True)
    if done.returncode:
        yield f"the program refuses its settings: {done.stderr}"
    for name, value in environment.items():
        if value not in done.stdout:
            yield f"`{name}` has no effect"


def scrape(content: str, promtool: str) -> Iterator[str]:
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        file.write(content.replace("/etc/prometheus/rules", str(ROOT / "helm/tidvakt/rules")))
        file.flush()
        done = subprocess.run([promtool, "check", "config", file.name], capture_output=True, text=True)
    if done.returncode or "rules found" not in done.stdout:
        yield f"Prometheus refuses its settings: {done.stdout}{done.stderr}"


def main() -> None:
    path, tidvakt, promtool = sys.argv[1:]
    compose = yaml.safe_load(Path(path).read_text())
    problems = list(broken(compose, tidvakt, promtool))
    # Each of these must be found, or the checks above show nothing.
    planted = yaml.safe_load(Path(path).read_text())
    planted["services"]["grafana"]["ports"][0]["host_ip"] = "0.0.0.0"
    planted["services"]["tidvakt"]["environment"]["TIDVAKT_LOG_FORMATT"] = "json"
    planted["services"]["prometheus"]["volumes"][0]["source"] = "../helm/nowhere"
    found = " ".join(broken(planted, tidvakt, promtool))
    problems += [f"not found: {what}" for what in ("open to others", "refuses its settings", "nowhere") if what not in found]
    if problems:
        sys.exit("\n".join(f"compose.yaml: {problem}" for problem in problems))
    print(f"compose.yaml: {len(compose['services'])} services hold what they promise")


if __name__ == "__main__":
    main()
