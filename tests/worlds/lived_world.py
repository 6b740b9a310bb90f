#!/usr/bin/env python3
"""Writes a municipality's home care as it is lived and as it is registered.

lived_world.py --seed N --out DIR [--clean] [--days 60] [--scale 1]
"""

import argparse
import json
from pathlib import Path

from lived import acts, marks
from lived.clock import FIRST_DAY, midnight, stream
from lived.land import coordinates
from lived.registry import Registry
from lived.world import World


def lived_lines(world: World):
    """What was, and how far off each registration of it may honestly be: for the check only."""
    for presence in world.stays:
        (lat, lon), (to_lat, to_lon) = coordinates(presence.at), coordinates(presence.to)
        yield {
            "kind": "stay",
            "stay": presence.stay,
            "person": presence.person,
            "client": presence.client.ref,
            "from": presence.start,
            "to": presence.end,
            "lat": round(lat, 6),
            "lon": round(lon, 6),
            "to_lat": round(to_lat, 6),
            "to_lon": round(to_lon, 6),
            "role": presence.role,
            "outcome": presence.outcome,
            "check": "home-check-in-absence" in presence.sits,
            "registrations": {claim.rid: claim.noise for claim in presence.registrations if claim.standing},
        }
    for client in world.clients:
        for absence in client.absences:
            yield {
                "kind": "absence",
                "client": client.ref,
                "why": absence.kind,
                "from": absence.start,
                "to": absence.end,
            }


def write_lines(path: Path, rows) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write((row if isinstance(row, str) else json.dumps(row, separators=(",", ":"))) + "\n")


def write(world: World, out: Path) -> dict:
    out.mkdir(parents=True, exist_ok=True)
    world.out.sort(key=lambda row: row[:2])
    write_lines(out / "registrations.jsonl", (text for _, _, text in world.out))
    registry = Registry(world, stream(world.seed, "facts"))
    facts = registry.write()
    write_lines(out / "reference.jsonl", facts)
    claims = sorted(world.claims, key=lambda claim: claim.rid)
    marks.mark(world, registry)
    for claim in claims:
        if claim.truth and not claim.standing:
            claim.truth = None  # taken back by its maker
        elif claim.truth and claim.presence.planted and claim.end:
            claim.truth["seconds"] = claim.end - claim.start
        elif claim.truth and claim.truth["pattern"] == "couple-billed-twice":
            claim.truth["seconds"] = (claim.end - claim.start) // 2
        elif claim.truth and claim.pay_factor > 1:
            claim.truth["seconds"] = int((claim.end - claim.start) * (claim.pay_factor - 1))
    planted = [claim for claim in claims if claim.truth]
    write_lines(out / "truth.jsonl", ({"registration_id": c.rid, **c.truth} for c in planted))
    write_lines(
        out / "innocent.jsonl",
        (
            {"registration_id": c.rid, "situation": sit}
            for c in claims
            if not c.truth
            for sit in sorted(c.sits)
        ),
    )
    write_lines(out / "lived.jsonl", lived_lines(world))
    about = {
        "world": "lived",
        "seed": world.seed,
        "clean": world.clean,
        "days": world.days,
        "scale": world.scale,
        "first_day": FIRST_DAY.isoformat(),
        "utc_base": midnight(0),
        "start_day": 7,
        "clients": len(world.clients),
        "registrations": len(claims),
        "versions": len(world.out),
        "facts": len(facts),
        "refused": world.refused,
        "planted": sum(c.truth["kind"] == "planted" for c in planted),
        "errors": sum(c.truth["kind"] == "error" for c in planted),
    }
    (out / "world.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    return about


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--clean", action="store_true", help="nothing planted, and every error put right in time"
    )
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--scale", type=float, default=1.0, help="1 is about 1,500 clients")
    args = parser.parse_args()
    world = World(args.seed, args.days, args.scale, args.clean)
    if not args.clean:
        acts.cast(world)
    world.live()
    print(json.dumps(write(world, args.out)))


if __name__ == "__main__":
    main()
