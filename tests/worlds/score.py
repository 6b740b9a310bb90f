#!/usr/bin/env python3
"""Scores the alerts of `tidvakt replay --out ALERTS.jsonl` on a world.

    score.py DIR ALERTS.jsonl [--budget 20] [--json]

The reader is a control unit. At the end of each local day it looks at the alerts that are open, not
`waiting`, and new or graver since it last looked, grouped by `case_id`, and takes at most BUDGET cases:
holds first, then by score. What it does not reach stays in the queue. In the first days, up to `start_day`
of world.json, nobody looks.

An alert *names* its subject and the related registrations. It *covers* also the subject's other
registrations of the pay period, where the subject is a carer, a client or a pair. A case is right when one
of its alerts names (direct) or covers (wide) a planted or mistaken registration; a provider's case is right
when it names one, or (wide) when the provider has one in that period.
"""

import argparse
import datetime as dt
import json
from collections import Counter, defaultdict
from pathlib import Path

from lived.clock import day_of

GRADES = {"observe": 0, "review": 1, "hold": 2}
# Wrong when it came and put right later: an alert on it was no mistake at the time.
PUT_RIGHT = {"logout-corrected", "login-corrected", "reentered", "sent-twice-original"}
PERIODS = {
    "carer_period": ("carer_ref",),
    "client_period": ("client_ref",),
    "pair_period": ("carer_ref", "client_ref"),
    "provider_period": ("provider_id",),
}


def lines(path: Path):
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def local_day(text: str) -> int:
    return day_of(int(dt.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()))


class World:
    def __init__(self, folder: Path):
        self.about = json.loads((folder / "world.json").read_text(encoding="utf-8"))
        self.truth = {row["registration_id"]: row for row in lines(folder / "truth.jsonl")}
        self.situations = defaultdict(set)
        for row in lines(folder / "innocent.jsonl"):
            self.situations[row["registration_id"]].add(row["situation"])
        self.known_from: dict[str, int] = {}
        self.subjects = defaultdict(set)
        for record in lines(folder / "registrations.jsonl"):
            rid = record["registration_id"]
            self.known_from.setdefault(rid, local_day(record["emitted_at"]))
            period = record.get("payment", {}).get("pay_period") or record["start_at"][:7]
            for kind, fields in PERIODS.items():
                self.subjects[kind, *(record[field] for field in fields), period].add(rid)
        self.truth = {rid: row for rid, row in self.truth.items() if rid in self.known_from}
        self.honest = len(self.known_from) - len(self.truth)

    def names(self, alert: dict) -> set[str]:
        named = {alert["subject"]["id"]} if alert["subject"]["kind"] == "registration" else set()
        for finding in alert["findings"]:
            named |= set(finding.get("related") or ())
        return named

    def covers(self, alert: dict) -> set[str]:
        """What the subject's period holds besides."""
        fields = PERIODS.get(alert["subject"]["kind"])
        if fields is None:
            return set()
        key = (alert["subject"]["kind"], *(alert.get(field) for field in fields), alert.get("pay_period"))
        return self.subjects.get(key, set())


