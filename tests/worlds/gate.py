#!/usr/bin/env python3
"""Makes a small lived world, replays it and compares its score with figures.json.

    gate.py PROGRAM [--bless]

Exit code 1 where a figure falls behind what is written down by more than its tolerance. `--bless` writes
the figures of this program. A figure that got better is written down by whoever made it better.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
FIGURES = HERE / "figures.json"
# Small, so that a debug build replays both of them within a minute.
WORLDS = {
    "planted": ["--seed", "7", "--scale", ".2"],
    "clean": ["--seed", "8", "--scale", ".2", "--clean"],
}
# Figure: whether more is better, and by how much it may fall behind: one case in fifty, a few alerts.
TOLERANCES = {
    "planted": {
        "precision_direct": (True, 0.02),
        "recall_planted_direct": (True, 0.02),
        "average_precision": (True, 0.02),
        "false_alerts_per_1000": (False, 0.5),
        "false_holds": (False, 2),
    },
    "clean": {"false_alerts_per_1000": (False, 0.5), "false_holds": (False, 2)},
}


def run(*command: object) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def figures(program: Path, world: str, folder: Path) -> dict[str, float]:
    run(sys.executable, HERE / "lived_world.py", *WORLDS[world], "--out", folder)
    alerts = folder / "alerts.jsonl"
    reference, registrations = folder / "reference.jsonl", folder / "registrations.jsonl"
    run(program, "replay", "--reference", reference, "--out", alerts, registrations)
    summary = json.loads(run(sys.executable, HERE / "score.py", folder, alerts, "--json"))
    return {name: summary[name] for name in TOLERANCES[world]}


def behind(world: str, name: str, value: float | None, before: float | None) -> bool:
    """Whether `value` falls behind `before`; no case at all counts as the worst."""
    more_is_better, tolerance = TOLERANCES[world][name]
    value, before = value or 0.0, before or 0.0
    return value < before - tolerance if more_is_better else before + tolerance < value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=Path, help="the built program: target/release/tidvakt")
    parser.add_argument("--bless", action="store_true", help="writes the figures down")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as parent:
        found = {world: figures(args.program.resolve(), world, Path(parent, world)) for world in WORLDS}
    if args.bless:
        FIGURES.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    written = json.loads(FIGURES.read_text(encoding="utf-8"))
    faults = 0
    print(f"{'world':10}{'figure':26}{'written':>10}{'found':>10}")
    for world, values in found.items():
        for name, value in values.items():
            before = written[world][name]
            is_behind = behind(world, name, value, before)
            faults += is_behind
            print(f"{world:10}{name:26}{before!s:>10}{value!s:>10}{'  falls behind' if is_behind else ''}")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
