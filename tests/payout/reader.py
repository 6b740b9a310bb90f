#!/usr/bin/env python3
"""The rule of clearance, read a second time: from README and AsyncAPI alone, with a client that is not ours.

    reader.py --bootstrap HOST:PORT --feed TOPIC --alerts TOPIC --progress TOPIC [--at TIME]

Prints one JSON object a line, in order of municipality and registration id:

    {"kind": "registration", "municipality", "registration_id", "version", "positions", "state", "payable_seconds",
     "held_seconds"}
    {"kind": "digest", "municipality", "published", "recomputed", "open_alerts"}

`recomputed` is what the alert topic gives for `digest` of the municipality's progress record; the two agree where no
alert was published after that record.
"""

import argparse
import hashlib
import json
import re
import sys
import time
from datetime import datetime, timezone

import confluent_kafka
from confluent_kafka import Consumer, KafkaError, TopicPartition

PATIENCE_SECONDS = 30
OPEN = {"proposed", "confirmed", "upheld"}
NOT_OPEN = {"released", "expired", "superseded"}
VERSION_MAX = 2**31
# A version that cannot be read counts as the highest.
UNREADABLE_VERSION = VERSION_MAX + 1


def consumer(bootstrap, isolation):
    return Consumer({
        "bootstrap.servers": bootstrap,
        "group.id": "payout",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "auto.offset.reset": "error",
        "isolation.level": isolation,
    })


class Log:
    """Reads whole topics."""

    def __init__(self, bootstrap):
        self.committed = consumer(bootstrap, "read_committed")
        self.written = consumer(bootstrap, "read_uncommitted")

    def read(self, topic):
        """All committed records, partition by partition. An end is one only once no transaction is open below what was
        written when the reading began."""
        metadata = self.committed.list_topics(topic, timeout=PATIENCE_SECONDS).topics[topic]
        if metadata.error is not None:
            sys.exit(f"{topic}: {metadata.error}")
        for partition in sorted(metadata.partitions):
            yield from self.partition(topic, partition)

    def partition(self, topic, partition):
        at = TopicPartition(topic, partition)
        low, high = self.written.get_watermark_offsets(at, timeout=PATIENCE_SECONDS)
        if low == high:
            return
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.committed.get_watermark_offsets(at, timeout=PATIENCE_SECONDS)[1] < high:
            if deadline < time.monotonic():
                sys.exit(f"{topic}: a transaction is open below offset {high} of partition {partition}")
            time.sleep(0.1)
        self.committed.assign([TopicPartition(topic, partition, low)])
        while True:
            message = self.committed.poll(PATIENCE_SECONDS)
            if message is None:
                sys.exit(f"{topic}: no record of partition {partition} in {PATIENCE_SECONDS} s")
            if message.error() is None:
                yield message
            elif message.error().code() == KafkaError._PARTITION_EOF:
                break
            else:
                sys.exit(f"{topic}: {message.error()}")
        self.committed.unassign()


