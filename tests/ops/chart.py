"""Checks the Helm chart: renders it over many values and holds the result against schemas and rules.

    chart.py TOOLS TIDVAKT    TOOLS: the folder of tools.sh; TIDVAKT: the program

* `helm lint --strict` on the values as shipped, and with templates over every `helm/tidvakt/ci/*-values.yaml`;
* values that must be refused (`tests/ops/wrong-values`), with the words that the refusal must have;
* every manifest against the schemas of Kubernetes, strictly, and of the custom resources that it uses;
* kube-score, with every finding explained in `kube-score.txt`, and no explanation without its finding;
* the settings that the chart writes, read by the program itself;
* what a pod must have, said as plain tests in `promises.py`.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import jsonschema
import kubernetes_validate
import yaml

import promises

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "tests/ops"
CHART = ROOT / "helm/tidvakt"
# The oldest that the chart admits, and the newest whose schemas are here; manifests must suit both.
KUBERNETES = ["1.27", "1.37"]


class Failures(list):
    def unless(self, holds: bool, text: str) -> None:
        if not holds:
            self.append(text)


def run(*command: object, stdin: str | None = None) -> subprocess.CompletedProcess:
    words = [str(word) for word in command]
    return subprocess.run(words, input=stdin, capture_output=True, text=True, check=False)


def template(helm: Path, values: list[Path], *more: str, kube: str = KUBERNETES[-1]) -> subprocess.CompletedProcess:
    files = [word for path in values for word in ("-f", path)]
    return run(helm, "template", "t", CHART, "--namespace", "tidvakt", "--kube-version", kube, *files, *more)


def documents(text: str) -> list[dict]:
    return [document for document in yaml.safe_load_all(text) if document]


def lint(helm: Path, values: list[Path], failures: Failures) -> None:
    # As shipped, and over each of the examples.
    for files in [[], *([path] for path in values)]:
        given = [word for path in files for word in ("-f", path)]
        done = run(helm, "lint", "--strict", "--kube-version", KUBERNETES[-1], CHART, *given)
        failures.unless(done.returncode == 0, f"helm lint with {files}:\n{done.stdout}{done.stderr}")


def refusals(helm: Path, minimal: Path, failures: Failures) -> int:
    """Each file begins with comments `# refused: words`, all of which must be in helm's answer."""
    paths = sorted((HERE / "wrong-values").glob("*.yaml"))
    for path in paths:
        words = re.findall(r"^# refused: (.*)$", path.read_text(), re.MULTILINE)
        failures.unless(bool(words), f"{path.name} does not say how it is refused")
        done = template(helm, [minimal, path])
        failures.unless(done.returncode != 0, f"{path.name} was not refused")
        for word in words:
            failures.unless(word in done.stderr, f"{path.name}: `{word}` is not in the refusal:\n{done.stderr}")
    # The chart's own values are one thing short.
    done = template(helm, [])
    wanted = done.returncode != 0 and "kafka.bootstrapServers is required" in done.stderr
    failures.unless(wanted, f"default values: {done.stderr}")
    return len(paths) + 1


def custom_schemas(folder: Path) -> dict[tuple[str, str], dict]:
    """By apiVersion and kind, closed: what a custom resource does not know would be dropped in silence."""
    found = {}
    for path in folder.glob("*.yaml"):
        definition = yaml.safe_load(path.read_text())["spec"]
        for version in definition["versions"]:
            name = (f"{definition['group']}/{version['name']}", definition["names"]["kind"])
            schema = closed(version["schema"]["openAPIV3Schema"])
            schema["properties"]["metadata"] = {"type": "object"}
            found[name] = schema
    return found


def closed(schema: object) -> object:
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: closed(part) for name, part in schema.items()}
    is_object = isinstance(schema.get("properties"), dict) and schema.get("type") == "object"
    if is_object and not schema.get("x-kubernetes-preserve-unknown-fields"):
        made.setdefault("additionalProperties", False)
    return made


def validate(document: dict, customs: dict, failures: Failures, kube: str = KUBERNETES[-1]) -> None:
    name = f"{document['kind']} {document['metadata']['name']}"
    custom = customs.get((document["apiVersion"], document["kind"]))
    if custom:
        for error in jsonschema.Draft202012Validator(custom).iter_errors(document):
            failures.append(f"{name}: at {error.json_path}: {error.message}")
        return
    try:
        kubernetes_validate.validate(document, kube, strict=True)
    except kubernetes_validate.ValidationError as error:
        failures.append(f"{name}: Kubernetes {kube}: at {'.'.join(map(str, error.path))}: {error.message}")
    except kubernetes_validate.SchemaNotFoundError:
        failures.append(f"{name}: no schema of {document['apiVersion']} {document['kind']} is known")


