#!/usr/bin/env python3
"""An independent detector on the same input as `tidvakt replay`, to compare the service with.

  baseline.py --reference REF --out ALERTS [--budget 10] [--level 0.001] REGISTRATIONS

Three exact rules (a carer at two clients at once by electronic readings, a duplicate, a visit while the client is
away or dead) and conjugate predictive tails: length against plan, client and carer (normal-inverse-gamma), counts
a day (gamma-Poisson), shares of marked visits a carer (beta-binomial against the provider's other carers). Every
raw tail passes a recalibration table that is frozen at local midnight; tails are combined by the Cauchy rule.
Input is read once, in the order of the file; facts enter at `recorded_at`. Rule findings are published at once,
statistics at the end of the local day: at most `--budget` cases (carers) whose combined tail is at most `--level`.
Output: alerts as JSON Lines, every state in order, without Swedish texts. Only the formats are the service's.
"""
import argparse
import collections
import datetime as dt
import json
import math
import zoneinfo

from tails import DayCounts, Hierarchy, Shares, Table, cauchy, student_upper

ZONE = zoneinfo.ZoneInfo("Europe/Stockholm")
ELECTRONIC = {"nfc_tag", "digital_lock", "beacon", "gps_app", "telephony", "fixed_device"}
PRESENT = {"performed", "partly"}            # outcomes that claim presence
AT_HOME = {"planned", "unplanned", "alarm", "night_tour"}
SLACK = 120                                   # s of overlap, and between starts of duplicates, that mean nothing
WEIGHTS = {"length-client": 1.0, "length-plan": 1.0, "count-client": 1.0, "count-carer": 1.0,
           "start": 0.2, "lag": 0.2, "hours": 0.2}  # the last three are context: weak signals dilute strong ones
GRADES, CLASSES = ["observe", "review", "hold"], ["error", "deviation", "contradiction", "pattern"]


def moment(text):
    """Seconds since 1970 of an RFC 3339 time."""
    return dt.datetime.fromisoformat(text).timestamp()


def clock(seconds):
    return dt.datetime.fromtimestamp(seconds, dt.timezone.utc).isoformat().replace("+00:00", "Z")


# ---- records ---------------------------------------------------------------------------------------------------

class Visit:
    """One version of a registration, reduced to what the detector reads."""

    def __init__(self, record):
        r = record
        self.id, self.version, self.type = r["registration_id"], r["version"], r["event_type"]
        self.muni, self.provider = r["municipality"], r["provider_id"]
        self.carer, self.client = r["carer_ref"], r["client_ref"]
        self.start, self.end = moment(r["start_at"]), moment(r["end_at"]) if r.get("end_at") else None
        self.captures = (r.get("start_capture") or {}, r.get("end_capture") or {})
        self.methods = [c.get("method", "unknown") for c in self.captures]
        self.electronic = all(m in ELECTRONIC for m in self.methods)
        self.read = [moment(c["recorded_at"]) if c.get("recorded_at") else claimed
                     for c, claimed in zip(self.captures, (self.start, self.end))]
        plan = (r.get("planned_start"), r.get("planned_end"))
        self.plan = tuple(map(moment, plan)) if all(plan) and plan[1] > plan[0] else None
        self.kind, self.outcome = r.get("visit_kind", "planned"), r.get("outcome", "performed")
        self.shared, self.trainee = r.get("shared_visit_id"), bool(r.get("trainee")) or r.get("billable") is False
        self.service = ((r.get("tasks") or [{}])[0].get("code")) or self.kind
        pay = r.get("payment") or {}
        self.billed = pay.get("billable_seconds") if pay.get("mode", "performed") == "performed" else None
        self.period = pay.get("pay_period") or r["start_at"][:7]
        self.order, self.tariff = r.get("order_id"), pay.get("tariff_code")
        self.longer = any(e.get("field") == "end_at" and e.get("old") and e.get("new") and
                          moment(e["new"]) > moment(e["old"]) for e in r.get("edits") or ())
        self.emitted = moment(r["emitted_at"]) if r.get("emitted_at") else (self.end or self.start)
        local = dt.datetime.fromtimestamp(self.start, ZONE)
        self.clock = local.hour * 3600 + local.minute * 60 + local.second
        self.day, self.seq = local.toordinal(), 0

    @property
    def live(self):
        return self.type != "cancelled" and self.end is not None and self.end > self.start


