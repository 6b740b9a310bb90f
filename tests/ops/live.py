"""Starts Apache Kafka, the service and Prometheus, feeds a month, and asks every query that we ship.

    live.py TOOLS TIDVAKT    TOOLS: the folder of tools.sh; TIDVAKT: the program

The broker has the topics and users of the chart's manifests, and the service runs with the chart's settings
as its own user, so that a right or a setting that is missing shows. `tidvakt check`, which is the chart's
`helm test`, must be content.

Every query of every panel and variable of the dashboards must have an answer, and no NaN in it, both for
all municipalities and for one. Of an alert rule, which is silent while all is well, every part without its
comparison must have one. Labels that are grouped by must be there. Queries with a planted slip of the pen
must be found. Prometheus must have loaded all alert rules, and `promtool check metrics` must be content.
At the end every user tries to read and to write every topic.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import yaml

import queries
from broker import Broker, free_port, kafka, password

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "helm/tidvakt"
MUNICIPALITY, DAYS, CLIENTS, SEED = "0181", 30, 200, 7
# The month comes in so many parts, so that counters rise before Prometheus' eyes.
PARTS = 16


def get(address: str, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def wait_for(what: str, seconds: float, holds) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        if deadline < time.monotonic():
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.25)


@contextlib.contextmanager
def running(log: Path, command: list[object], environment: dict[str, str] | None = None):
    with log.open("w") as out:
        words = [str(word) for word in command]
        process = subprocess.Popen(words, stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=environment)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def manifests(helm: Path) -> list[dict]:
    """The chart as an operator would install it."""
    command = [helm, "template", "live", CHART, "-f", ROOT / "tests/ops/live-values.yaml", "--kube-version", "1.33"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True)
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def installed(rendered: list[dict], folder: Path, broker: str) -> tuple[list[object], dict[str, str], dict[str, str]]:
    """Settings, environment and topics as a pod has them; only places differ: files, broker."""
    [text] = [document["data"]["tidvakt.toml"] for document in rendered if document["kind"] == "ConfigMap"]
    (folder / "tidvakt.toml").write_text(text)
    (folder / "password").write_text(password("tidvakt") + "\n")
    secret = {"TIDVAKT_KAFKA_SECRET_FILES__SASL_PASSWORD": str(folder / "password"), "TIDVAKT_KAFKA_INSTANCE_ID": "live-tidvakt-0"}
    topics = dict(re.findall(r'^"(\w+)" = "(tidvakt\.[\w.]+)"$', text, re.MULTILINE))
    return ["--config", folder / "tidvakt.toml", "-X", f"bootstrap.servers={broker}"], os.environ | secret, topics


def configure(folder: Path, service: str) -> Path:
    config = folder / "prometheus.yml"
    config.write_text(f"""
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{CHART}/rules/tidvakt.yaml]
scrape_configs:
  - job_name: tidvakt
    static_configs: [{{targets: ["{service}"], labels: {{namespace: tidvakt}}}}]