def json_object(value):
    """The JSON object in `value`, or None."""
    def refuse(word):
        raise ValueError(word)

    def number(text):
        parsed = float(text)
        if parsed in (float("inf"), float("-inf")):
            raise ValueError(text)
        return parsed

    try:
        parsed = json.loads((value or b"").decode(), parse_constant=refuse, parse_float=number)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def integer(value):
    """An integer by JSON Schema, where 1.0 is one; else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) else None


def instant(text):
    """A time as whole seconds since 1970; else None."""
    if not isinstance(text, str) or not re.fullmatch(
            r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", text):
        return None
    whole = re.sub(r"\.\d+", "", text).upper().replace("Z", "+00:00").replace(" ", "T")
    try:
        return int(datetime.fromisoformat(whole).astimezone(timezone.utc).timestamp())
    except ValueError:
        return None


def is_municipality(code):
    return isinstance(code, str) and re.fullmatch("[0-9]{4}", code, re.ASCII) is not None


def text_of(value):
    return (value or b"").decode(errors="replace")


class Progress:
    """How far the service has come."""

    def __init__(self, messages):
        self.records = {}
        for message in messages:
            key = text_of(message.key())
            # The latest of a key counts, also where it cannot be read.
            self.records[key, message.partition()] = self.checked(key, json_object(message.value()))

    @staticmethod
    def checked(key, record):
        if record is None or integer(record.get("schema_version")) != 1:
            return None
        kind, whole = record.get("kind"), lambda name: integer(record.get(name)) is not None
        if kind == "municipality" and record.get("municipality") == key:
            return record if whole("partition") and whole("assessed_through_offset") else None
        if kind == "partition" and key == f"partition|{record.get('partition')}":
            ranges = record.get("unassessed")
            good = whole("from_offset") and whole("through_offset") and isinstance(ranges, list)
            good = good and all(len(pair) == 2 and pair[0] <= pair[1] for pair in ranges)
            good = good and all(one[1] < next[0] for one, next in zip(ranges, ranges[1:]))
            return record if good else None
        return None

    def of(self, key):
        """The records under a key, one for each partition of the progress topic that has one."""
        return [record for (of, _), record in self.records.items() if of == key]


class Alerts:
    """The highest revision of each alert."""

    def __init__(self, messages):
        self.latest = {}
        self.unreadable = set()
        for message in messages:
            key, record = text_of(message.key()), json_object(message.value())
            revision = self.revision(key, record)
            if revision is None:
                self.unreadable.add(key)
                continue
            known = self.latest.get(key)
            if known is None or known[0] < revision:
                self.unreadable.discard(key)
                self.latest[key] = (revision, [record], message.value())
            elif known[0] == revision:
                self.latest[key] = (revision, known[1] + [record], message.value())

    @staticmethod
    def revision(key, record):
        if record is None or record.get("alert_id") != key or not isinstance(record.get("municipality"), str):
            return None
        hold = record.get("hold")
        if hold is not None and not (isinstance(hold, dict) and isinstance(hold.get("registration_id"), str)):
            return None
        revision = integer(record.get("revision"))
        return revision if revision is not None and 1 <= revision <= VERSION_MAX else None

    def holds(self):
        """The holds by municipality and registration."""
        holds = {}
        for _, records, _ in self.latest.values():
            for record in records:
                if record.get("hold") is not None:
                    hold = record["hold"]
                    holds.setdefault((record["municipality"], hold["registration_id"]), []).append(hold)
        return holds

    def may_concern(self, municipality, registration_id):
        """Whether an alert that cannot be read may be about a registration."""
        for key in self.unreadable:
            of, colon, subject = key.partition(":")
            if not colon or len(of.encode()) != 4:
                return True
            kind, colon, named = subject.partition(":")
            if of == municipality and (kind != "registration" or not colon or named == registration_id):
                return True
        return False

    def digest(self, municipality):
        """SHA-256 over a line for each open alert, in order of alert id: the id, the revision, and the SHA-256 of the
        record's value, with a space between them and a line feed at the end."""
        digest, count = hashlib.sha256(), 0
        for key in sorted(self.latest, key=str.encode):
            revision, records, value = self.latest[key]
            if records[-1]["municipality"] == municipality and records[-1].get("state") != "withdrawn":
                digest.update(f"{key} {revision} {hashlib.sha256(value).hexdigest()}\n".encode())
                count += 1
        return digest.hexdigest(), count


class Feed:
    """The highest version of each registration."""

    def __init__(self, messages):
        self.highest = {}
        self.nameless = {}
        self.last = {}
        for message in messages:
            partition, offset = message.partition(), message.offset()
            self.last[partition] = offset
            record = json_object(message.value()) or {}
            registration_id, municipality = record.get("registration_id"), record.get("municipality")
            if not is_municipality(municipality):
                municipality = text_of(message.key())
            if not isinstance(registration_id, str) or not is_municipality(municipality):
                self.nameless.setdefault(partition, []).append(offset)
                continue
            version = integer(record.get("version"))
            if version is None or not 1 <= version <= VERSION_MAX:
                version = UNREADABLE_VERSION
            key = (municipality, registration_id)
            known = self.highest.get(key)
            if known is None or known[0] < version:
                self.highest[key] = (version, record, [(partition, offset)])
            elif known[0] == version:
                known[2].append((partition, offset))


