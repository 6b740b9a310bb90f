"""Our own rules for dashboards, alert rules and runbooks; prints what breaks them.

A panel has a title, a description, a unit, the variable data source and queries that follow the time shown
(`$__rate_interval`, `$__range`, no interval written out) and the choice of job. Counters are looked at
through `rate` or `increase`. No label is a person's. Every alert has severity, summary, description and a
runbook that is there, and a firing and a non-firing case; a runbook names only panels that there are.
"""

import json
import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "helm/tidvakt"
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
PERSONAL = r"\b(?:\w*_ref|\w+_id|carer|person\w*|alert|hold)\b"
# Not persons: a consumer group, and whose installation it is.
NOT_PERSONAL = {"group_id"}
SELECTOR = re.compile(r"\b((?:tidvakt|process)_\w+)(\{[^}]*})?(\[[^]]*])?")
COUNTER = re.compile(r"_(?:total|bucket|count|sum)$")
# Words that runbooks set apart and that are no panel.
NO_PANELS = {"Targets", "undetermined"}


def personal(labels: str) -> list[str]:
    return [label for label in re.findall(PERSONAL, labels) if label not in NOT_PERSONAL]


def labels_of(expr: str) -> str:
    """The names of labels in an expression: in matchers and in groupings."""
    matchers = re.findall(r"[{,]\s*(\w+)\s*(?:=~|!~|!=|=)", expr)
    return " ".join(matchers + re.findall(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)", expr))


def expression(expr: str, names: set[str]) -> list[str]:
    problems = []
    for metric, matchers, window in SELECTOR.findall(expr):
        if 'job=~"$job"' not in matchers:
            problems.append(f"`{metric}` is not narrowed down by job")
        if window and window not in ("[$__rate_interval]", "[$__range]"):
            problems.append(f"`{metric}{window}` has an interval written out")
        if COUNTER.search(metric) and not window:
            problems.append(f"the counter `{metric}` is not in `rate` or `increase`")
    if re.search(r"\boffset\b|@", expr):
        problems.append("an offset is written out")
    for word in personal(labels_of(expr)):
        problems.append(f"the label `{word}` is a person's")
    for name in re.findall(r"\$(\w+)", expr):
        if not name.startswith("__") and name not in names:
            problems.append(f"there is no variable `{name}`")
    return problems


def panel(found: dict, names: set[str]) -> list[str]:
    problems = [f"has no {key}" for key in ("title", "description") if not found.get(key, "").strip()]
    if not found["fieldConfig"]["defaults"].get("unit"):
        problems.append("has no unit")
    if found.get("interval") or found.get("maxDataPoints") or found.get("timeFrom"):
        problems.append("has an interval written out")
    for target in [found, *found["targets"]]:
        if target.get("datasource") != SOURCE:
            problems.append("does not ask the data source chosen")
    if not found["targets"] or len({t["refId"] for t in found["targets"]}) != len(found["targets"]):
        problems.append("has no queries, or two of one name")
    for target in found["targets"]:
        problems += expression(target["expr"], names)
        problems += [f"the legend shows `{word}`" for word in personal(" ".join(re.findall(r"{{(\w+)}}", target["legendFormat"])))]
        if "interval" in target:
            problems.append("has an interval written out")
    for link in found.get("links", []):
        page = link["url"].removeprefix("${runbooks}/")
        if not (CHART / "runbooks" / page).is_file():
            problems.append(f"links to `{page}`, which is not there")
    return problems


def overlap(panels: list[dict]) -> list[str]:
    taken, problems = {}, []
    for found in panels:
        place = found["gridPos"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                if (x, y) in taken or 24 <= x:
                    problems.append(f"panel `{found['title']}` lies over another or over the edge")
                taken[x, y] = found["id"]
    return sorted(set(problems))


def dashboard(path: Path) -> tuple[list[str], set[str], str]:
    found = json.loads(path.read_text())
    names = {variable["name"] for variable in found["templating"]["list"]}
    problems = overlap(found["panels"])
    if "datasource" not in names or found["editable"] or not found["description"]:
        problems.append("has no data source to choose, can be edited, or has no description")
    for variable in found["templating"]["list"]:
        if variable["type"] == "query" and (variable["refresh"] != 2 or variable["datasource"] != SOURCE):
            problems.append(f"variable `{variable['name']}` does not follow the time shown or the data source")
    panels = [part for part in found["panels"] if part["type"] != "row"]
    ids = [part["id"] for part in found["panels"]]
    titles = [part["title"] for part in panels]
    if len(set(ids)) != len(ids) or len(set(titles)) != len(titles):
        problems.append("two panels have one id or one title")
    for part in panels:
        problems += [f"panel `{part['title']}`: {problem}" for problem in panel(part, names)]
    return [f"{path.name}: {problem}" for problem in problems], set(titles) | {found["title"].removeprefix("Tidvakt: ")}, found["uid"]


def rules(text: str) -> tuple[list[str], set[str]]:
    problems, names = [], set()
    for rule in (rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]):
        name = rule["alert"]
        names.add(name)
        if rule["labels"].get("severity") not in ("critical", "warning", "info"):
            problems.append(f"{name}: its severity is none of critical, warning, info")
        if set(rule["annotations"]) != {"summary", "description", "runbook_url"}:
            problems.append(f"{name}: has the annotations {sorted(rule['annotations'])}")
        page = CHART / "runbooks" / f"{name}.md"
        if rule["annotations"].get("runbook_url") != str(page.relative_to(ROOT)):
            problems.append(f"{name}: its runbook is not {page.relative_to(ROOT)}")
        if not page.is_file() or not page.read_text().startswith(f"# {name}\n"):
            problems.append(f"{name}: there is no page of this name")
        problems += [f"{name}: the label `{word}` is a person's" for word in personal(labels_of(rule["expr"]))]
    for page in (CHART / "runbooks").glob("Tidvakt*.md"):
        if page.stem not in names:
            problems.append(f"the runbook {page.name} belongs to no alert")
    return problems, names


def cases(text: str, names: set[str]) -> list[str]:
    firing, silent = set(), set()
    for case in yaml.safe_load(text)["tests"]:
        for test in case["alert_rule_test"]:
            (firing if test["exp_alerts"] else silent).add(test["alertname"])
    problems = [f"{name} has no case in which it fires" for name in sorted(names - firing)]
    return problems + [f"{name} has no case in which it does not fire" for name in sorted(names - silent)]


def runbooks(titles: set[str]) -> list[str]:
    problems = []
    for page in sorted((CHART / "runbooks").glob("*.md")):
        text = page.read_text()
        for word in re.findall(r"(?<![*\w])\*([^*\n]+)\*(?![*\w])", text):
            if word not in titles | NO_PANELS:
                problems.append(f"{page.name}: there is no panel `{word}`")
        for target in re.findall(r"]\(([^)#:]+)\)", text):
            if not (page.parent / target).exists():
                problems.append(f"{page.name}: there is no `{target}`")
    return problems


def main() -> int:
    titles, uids, panels, problems = set(), [], 0, []
    for path in sorted((CHART / "dashboards").glob("*.json")):
        broken, named, uid = dashboard(path)
        problems += broken
        titles |= named
        uids.append(uid)
        panels += len(named) - 1
    if len(set(uids)) != len(uids):
        problems.append("two dashboards have one uid")
    broken, names = rules((CHART / "rules/tidvakt.yaml").read_text())
    problems += broken + cases((ROOT / "tests/ops/rules-test.yaml").read_text(), names) + runbooks(titles)
    for problem in problems:
        print(f"FAIL {problem}")
    print(f"{len(uids)} dashboards with {panels} panels, {len(names)} alerts with runbooks: {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