""")
    return config


def moved(lines: list[str], days: int) -> list[dict]:
    """The records so many days later: holds on a month that is long paid would be void at once."""
    def later(found: re.Match) -> str:
        return str(date.fromisoformat(found[0]) + timedelta(days))

    records = [json.loads(re.sub(r"\b\d{4}-\d\d-\d\d(?=T)", later, line)) for line in lines]
    for record in records:
        if "payment" in record:
            record["payment"]["pay_period"] = record["start_at"][:7]
    # Months are not so many days long: without a calendar the day of payout is the settings'.
    return [record for record in records if record.get("type") != "calendar"]


def town(tidvakt: Path, folder: Path) -> tuple[list[dict], list[dict]]:
    """A made-up municipality whose last day was yesterday: its facts and its registrations."""
    made = [tidvakt, "simulate", "--seed", SEED, "--days", DAYS, "--clients", CLIENTS, "--municipality", MUNICIPALITY, "--out", folder]
    subprocess.run([str(word) for word in made], check=True, stderr=subprocess.DEVNULL)
    registrations = (folder / "registrations.jsonl").read_text().splitlines()
    last = max(json.loads(line)["start_at"][:10] for line in registrations)
    days = (datetime.now(UTC).date() - date.fromisoformat(last)).days - 1
    return moved((folder / "reference.jsonl").read_text().splitlines(), days), moved(registrations, days)


def feed(broker: Broker, prometheus: queries.Prometheus, topics: dict[str, str], facts: list[dict], records: list[dict]) -> int:
    wait_for("Prometheus scrapes", 90, lambda: 2 <= prometheus.number("sum(count_over_time(tidvakt_build_info[1m]))"))
    broker.produce("reference", topics["reference"], [f"{MUNICIPALITY}|{fact['fact_id']}\t{json.dumps(fact)}" for fact in facts])
    lines = [f"{MUNICIPALITY}\t{json.dumps(record)}" for record in records]
    # One first: with it the municipality's series begin at 0, and Prometheus sees them rise. Two cannot be used.
    broker.produce("gateway", topics["registrations"], lines[:1])
    wait_for("the municipality is seen", 90, lambda: 2 <= prometheus.number("max(count_over_time(tidvakt_visits_total[1m]))"))
    # Of the second it is known whose it is.
    backwards = records[0] | {"registration_id": "R-backwards", "end_at": "2020-01-01T00:00:00Z"}
    broker.produce("gateway", topics["registrations"], [f"{MUNICIPALITY}\t{text}" for text in ("not JSON", json.dumps(backwards))])
    rest = lines[1:]
    for part in range(PARTS):
        broker.produce("gateway", topics["registrations"], rest[len(rest) * part // PARTS : len(rest) * (part + 1) // PARTS])
        time.sleep(0.5)
    sent = len(lines) + 2
    wait_for(f"{sent} records are worked on", 180, lambda: sent <= prometheus.number("sum(tidvakt_registrations_total)"))
    quarantined = prometheus.number("sum(tidvakt_quarantined_total)")
    if quarantined != 2:
        raise LookupError(f"{quarantined:.0f} records went to quarantine, expected the one that is not JSON and the one that ends before it begins")
    return sent


def decide(broker: Broker, topics: dict[str, str]) -> int:
    """A reviewer confirms one hold and releases another; how many could be decided."""
    alerts = {alert["alert_id"]: alert for alert in map(json.loads, broker.consume("reviewers", topics["alerts"]))}
    held = [name for name, alert in sorted(alerts.items()) if alert.get("hold", {}).get("state") == "proposed"]
    if len(held) < 3:
        raise LookupError(f"{len(held)} holds are proposed, expected one to confirm, one to release, one to leave")
    decisions = []
    for action, outcome, alert_id in zip(["confirm", "release"], ["registration_error", "acceptable_explanation"], held):
        decision = {"schema_version": 1, "decision_id": f"D-{action}", "alert_id": alert_id,
                    "hold_id": alerts[alert_id]["hold"]["hold_id"], "action": action, "outcome": outcome,
                    "reason": "tried", "decided_by": "reviewer-1", "decided_at": datetime.now(UTC).isoformat()}
        decisions.append(f"{alert_id}\t{json.dumps(decision)}")
    broker.produce("reviewers", topics["decisions"], decisions)
    # Until what follows is acknowledged, in progress, and scraped twice.
    time.sleep(4)
    return len(decisions)


def main(tools: Path, tidvakt: Path) -> int:
    programs = tools / "prometheus/usr/bin"
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tidvakt-live-")))
        facts, records = town(tidvakt, folder / "town")
        rendered = manifests(tools / "bin/helm")
        broker = stack.enter_context(kafka(folder / "kafka", rendered))
        settings, environment, topics = installed(rendered, folder, broker.address)
        service, address = (f"127.0.0.1:{free_port()}" for _ in range(2))
        log = folder / "service.log"
        stack.enter_context(running(log, [tidvakt, "run", *settings, "--set", f"http.listen={service}"], environment))
        arguments = [f"--config.file={configure(folder, service)}", f"--storage.tsdb.path={folder / 'tsdb'}", f"--web.listen-address={address}"]
        stack.enter_context(running(folder / "prometheus.log", [programs / "prometheus", *arguments]))
        try:
            wait_for("the service is ready", 120, lambda: get(service, "/readyz")[0] == 200)
            wait_for("Prometheus is ready", 90, lambda: get(address, "/-/ready")[0] == 200)
            prometheus = queries.Prometheus(address)
            sent = feed(broker, prometheus, topics, facts, records)
            decided = decide(broker, topics)
            print(f"{sent} registrations of {DAYS} days with seed {SEED}, {decided} decisions, as the chart's users at {broker.address}")
            problems = queries.check(prometheus, programs / "promtool", get(service, "/metrics")[1])
            checked = subprocess.run([str(word) for word in [tidvakt, "check", *settings]], env=environment, capture_output=True, text=True, check=False)
            if checked.returncode != 0:
                problems.append(f"tidvakt check: {checked.stdout}{checked.stderr}")
            tries, wrong = broker.rights_problems({"detector": "tidvakt", "gateway": "gateway", "reference": "reference", "payout": "payout", "reviewers": "reviewers", "auditor": "auditor"}, topics)
            print(f"{tries} attempts of 6 users to read or write 7 topics: {len(wrong)} not as the chart says")
            problems += wrong
        except (TimeoutError, OSError, LookupError) as error:
            problems = [f"{error}", *log.read_text().splitlines()[-15:]]
    for problem in problems:
        print(f"FAIL {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]).absolute()))