class Reading:
    """One pass over the alerts' states in order, day by day."""

    def __init__(self, world: World, alerts: Path, budget: int):
        self.world, self.budget = world, budget
        self.open: dict[str, dict] = {}
        self.waiting_look: set[str] = set()
        self.looked: dict[str, int] = {}
        self.first: dict[str, dict] = {}
        self.held: dict[str, dict] = {}
        self.score: dict[str, float] = defaultdict(float)
        self.direct: dict[str, int] = {}
        self.wide: dict[str, int] = {}
        self.cases: list[tuple[str, bool, bool]] = []  # leading rule, right direct, right wide
        self.false_cases: Counter = Counter()
        today = None
        for alert in lines(alerts):
            day = local_day(alert["assessed_at"])
            while today is not None and today < day:
                self._desk(today)
                today += 1
            today = day
            self._state(alert)
        if today is not None:
            self._desk(today)

    def _state(self, alert: dict) -> None:
        key, grade = alert["alert_id"], GRADES[alert["grade"]]
        if alert["state"] == "withdrawn" or not alert["findings"] or grade < 1 or alert.get("waiting"):
            self.open.pop(key, None)
            self.waiting_look.discard(key)
            return
        self.open[key] = alert
        self.first.setdefault(key, alert)
        if grade == 2:
            self.held[key] = alert
        for rid in self.world.names(alert):
            self.score[rid] = max(self.score[rid], float(alert["score"] or 0))
        if self.looked.get(key, 0) < grade:
            self.waiting_look.add(key)

    def _desk(self, day: int) -> None:
        if day < self.world.about["start_day"]:
            return
        cases = defaultdict(list)
        for key in self.waiting_look:
            cases[self.open[key]["case_id"]].append(self.open[key])

        def rank(item):
            best = max((GRADES[a["grade"]], float(a["score"] or 0)) for a in item[1])
            return (-best[0], -best[1], item[0])

        for _, alerts in sorted(cases.items(), key=rank)[: self.budget]:
            self._look(day, alerts)

    def _look(self, day: int, alerts: list[dict]) -> None:
        world = self.world
        named, covered, provider = set(), set(), False
        for alert in alerts:
            self.looked[alert["alert_id"]] = GRADES[alert["grade"]]
            self.waiting_look.discard(alert["alert_id"])
            named |= world.names(alert)
            reach = world.covers(alert)
            if alert["subject"]["kind"] == "provider_period":
                provider |= bool(reach & world.truth.keys())
            else:
                covered |= {rid for rid in reach if world.known_from[rid] <= day}
        direct, wide = named & world.truth.keys(), (named | covered) & world.truth.keys()
        for rid in direct:
            self.direct.setdefault(rid, day)
        for rid in wide:
            self.wide.setdefault(rid, day)
        lead = max(alerts, key=lambda a: (GRADES[a["grade"]], float(a["score"] or 0)))
        self.cases.append((leading_rule(lead), bool(direct), bool(wide) or provider))
        if not wide and not provider:
            subjects = [a["subject"]["id"] for a in alerts if a["subject"]["kind"] == "registration"]
            self.false_cases.update(
                set().union(*(world.situations.get(s, {"(none)"}) for s in subjects)) or {"(period)"}
            )


def leading_rule(alert: dict) -> str:
    return max(alert["findings"], key=lambda f: (GRADES[f["grade"]], f.get("seconds_in_question") or 0))[
        "rule"
    ]


def average_precision(world: World, score: dict[str, float]) -> float:
    """Over all registrations by their highest score; ties share their place, what has no alert comes last."""
    levels: dict[float, list[int]] = defaultdict(lambda: [0, 0])
    for rid in world.known_from:
        level = levels[score.get(rid, 0.0)]
        level[0] += 1
        level[1] += rid in world.truth
    seen = right = 0
    area = 0.0
    for value in sorted(levels, reverse=True):
        count, hits = levels[value]
        seen, right = seen + count, right + hits
        area += hits / max(1, len(world.truth)) * right / seen
    return area


