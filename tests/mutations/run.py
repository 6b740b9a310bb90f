#!/usr/bin/env python3
"""Removes one safeguard at a time in a copy of the tree, and requires that a test fails.

    tests/mutations/run.py                 all of mutations.toml; prints a table
    tests/mutations/run.py WORDS...        those whose safeguard has one of the words
    tests/mutations/run.py --check         only that each line to be replaced is there exactly once (seconds)

Exit 0: every mutation was caught. 1: one was not, or a mutated tree does not build. 2: a line is not there once.
A mutation costs a build of the crate and one group of tests, about two minutes on two quiet cores.
The copy and its build lie in target/mutations.
"""

import os
import pathlib
import re
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = ROOT / "target" / "mutations"
TREE = WORK / "tree"
# A mutated program may hang: that is caught as well.
SECONDS_MAX = 1_200


def git_files():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
    return [name for name in listed.stdout.decode().split("\0") if name]


def copy_tree():
    """Writes only what differs, so that the build stays warm."""
    names = git_files()
    for name in names:
        source, target = ROOT / name, TREE / name
        content = source.read_bytes()
        if not target.exists() or target.read_bytes() != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            target.chmod(source.stat().st_mode)
    known = {TREE / name for name in names}
    for stale in TREE.rglob("*"):
        if stale.is_file() and stale not in known:
            stale.unlink()


def failed_tests(group):
    """The tests that failed; None: the mutated tree does not build."""
    command = ["cargo", "test", "--locked", "--quiet", "--test", "it"]
    environment = {"CARGO_TARGET_DIR": str(WORK / "build"), "PROPTEST_MAX_SHRINK_ITERS": "20"}
    run = dict(cwd=TREE, env={**os.environ, **environment}, capture_output=True, text=True)
    built = subprocess.run([*command, "--no-run"], **run)
    if built.returncode != 0:
        print(built.stderr, file=sys.stderr)
        return None
    try:
        done = subprocess.run([*command, "--", group], timeout=SECONDS_MAX, **run)
    except subprocess.TimeoutExpired:
        return ["the program hangs"]
    if done.returncode == 0:
        return []
    return sorted(set(re.findall(r"^    ([a-z_0-9:]+)$", done.stdout, re.MULTILINE)))


def faults(mutations):
    for mutation in mutations:
        count = (ROOT / mutation["file"]).read_text().count(mutation["from"])
        if count != 1:
            yield f"{mutation['file']}: {count} times, expected once: {mutation['from']}"


def main(arguments):
    mutations = tomllib.loads((ROOT / "tests/mutations/mutations.toml").read_text())["mutation"]
    wrong = list(faults(mutations))
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return 2
    if "--help" in arguments or "-h" in arguments:
        print(__doc__.strip())
        return 0
    if arguments == ["--check"]:
        print(f"{len(mutations)} mutations fit")
        return 0
    if arguments:
        mutations = [one for one in mutations if any(word in one["safeguard"] for word in arguments)]
    copy_tree()
    print("| Safeguard that is removed | Caught by |\n|---|---|", flush=True)
    survived = 0
    for mutation in mutations:
        path = TREE / mutation["file"]
        original = path.read_text()
        path.write_text(original.replace(mutation["from"], mutation["to"]))
        try:
            failed = failed_tests(mutation["tests"])
        finally:
            path.write_text(original)
        survived += not failed
        first = "does not build" if failed is None else "**nothing**" if not failed else f"`{failed[0]}`"
        more = f" and {len(failed) - 1} more" if failed and 1 < len(failed) else ""
        print(f"| {mutation['safeguard']} | {first}{more} |", flush=True)
    print(f"{len(mutations) - survived} of {len(mutations)} safeguards are caught", file=sys.stderr)
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