class Facts:
    """Homes, absences and tariffs in force, by the latest `recorded_at` of each fact id."""

    def __init__(self):
        self.by_id, self.household, self.absences, self.rate = {}, {}, collections.defaultdict(dict), {}

    def add(self, fact):
        """Applies a fact and returns the client whose absences changed, if any."""
        old, body = self.by_id.get(fact["fact_id"]), fact["body"]
        if old and moment(old["recorded_at"]) > moment(fact["recorded_at"]):
            return None
        self.by_id[fact["fact_id"]] = fact
        if fact["type"] == "client_home":
            self.household[body["client_ref"]] = body.get("household_ref")
        elif fact["type"] == "tariff":
            self.rate[body["tariff_code"]] = body["ore_per_hour"]
        elif fact["type"] == "client_absence":
            until = moment(fact["valid_to"]) if fact.get("valid_to") else math.inf
            self.absences[body["client_ref"]][fact["fact_id"]] = (moment(fact["valid_from"]), until, body)
        return body["client_ref"] if fact["type"] == "client_absence" else None


# ---- the detector ----------------------------------------------------------------------------------------------

class Detector:
    def __init__(self, out, budget, level):
        self.out, self.budget, self.level = out, budget, level
        self.facts, self.visits, self.alerts = Facts(), {}, {}
        self.by_carer, self.by_client = collections.defaultdict(set), collections.defaultdict(set)
        self.named_by = collections.defaultdict(set)        # registration -> alerts that name it as related
        self.length, self.plain = Hierarchy(60, 0.0, 0.09), Hierarchy(60, 7.2, 0.16)    # plain: ln s, without a plan
        self.plan, self.carer_mean = Hierarchy(2000, 0.0, 0.2), Hierarchy(400, 0.0, 1.0)
        self.begin, self.delay, self.hours = Hierarchy(60, 0.0, 0.5), Hierarchy(60, 1.0, 1.0), Hierarchy(30, 5.5, 0.3)
        self.counts = {"count-client": DayCounts(), "count-carer": DayCounts()}
        self.shares, self.tables = Shares(), collections.defaultdict(Table)
        self.drift, self.tokens, self.user, self.minutes = {}, {}, {}, {}
        self.today, self.now, self.queue, self.handed = None, 0.0, [], {}

    def advance(self, seconds):
        """Moves the append time on, never back, and closes the local day where a new one begins."""
        day = dt.datetime.fromtimestamp(max(self.now, seconds), ZONE).toordinal()
        if self.today != day:
            self.close_day(day)
        self.now = max(self.now, seconds)

    def fact(self, fact):
        self.advance(moment(fact["recorded_at"]))
        for i in sorted(self.by_client.get(self.facts.add(fact), ())):
            self.rules(self.visits[i])

    def record(self, record):
        """Takes one line of the file: a repeat or an older version changes nothing."""
        v = Visit(record)
        old = self.visits.get(v.id)
        if old and old.version >= v.version:
            return
        self.advance(v.emitted)
        v.seq = old.seq if old else len(self.visits)
        self.visits[v.id] = v
        if old:
            self.by_carer[old.carer, old.day].discard(v.id)
        self.by_carer[v.carer, v.day].add(v.id)
        self.by_client[v.client].add(v.id)
        again = {v.id}
        if old:
            again |= self.named_by.pop(v.id, set()) | {o.id for o in self.neighbours(v)}
            self.settle(v, {f: None for f in self.alerts.get(self.alert_id(v), {}).get("findings", {})
                            if f.startswith("tail-")})
        for i in sorted(again):
            self.rules(self.visits[i])
        if v.live and v.kind in AT_HOME and v.outcome in PRESENT:
            self.statistics(v, old)

    # -- exact rules --

    def neighbours(self, v):
        """The carer's other registrations that start on the day before, the same day or the day after."""
        ids = {i for day in (v.day - 1, v.day, v.day + 1) for i in self.by_carer.get((v.carer, day), ())} - {v.id}
        return sorted((self.visits[i] for i in ids), key=lambda o: o.seq)

    def rules(self, v):
        near = [o for o in self.neighbours(v) if o.live and o.seq < v.seq] if v.live else []
        self.settle(v, {"duplicate": self.duplicate(v, near), "carer-overlap": self.overlap(v, near),
                        "client-absent": self.absent(v) if v.live else None})

    def duplicate(self, v, near):
        twins = [o for o in near if o.client == v.client and abs(o.start - v.start) <= SLACK]
        if not twins:
            return None
        return self.finding("duplicate", "hold", v.end - v.start, [o.id for o in twins],
                            f"same carer, client and start as {twins[0].id}")

    def overlap(self, v, near):
        """Two clients at once: by the claim and by the raw readings, so that rounding and edits do not count."""
        if not v.electronic:
            return None
        hits, worst, known = [], 0.0, True
        for o in near:
            if o.client == v.client or not o.electronic or (v.shared and v.shared == o.shared):
                continue
            here, there = self.facts.household.get(v.client), self.facts.household.get(o.client)
            if here and here == there:
                continue
            shared = min(min(v.end, o.end) - max(v.start, o.start),
                         min(v.read[1], o.read[1]) - max(v.read[0], o.read[0]))
            if shared > SLACK:
                hits.append(o.id)
                worst, known = max(worst, shared), known and bool(here and there)
        if not hits:
            return None
        return self.finding("carer-overlap", "hold" if known else "review", worst, hits,
                            f"at two clients at once for {worst:.0f} s, all ends electronic")

    def absent(self, v):
        if v.outcome not in PRESENT or v.kind not in AT_HOME:
            return None
        for since, until, body in self.facts.absences.get(v.client, {}).values():
            first = dt.datetime.fromtimestamp(since, ZONE).toordinal()
            last = dt.datetime.fromtimestamp(until, ZONE).toordinal() if until < math.inf else math.inf
            if v.start >= since and v.end <= until and first < v.day < last:
                sure = body["confirmed_by"] in ("hospital", "registry")
                return self.finding("client-absent", "hold" if sure else "review", v.end - v.start, [],
                                    f"{body['kind']} by {body['confirmed_by']} from {clock(since)}")
        return None

    # -- statistics --

    def statistics(self, v, old):
        """Tails of one visit. A later version is scored anew and not learned twice."""
        tails, length, first = {}, v.end - v.start, old is None
        planned = v.plan[1] - v.plan[0] if v.plan else 0.0
        y = math.log(length / (planned or 1.0))
        daypart = v.clock // 14400 if not v.plan else 0
        store = self.length if v.plan else self.plain
        z, nu = store.score((v.client, v.service, daypart), (v.provider, v.service, daypart), y, first)
        tails["length-client"] = student_upper(z, nu)
        if v.plan:
            zp, nup = self.plan.score((v.provider, v.service), "all", y, first)
            tails["length-plan"] = student_upper(zp, nup)
            zs, nus = self.begin.score(v.client, v.provider, math.asinh((v.start - v.plan[0]) / 900), first)
            tails["start"] = 2 * student_upper(abs(zs), nus)
        zl, nul = self.delay.score(v.carer, v.provider, math.log1p(max(0.0, v.emitted - v.end) / 60), first)
        tails["lag"] = student_upper(zl, nul)
        if first:
            if not v.plan:
                tails["count-client"] = self.counts["count-client"].upper(v.client, v.day)
                tails["count-carer"] = self.counts["count-carer"].upper(v.carer, v.day)
            self.hours_today(v, length, tails)
        p = {s: self.tables[s].through(t) for s, t in tails.items()}
        total = cauchy([(q, WEIGHTS[s]) for s, q in p.items()])
        best = min(p, key=p.get)
        detail = f"{length / 60:.0f} min, plan {planned / 60:.0f} min, residual {z:.1f}, least tail {best}"
        if total <= self.level:
            over = max(0.0, length - planned)
            self.queue.append((total, v, self.finding("tail-" + best, "review", over, [], detail, total), False))
        if first:
            self.marks(v, z, length)
        elif v.longer and not old.longer:
            self.mark(v, "lengthened", True)

    def hours_today(self, v, length, tails):
        """The carer's minutes of a day: learned when the day is over, scored as they grow."""
        day, total = self.minutes.get(v.carer, (v.day, 0.0))
        if v.day > day and total:
            self.hours.score(v.carer, v.provider, math.log(total))
            total = 0.0
        self.minutes[v.carer] = (max(day, v.day), total + length / 60)
        z, nu = self.hours.score(v.carer, v.provider, math.log(total + length / 60), learn=False)
        tails["hours"] = student_upper(z, nu)

    def marks(self, v, z, length):
        """Marks of a visit, each a share among the carer's latest visits; and the carer's creeping mean."""
        day_copy = any((v.carer, v.client, v.day - back, int(v.clock), int(length)) in self.tokens for back in (1, 7))
        self.tokens[v.carer, v.client, v.day, int(v.clock), int(length)] = None
        device = v.captures[0].get("device_ref")
        other = self.user.get(device, v.carer) != v.carer
        if device:
            self.user[device] = v.carer
        seen = {"manual": not all(m in ELECTRONIC or m == "app_button" for m in v.methods), "day-copy": day_copy,
                "rounded": v.start % 300 == v.end % 300 == 0, "long": z > 2, "short": z < -2, "lengthened": v.longer}
        if v.plan:
            seen["plan-copy"] = (v.start, v.end) == v.plan
        if v.billed is not None:
            seen["billed-above"] = v.billed > length + 60
        if device:
            seen["other-device"] = other
        for mark, hit in seen.items():
            self.mark(v, mark, hit)
        slow, _ = self.carer_mean.score(v.carer, v.provider, max(-3.0, min(3.0, z)))
        level, run = self.drift.get(v.carer, (0.0, []))
        level = max(0.0, level + max(-3.0, min(3.0, slow)) - 0.3)
        run = (run + [v.id])[-16:] if level > 0 else []
        self.drift[v.carer] = (level, run)
        if level > 0:
            raw = min(1.0, math.exp(-0.6 * (level + 0.583)))
            self.carer_finding(v, "creep", raw, run, f"visits longer than usual, cumulative sum {level:.1f}")

    def mark(self, v, mark, hit):
        got = self.shares.see(v.provider, v.carer, mark, v.id, hit)
        if not got:
            self.tables["share-" + mark].through(1.0)           # the table counts visits, so rare marks stay rare
            return
        raw, k, n, share, marked = got
        self.carer_finding(v, mark, raw, marked, f"{k} of {n} visits {mark}, peers {share:.3f}")

    def carer_finding(self, v, mark, raw, marked, text):
        p = self.tables["share-" + mark].through(raw)
        if p <= self.level:
            seconds = sum(self.visits[i].end - self.visits[i].start for i in marked)
            self.queue.append((p, v, self.finding("share-" + mark, "review", seconds, marked[-16:], text, p), True))

    # -- the day's queue --

    def close_day(self, day):
        """Publishes the best cases of the day, freezes tables and peers for the next one."""
        cases = collections.defaultdict(list)
        for p, v, finding, wide in self.queue:
            rule, (when, before) = finding["rule"], self.handed.get((v.carer, finding["rule"]), (-99, 0.0))
            if self.visits[v.id].version == v.version and (-math.log10(p) >= before + 1 or self.today - when >= 7):
                cases[v.carer].append((p, v, finding, wide, rule))
        order = {c: (not any(e[3] for e in cases[c]), min(e[0] for e in cases[c]), c) for c in cases}
        for carer in sorted(cases, key=order.get)[:self.budget]:        # repeated marks before one odd visit
            for p, v, finding, wide, rule in cases[carer]:
                when, before = self.handed.get((carer, rule), (-99, 0.0))
                self.handed[carer, rule] = (self.today, max(-math.log10(p), before if self.today == when else 0.0))
                self.settle(v, {rule: finding}, wide)
        self.queue, self.today = [], day
        for table in self.tables.values():
            table.freeze()
        for counts in self.counts.values():
            counts.close_day()
        self.shares.freeze()
        self.tokens = {k: None for k in self.tokens if k[2] >= day - 9}

    # -- alerts --

    def finding(self, rule, grade, seconds, related, text, p=None):
        kind = "pattern" if rule.startswith("share") else "deviation" if p else \
            "error" if rule == "duplicate" else "contradiction"
        return {"rule": rule, "rule_version": 1, "class": kind, "grade": grade, "p_value": p,
                "related": sorted(set(related)), "seconds_in_question": int(seconds), "text": {"en": text}}

    @staticmethod
    def alert_id(v, wide=False):
        return f"{v.muni}:carer_period:{v.carer}:{v.period}" if wide else f"{v.muni}:registration:{v.id}"

    def settle(self, v, found, wide=False):
        """Sets or removes findings of one alert and publishes it where that changed anything."""
        key = self.alert_id(v, wide)
        alert = self.alerts.get(key, {"findings": {}, "revision": 0})
        findings = dict(alert["findings"])
        for rule, finding in found.items():
            findings.pop(rule, None)
            if finding:
                findings[rule] = finding
                for i in finding["related"] if not wide else ():
                    self.named_by[i].add(v.id)
        if findings == alert["findings"]:
            return
        alert = {"findings": findings, "revision": alert["revision"] + 1}
        self.alerts[key] = alert
        self.publish(v, key, alert, wide)

    def publish(self, v, key, alert, wide):
        findings = [f for _, f in sorted(alert["findings"].items())]
        grade = max((f["grade"] for f in findings), key=GRADES.index, default="observe")
        score = max((6 + math.log10(1 + f["seconds_in_question"] / 60) if f["p_value"] is None
                     else min(6.0, -math.log10(f["p_value"])) for f in findings), default=0.0)
        seconds = max((f["seconds_in_question"] for f in findings), default=0)
        ore, now = round(seconds * self.facts.rate.get(v.tariff, 0) / 3600), clock(self.now)
        body = {"schema_version": 1, "alert_id": key, "municipality": v.muni, "revision": alert["revision"],
                "state": "withdrawn" if not findings else "opened" if alert["revision"] == 1 else "revised",
                "subject": {"kind": "carer_period", "id": f"{v.carer}:{v.period}"} if wide else
                {"kind": "registration", "id": v.id, "version": v.version},
                "case_id": f"{v.muni}:carer:{v.carer}:{v.period}", "provider_id": v.provider, "carer_ref": v.carer,
                "client_ref": None if wide else v.client, "pay_period": v.period, "grade": grade, "waiting": False,
                "class": max((f["class"] for f in findings), key=CLASSES.index, default=None), "score": round(score, 3),
                "p_value": min((f["p_value"] for f in findings if f["p_value"]), default=None),
                "amount_at_risk_ore": ore, "findings": findings, "event_time": clock(v.start), "assessed_at": now}
        if grade == "hold" and not wide:
            body["hold"] = {"hold_id": key + ":1", "registration_id": v.id, "version": v.version, "order_id": v.order,
                            "tariff_code": v.tariff, "pay_period": v.period, "seconds_in_question": seconds,
                            "amount_ore": ore, "reason_codes": [f["rule"] for f in findings if f["grade"] == "hold"],
                            "state": "proposed", "proposed_at": now}
        self.out.write(json.dumps(body) + "\n")


def records(path):
    """Lines of a JSON Lines file; a line that is no object ends the run with its place and fault."""
    with open(path) as lines:
        for number, line in enumerate(lines, 1):
            try:
                record = json.loads(line)
                if not isinstance(record, dict):
                    raise ValueError(f"found {type(record).__name__}")
            except ValueError as fault:
                raise SystemExit(f"{path}:{number}: {fault}; expected one JSON object a line") from fault
            yield record


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--budget", type=int, default=10, help="statistical cases (carers) a local day")
    parser.add_argument("--level", type=float, default=0.001, help="largest combined tail that makes a case")
    parser.add_argument("registrations")
    args = parser.parse_args()
    facts = sorted(records(args.reference), key=lambda f: moment(f["recorded_at"]), reverse=True)
    with open(args.out, "w") as out:
        detector = Detector(out, args.budget, args.level)
        for record in records(args.registrations):
            emitted = moment(record.get("emitted_at") or record.get("end_at") or record["start_at"])
            while facts and moment(facts[-1]["recorded_at"]) <= max(emitted, detector.now):
                detector.fact(facts.pop())
            detector.record(record)
        detector.close_day(detector.today)


if __name__ == "__main__":
    main()
