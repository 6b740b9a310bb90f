#!/usr/bin/env python3
"""Checks a written world against itself: check_world.py DIR. Exit code 1, with examples, on any fault.

Honest life must be possible: nobody in two places, every way drivable, clients at home when served.
Honest registrations must agree with what was, within the noise that their system and their maker are
known for. Planted ones must be known ones, and claim no more than their record. Only the files are read,
nothing of the code that wrote them.
"""

import datetime as dt
import json
import sys
from collections import Counter, defaultdict
from math import cos, hypot, radians
from pathlib import Path

FASTEST = 25.0  # metres a second as the crow flies: 90 km/h on a straight road
SAME_PLACE = 150  # metres; a fix of a shop or a large building
WAITING = 21 * 60  # seconds at a door that stays closed, with the wait for a colleague
# Somebody was there, but another person, at another client, or at another price.
OTHERWISE_WRONG = {
    "login-lent",
    "billed-above",
    "couple-billed-twice",
    "split-for-pay",
    "wrong-client",
    "wrong-login",
    "sent-twice",
}
RISING = {"started", "ended", "recorded", "amended", "cancelled", "approved", "approval_withdrawn"}


def seconds(text: str) -> float:
    return dt.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def lines(path: Path):
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


class Check:
    def __init__(self, folder: Path):
        self.folder = folder
        self.faults: Counter = Counter()
        self.examples: dict[str, list[str]] = defaultdict(list)
        self.stays = [row for row in lines(folder / "lived.jsonl") if row["kind"] == "stay"]
        self.absences = [row for row in lines(folder / "lived.jsonl") if row["kind"] == "absence"]
        self.truth = {row["registration_id"]: row for row in lines(folder / "truth.jsonl")}
        self.innocent = {row["registration_id"] for row in lines(folder / "innocent.jsonl")}
        self.last: dict[str, dict] = {}
        self.versions = self.refused = 0
        self.about = json.loads((folder / "world.json").read_text(encoding="utf-8"))

    def fault(self, kind: str, example: object) -> None:
        self.faults[kind] += 1
        if len(self.examples[kind]) < 3:
            self.examples[kind].append(str(example)[:400])

    def feed(self) -> None:
        """Versions rise, ids and times are sound, and lines come in order."""
        known: dict[tuple[str, int], str] = {}
        for record in lines(self.folder / "registrations.jsonl"):
            self.versions += 1
            rid, version = record["registration_id"], record["version"]
            if record["event_type"] not in RISING:
                self.fault("unknown event", record)
            shown = json.dumps(record, sort_keys=True)
            if known.setdefault((rid, version), shown) != shown:
                self.fault("one version with two contents", record)
            emitted = seconds(record["emitted_at"])
            start = seconds(record["start_at"])
            end = seconds(record["end_at"]) if "end_at" in record else start
            if max(start, end) > emitted + 300 or end < start or end - start > 86_400:
                self.refused += 1  # no reader can take it
                if self.refused > self.about["refused"]:
                    self.fault("an impossible line", record)
            elif end == start and "end_at" in record:
                self.fault("a length of zero", record)
            before = self.last.get(rid)
            if before is None or before["version"] <= version:
                self.last[rid] = record
            if before is not None and before["version"] != version:
                later = seconds(before["emitted_at"]) < emitted
                if (before["version"] < version) != later:
                    self.fault("versions not in order of emission", record)
        if self.refused != self.about["refused"]:
            self.fault("impossible lines", (self.refused, self.about["refused"]))

    def persons(self) -> None:
        """Each person's stays follow each other, and the way between them can be driven."""
        by_person = defaultdict(list)
        for stay in self.stays:
            by_person[stay["person"]].append(stay)
        for own in by_person.values():
            own.sort(key=lambda s: (s["from"], s["to"]))
            for a, b in zip(own, own[1:], strict=False):
                if a["stay"] == b["stay"]:
                    if (a["from"], a["to"]) != (b["from"], b["to"]):
                        self.fault("one stay with two spans", (a, b))
                    continue
                gap, way = b["from"] - a["to"], distance(a["to_lat"], a["to_lon"], b["lat"], b["lon"])
                if gap < 0:
                    self.fault("a person in two places", (a, b))
                elif way > SAME_PLACE and way > FASTEST * gap:
                    self.fault("a way that cannot be driven", (round(way), gap, a, b))
            for stay in own:
                way = distance(stay["lat"], stay["lon"], stay["to_lat"], stay["to_lon"])
                if way > SAME_PLACE and way > FASTEST * (stay["to"] - stay["from"]):
                    self.fault("a stay that moves too fast", stay)

    def clients(self) -> None:
        """Nobody is served while away, but for a closed door, a death found, and the flat seen to."""
        away = defaultdict(list)
        for row in self.absences:
            away[row["client"]].append(row)
        for stay in self.stays:
            for row in away.get(stay["client"], ()):
                inside = min(stay["to"], row["to"]) - max(stay["from"], row["from"])
                allowed = WAITING if stay["outcome"] == "client_absent" else 120
                if inside <= allowed or stay["check"]:
                    continue
                if row["why"] == "deceased" and stay["from"] - row["from"] < 14 * 3_600:
                    continue
                self.fault("a client served while away", (row, stay))

    def claims(self) -> None:
        """Standing honest registrations agree with what was; planted ones do not."""
        stays = {rid: (stay, noise) for stay in self.stays for rid, noise in stay["registrations"].items()}
        for rid, record in self.last.items():
            if record["event_type"] == "cancelled" or "end_at" not in record:
                continue
            start, end = seconds(record["start_at"]), seconds(record["end_at"])
            if rid in self.truth:
                self._planted(rid, record, start, end, stays.get(rid))
                continue
            if rid not in stays:
                self.fault("an honest registration of nothing", record)
                continue
            stay, noise = stays[rid]
            off = max(abs(start - stay["from"]), abs(end - stay["to"]))
            if off > noise:
                self.fault("an honest registration beyond its noise", (round(off), noise, record))
        for rid in self.truth:
            if rid not in self.last:
                self.fault("truth about an unknown registration", rid)
            if rid in self.innocent:
                self.fault("planted and innocent at once", rid)
        for rid in self.innocent - self.last.keys():
            self.fault("a situation of an unknown registration", rid)

    def _planted(self, rid: str, record: dict, start: float, end: float, stay: tuple | None) -> None:
        """The seconds lie within the claim, and nobody was there in them, where that is what is wrong."""
        row = self.truth[rid]
        billed = record.get("payment", {}).get("billable_seconds") or 0
        if not 0 < row["seconds"] <= max(end - start, billed) + 1:
            self.fault("planted seconds beyond the claim", (row, record))
        if row["pattern"] in OTHERWISE_WRONG:
            return
        there = max(0, min(end, stay[0]["to"]) - max(start, stay[0]["from"])) if stay else 0
        if end - start - there < 0.8 * row["seconds"] - 120:
            self.fault("planted seconds in which somebody was there", (row, stay, record))

    def run(self) -> int:
        for part in (self.feed, self.persons, self.clients, self.claims):
            part()
        counts = f"{self.versions} versions of {len(self.last)} registrations, {len(self.stays)} stays"
        print(f"{self.folder}: {counts}, {len(self.truth)} planted or mistaken")
        for kind, count in sorted(self.faults.items()):
            print(f"  {kind}: {count}")
            for example in self.examples[kind]:
                print(f"    {example}")
        if not self.faults:
            print("  sound")
        return 1 if self.faults else 0


def distance(lat: float, lon: float, to_lat: float, to_lon: float) -> float:
    """Metres as the crow flies."""
    return hypot((lat - to_lat) * 111_195, (lon - to_lon) * 111_195 * cos(radians(lat)))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__.splitlines()[0])
    sys.exit(Check(Path(sys.argv[1])).run())