def summary(world: World, reading: Reading) -> dict:
    planted, cases = world.truth, reading.cases
    share = lambda part, whole: round(part / whole, 3) if whole else None  # noqa: E731
    false = [a for a in reading.first.values() if not (world.names(a) | world.covers(a)) & planted.keys()]
    holds = [
        a
        for a in reading.held.values()
        if a["subject"]["kind"] == "registration" and not world.names(a) & planted.keys()
    ]
    lasting = [a for a in holds if reading.open.get(a["alert_id"], {}).get("grade") == "hold"]
    put_right = [
        a
        for a in holds
        if any(world.situations[rid] & PUT_RIGHT for rid in world.names(a) & world.situations.keys())
    ]
    result = {
        **{key: world.about[key] for key in ("world", "seed", "clean", "scale")},
        "registrations": len(world.known_from),
        "planted": sum(t["kind"] != "error" for t in planted.values()),
        "errors": sum(t["kind"] == "error" for t in planted.values()),
        "alerts": len(reading.first),
        "cases": len(cases),
        "precision_direct": share(sum(direct for _, direct, _ in cases), len(cases)),
        "precision_wide": share(sum(wide for _, _, wide in cases), len(cases)),
    }
    for kind in ("planted", "error"):
        own = [rid for rid, row in planted.items() if (row["kind"] == "error") == (kind == "error")]
        for name, hit in (("direct", reading.direct), ("wide", reading.wide)):
            result[f"recall_{kind}_{name}"] = share(sum(rid in hit for rid in own), len(own))
    seconds = sum(row["seconds"] for row in planted.values())
    result |= {
        "seconds_recall_direct": share(sum(planted[rid]["seconds"] for rid in reading.direct), seconds),
        "average_precision": round(average_precision(world, reading.score), 3),
        "false_alerts": len(false),
        "false_alerts_per_1000": round(1_000 * len(false) / max(1, world.honest), 2),
        "holds": len(reading.held),
        "false_holds": len(holds),
        "false_holds_at_end": len(lasting),
        "false_holds_put_right_later": len(put_right),
    }
    return result


def print_tables(world: World, reading: Reading) -> None:
    alerted = {rid for alert in reading.first.values() for rid in world.names(alert)}
    by_pattern = defaultdict(list)
    for rid, row in world.truth.items():
        by_pattern[row["kind"], row["pattern"]].append(rid)
    print(f"{'pattern':26}{'n':>6}  kind     wide  direct  alerted")
    for (kind, pattern), ids in sorted(by_pattern.items()):
        shares = [
            sum(rid in hit for rid in ids) / len(ids) for hit in (reading.wide, reading.direct, alerted)
        ]
        print(f"{pattern:26}{len(ids):6}  {kind:8}{shares[0]:5.2f}{shares[1]:8.2f}{shares[2]:9.2f}")
    print(f"\n{'cases by leading rule':26}{'n':>6}  direct  wide")
    rules = defaultdict(list)
    for rule, direct, wide in reading.cases:
        rules[rule].append((direct, wide))
    for rule, cases in sorted(rules.items(), key=lambda item: -len(item[1])):
        print(f"{rule:26}{len(cases):6}{sum(d for d, _ in cases):8}{sum(w for _, w in cases):6}")
    subjects = {a["subject"]["id"] for a in reading.first.values() if a["subject"]["kind"] == "registration"}
    held = {a["subject"]["id"] for a in reading.held.values() if a["subject"]["kind"] == "registration"}
    print(f"\n{'innocent situation':28}{'n':>8}{'alerts':>8}{'per 1,000':>11}{'holds':>7}")
    counts = defaultdict(lambda: [0, 0, 0])
    for rid in world.known_from:
        if rid not in world.truth:
            for situation in world.situations.get(rid) or {"(none)"}:
                count = counts[situation]
                count[0], count[1], count[2] = (
                    count[0] + 1,
                    count[1] + (rid in subjects),
                    count[2] + (rid in held),
                )
    for situation, (n, alerts, holds) in sorted(counts.items(), key=lambda item: -item[1][1] / item[1][0]):
        print(f"{situation:28}{n:8}{alerts:8}{1_000 * alerts / n:11.1f}{holds:7}")
    print("\nfalse cases by situation:", dict(reading.false_cases.most_common(20)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("alerts", type=Path)
    parser.add_argument("--budget", type=int, default=20, help="cases a day")
    parser.add_argument("--json", action="store_true", help="the summary only")
    args = parser.parse_args()
    world = World(args.folder)
    reading = Reading(world, args.alerts, args.budget)
    if not args.json:
        print_tables(world, reading)
        print()
    print(json.dumps(summary(world, reading)))


if __name__ == "__main__":
    main()