def proves_itself(rendered: list[dict], customs: dict, failures: Failures) -> None:
    """The validators find a planted fault in each kind, or they would prove nothing."""
    for document in rendered:
        if "spec" not in document:
            continue
        planted = json.loads(json.dumps(document))
        planted["spec"]["notAField"] = 1
        found = Failures()
        validate(planted, customs, found)
        failures.unless(bool(found), f"a planted field in {document['kind']} was not found")


def score(kube_score: Path, text: str, failures: Failures, seen: set[str]) -> None:
    explained = {}
    for line in (HERE / "kube-score.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            finding, _, reason = line.partition(": ")
            failures.unless(bool(reason.strip()), f"kube-score.txt: `{finding}` has no reason")
            explained[finding] = reason
    done = run(kube_score, "score", "-o", "json", "--kubernetes-version", f"v{KUBERNETES[-1]}", "-", stdin=text)
    for scored in json.loads(done.stdout):
        for check in scored["checks"]:
            if check["skipped"] or check["grade"] >= 10:
                continue
            for comment in check["comments"] or [{"path": "", "summary": ""}]:
                finding = f"{check['check']['id']} {scored['type_meta']['kind']} {comment['summary']}"
                seen.add(finding)
                failures.unless(finding in explained, f"kube-score: `{finding}` is not explained")
    seen |= {f"? {finding}" for finding in explained}


def program_reads(tidvakt: Path, name: str, rendered: list[dict], failures: Failures) -> None:
    settings = next(d["data"]["tidvakt.toml"] for d in rendered if "tidvakt.toml" in d.get("data", {}))
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(settings)
        file.flush()
        done = run(tidvakt, "check", "--offline", "--config", file.name)
    failures.unless(done.returncode == 0, f"{name}: the program refuses the settings:\n{done.stderr}\n{settings}")
    given = [line for line in done.stdout.splitlines() if file.name in line]
    failures.unless(bool(given), f"{name}: the program does not say that it read the settings:\n{done.stdout}")


def values_are_told(failures: Failures) -> None:
    """Every value has a row of its own in the table, or stands below one."""
    rows = set(re.findall(r"^\| `([^`]+)` \|", (CHART / "README.md").read_text(), re.MULTILINE))

    def leaves(path: str, value: object) -> None:
        if path in rows:
            return
        failures.unless(isinstance(value, dict) and bool(value), f"values.yaml: `{path}` has no comment")
        for name, below in value.items() if isinstance(value, dict) else []:
            leaves(f"{path}.{name}" if path else name, below)

    leaves("", yaml.safe_load((CHART / "values.yaml").read_text()))


def commands_of_notes(helm: Path, values: Path) -> int:
    """Helm shows NOTES.txt only where it reaches a cluster; so a copy of the chart has it as a manifest."""
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copytree(CHART, Path(folder) / "tidvakt")
        notes = (copy / "templates/NOTES.txt").read_text()
        (copy / "templates/notes.yaml").write_text("notes: |\n" + textwrap.indent(notes, "  "))
        done = run(helm, "template", "t", copy, "-f", values, "--kube-version", KUBERNETES[-1], "-s", "templates/notes.yaml")
    text = yaml.safe_load(done.stdout)["notes"]
    return len(re.findall(r"^ +(?:helm|kubectl|curl) ", text, re.MULTILINE))


def main(tools: Path, tidvakt: Path) -> int:
    helm, failures, seen, count = tools / "bin/helm", Failures(), set(), 0
    values = sorted((CHART / "ci").glob("*-values.yaml"))
    lint(helm, values, failures)
    refused = refusals(helm, CHART / "ci/minimal-values.yaml", failures)
    customs = custom_schemas(tools / "crds")
    for path in values:
        for kube in KUBERNETES:
            done = template(helm, [path], kube=kube)
            failures.unless(done.returncode == 0, f"helm template with {path.name}: {done.stderr}")
            rendered = documents(done.stdout)
            for document in rendered:
                validate(document, customs, failures, kube)
        count += len(rendered)
        proves_itself(rendered, customs, failures)
        score(tools / "bin/kube-score", done.stdout, failures, seen)
        program_reads(tidvakt, path.name, rendered, failures)
        failures.extend(f"{path.name}: {text}" for text in promises.broken(rendered))
    for stale in sorted(finding[2:] for finding in seen if finding[:2] == "? " and finding[2:] not in seen):
        failures.append(f"kube-score.txt explains `{stale}`, which is not found")
    values_are_told(failures)
    failures.unless(commands_of_notes(helm, values[0]) == 3, "NOTES.txt does not give three commands")
    for failure in failures:
        print(f"FAIL {failure}")
    print(f"{len(values)} sets of values give {count} manifests, {refused} are refused: {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
