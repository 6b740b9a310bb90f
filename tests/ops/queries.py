"""Asks Prometheus every query that we ship, and says which has no answer to show to anybody."""

import json
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import promql

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "helm/tidvakt"
# Longer than the whole feed takes: an increase over it is the month's.
WINDOW = "5m"
# What Prometheus adds to a series, by its configuration or the operator's.
ADDED = {"job", "instance", "namespace", "le"}

# What is 0 while all is well, or lasts shorter than between two looks. Any other answer of nothing but 0 would
# prove only that the metric's name is right.
QUIET = re.compile(
    r"(?:publish_failures|commit_failures|log_errors|request_errors|request_timeouts|troubles|rebalances|breakers?_\w+|capped_providers"
    r"|review_waiting_alerts|review_budget_used_cases|lag_records|unassessed_records|queue_\w+|phase_duration_seconds|p_values)"
)


class Prometheus:
    def __init__(self, address: str) -> None:
        self.address = address

    def ask(self, path: str, **parameters: str) -> object:
        data = urllib.parse.urlencode(parameters)
        try:
            with urllib.request.urlopen(f"http://{self.address}/api/v1/{path}?{data}", timeout=20) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise LookupError(json.load(error)["error"]) from error

    def number(self, expr: str) -> float:
        """The one value of `expr`; 0 where there is none."""
        return sum(float(sample["value"][1]) for sample in self.ask("query", query=expr)["result"])

    def labels(self, metric: str) -> set[str]:
        return {label for series in self.ask("series", **{"match[]": metric}) for label in series}

    def problems(self, expr: str) -> list[str]:
        """Why the answer to `expr` is none, or none to show to anybody."""
        try:
            answer = self.ask("query", query=expr)
        except LookupError as error:
            return [f"is refused: {error}"]
        samples = [answer["result"]] if answer["resultType"] == "scalar" else [s["value"] for s in answer["result"]]
        if not samples:
            return ["has no answer"]
        if not QUIET.search(expr) and all(float(value) == 0 for _, value in samples):
            return ["is 0 after a month of registrations"]
        strange = {value for _, value in samples if value in ("NaN", "+Inf", "-Inf")}
        return [f"has {value} in its answer" for value in strange]

    def grouping_problems(self, expr: str) -> list[str]:
        known = ADDED.union(*(self.labels(metric) for metric in promql.metrics(expr)))
        return [f"groups by `{label}`, which no metric in it has" for label in promql.grouping_labels(expr) - known]


def substituted(expr: str, choice: dict[str, str]) -> str:
    for name in ("__rate_interval", "__range"):
        expr = expr.replace(f"${name}", WINDOW)
    return re.sub(r"\$(\w+)", lambda found: choice.get(found[1], ".*"), expr)


def variables(prometheus: Prometheus, dashboard: dict) -> tuple[dict[str, str], list[str]]:
    """The first value of each variable, and what is wrong with them."""
    chosen, problems = {}, []
    for variable in dashboard["templating"]["list"]:
        if variable["type"] != "query":
            continue
        query = variable["query"]["query"]
        asked = re.fullmatch(r"label_values\((.*), (\w+)\)", query)
        answer = prometheus.ask(f"label/{asked[2]}/values", **{"match[]": substituted(asked[1], {})})
        if answer:
            chosen[variable["name"]] = answer[0]
        else:
            problems.append(f"variable `{variable['name']}`: `{query}` has no answer")
    # A rule that found nothing is no fault; one municipality and one job must have all.
    chosen.pop("rule", None)
    return chosen, problems


def panel_problems(prometheus: Prometheus, dashboard: dict, choices: list[dict[str, str]], pending: set[str]) -> tuple[int, list[str]]:
    asked, problems = 0, []
    for panel in (part for part in dashboard["panels"] if part["type"] != "row"):
        for target in panel["targets"]:
            expr = target["expr"]
            if promql.metrics(expr) & pending:
                continue
            found = prometheus.grouping_problems(expr)
            for choice in choices:
                asked += 1
                found += prometheus.problems(substituted(expr, choice))
            problems += [f"{dashboard['title']}, `{panel['title']}`: `{expr}` {text}" for text in found]
    return asked, problems