class Payout:
    """Which registrations may be paid in the run that is scheduled at `run_at`."""

    def __init__(self, progress, alerts, feed, run_at):
        self.progress, self.alerts, self.feed, self.run_at = progress, alerts, feed, run_at
        self.holds = alerts.holds()
        self.contradicted = {partition for partition in feed.nameless if self.is_contradicted(partition)}

    def is_contradicted(self, partition):
        """Whether a record that names no registration is covered by progress, yet not listed as unassessed."""
        return any(
            record["from_offset"] <= offset <= record["through_offset"] and not self.is_listed(record, offset)
            for record in self.progress.of(f"partition|{partition}") if record is not None
            for offset in self.feed.nameless[partition])

    @staticmethod
    def is_listed(record, offset):
        return any(first <= offset <= last for first, last in record["unassessed"])

    def is_assessed(self, municipality, partition, offset):
        """(1) and (2) of the rule for one offset."""
        mine, its = self.progress.of(municipality), self.progress.of(f"partition|{partition}")
        if None in mine or None in its or partition in self.contradicted:
            return False
        mine = [record for record in mine if integer(record["partition"]) == partition]
        if not mine or not its:
            return False
        through = [record["assessed_through_offset"] for record in mine]
        through += [record["through_offset"] for record in its]
        return all(offset <= end <= self.feed.last[partition] for end in through) and all(
            record["from_offset"] <= offset and not self.is_listed(record, offset) for record in its)

    def is_open(self, hold):
        state = hold.get("state")
        if not isinstance(state, str) or state not in OPEN | NOT_OPEN:
            return True
        expires_at = instant(hold.get("expires_at"))
        is_void = None not in (self.run_at, expires_at) and expires_at <= self.run_at
        return state in OPEN and not (state == "proposed" and is_void)

    def registrations(self):
        for (municipality, registration_id), (version, record, positions) in sorted(
                self.feed.highest.items(), key=lambda item: [part.encode() for part in item[0]]):
            readable = version != UNREADABLE_VERSION
            assessed = readable and not self.alerts.may_concern(municipality, registration_id) and all(
                self.is_assessed(municipality, partition, offset) for partition, offset in positions)
            holds = [hold for hold in self.holds.get((municipality, registration_id), []) if self.is_open(hold)]
            seconds, held = self.seconds(record, holds)
            state = "unassessed" if not assessed else "hold" if holds else "payable"
            yield {
                "kind": "registration", "municipality": municipality, "registration_id": registration_id,
                "version": version if readable else None, "positions": [list(at) for at in positions], "state": state,
                "payable_seconds": 0 if state == "unassessed" else seconds - held, "held_seconds": held,
            }

    @staticmethod
    def seconds(record, holds):
        """Seconds of the visit, and of these the held ones: disputed spans united."""
        start, end = instant(record.get("start_at")), instant(record.get("end_at"))
        if record.get("event_type") == "cancelled" or start is None or end is None or end < start:
            return 0, 0
        disputed, more = set(), 0
        for hold in holds:
            spans = hold.get("disputed")
            spans = spans if isinstance(spans, list) else []
            ends = [(instant(span.get("from")), instant(span.get("to"))) for span in spans]
            if not ends or any(None in pair or pair[1] < pair[0] for pair in ends):
                seconds = integer(hold.get("seconds_in_question"))
                more += end - start if seconds is None or seconds < 0 else seconds
            else:
                for first, last in ends:
                    disputed.update(range(max(first, start), min(last, end)))
        return end - start, min(len(disputed) + more, end - start)


def main():
    parser = argparse.ArgumentParser()
    for name in ("bootstrap", "feed", "alerts", "progress"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--at")
    arguments = parser.parse_args()
    run_at = None
    if arguments.at is not None:
        run_at = instant(arguments.at)
        if run_at is None:
            sys.exit(f"--at {arguments.at}: expected a time with an offset")
    log = Log(arguments.bootstrap)
    # In this order: see "Clearance".
    progress = Progress(log.read(arguments.progress))
    alerts = Alerts(log.read(arguments.alerts))
    feed = Feed(log.read(arguments.feed))
    for line in Payout(progress, alerts, feed, run_at).registrations():
        print(json.dumps(line, ensure_ascii=False))
    for (key, _), record in sorted(progress.records.items()):
        if record is not None and record["kind"] == "municipality":
            recomputed, count = alerts.digest(key)
            print(json.dumps({"kind": "digest", "municipality": key, "published": record["digest"],
                              "recomputed": recomputed, "open_alerts": count}))


if __name__ == "__main__":
    print(f"confluent-kafka {confluent_kafka.version()[0]}", file=sys.stderr)
    main()