def instead(part: str) -> list[str]:
    """What to ask instead of a part that has no answer while all is well, or only after days: whether its metrics are there.
    That such a part fires is shown by `promtool test rules`."""
    if part.startswith("absent") or re.search(r"\[\w+:\w+\]", part):
        return [f"count({metric})" for metric in sorted(promql.metrics(part))]
    return [part]


def rule_problems(prometheus: Prometheus, rules: list[dict], pending: set[str]) -> tuple[int, list[str]]:
    asked, problems = 0, []
    for rule in rules:
        if rule["health"] != "ok":
            problems.append(f"{rule['name']}: its health is {rule['health']}: {rule.get('lastError')}")
        if promql.metrics(rule["query"]) & pending:
            continue
        parts = [asked for part in promql.operands(rule["query"]) for asked in instead(part)]
        asked += len(parts)
        found = prometheus.grouping_problems(rule["query"]) + [text for part in parts for text in prometheus.problems(part)]
        problems += [f"{rule['name']}: `{rule['query']}` {text}" for text in found]
    return asked, problems


def planted_problems(prometheus: Prometheus, dashboards: list[dict], rules: list[dict]) -> list[str]:
    """Slips of the pen, one at a time, in a panel and in a rule: each has to be found."""
    problems = []
    for right, wrong in [("tidvakt_registrations_total", "tidvakt_registration_total"), ("by (result)", "by (outcome)"), ('phase="live"', 'phase="alive"')]:
        board = json.loads(json.dumps(dashboards).replace(json.dumps(right)[1:-1], json.dumps(wrong)[1:-1]))
        if board == dashboards or not any(panel_problems(prometheus, part, [{}], set())[1] for part in board):
            problems.append(f"`{wrong}` for `{right}` in the dashboards was not found")
    for right, wrong in [("tidvakt_publish_failures_total", "tidvakt_publishing_failures_total"), ('state="proposed"', 'state="propsed"')]:
        slipped = [rule | {"query": rule["query"].replace(right, wrong)} for rule in rules]
        if slipped == rules or not rule_problems(prometheus, slipped, set())[1]:
            problems.append(f"`{wrong}` for `{right}` in the alert rules was not found")
    return problems


def pending_metrics(prometheus: Prometheus) -> tuple[set[str], list[str]]:
    """Metrics that the program does not have yet, by `pending-metrics.txt`; what it has is not to be there."""
    lines = (ROOT / "tests/ops/pending-metrics.txt").read_text().splitlines()
    names = {line for line in lines if line and not line.startswith("#")}
    there = {name for name in names if prometheus.ask("series", **{"match[]": name})}
    return names - there, [f"pending-metrics.txt: `{name}` is there now, take it out" for name in sorted(there)]


def check(prometheus: Prometheus, promtool: Path, exposed: str) -> list[str]:
    """All of it; `exposed` is what the service gives to be scraped."""
    dashboards = [json.loads(path.read_text()) for path in sorted((CHART / "dashboards").glob("*.json"))]
    rules = [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]
    pending, problems = pending_metrics(prometheus)
    asked = 0
    for dashboard in dashboards:
        chosen, wrong = variables(prometheus, dashboard)
        count, found = panel_problems(prometheus, dashboard, [{}, chosen], pending)
        asked += count + sum(v["type"] == "query" for v in dashboard["templating"]["list"])
        problems += wrong + found
    count, found = rule_problems(prometheus, rules, pending)
    problems += found
    shipped = len(re.findall(r"^ +- alert: ", (CHART / "rules/tidvakt.yaml").read_text(), re.MULTILINE))
    if len(rules) != shipped or not shipped:
        problems.append(f"Prometheus has {len(rules)} rules, expected {shipped}")
    problems += planted_problems(prometheus, dashboards, rules)
    checked = subprocess.run([promtool, "check", "metrics"], input=exposed, capture_output=True, text=True, check=False)
    if checked.returncode != 0:
        problems.append(f"promtool check metrics: {checked.stdout}{checked.stderr}")
    print(f"{asked} queries of panels and variables, {count} parts of {len(rules)} alert rules, {len(pending)} metrics pending: {len(problems)} problems")
    return problems
