"""Writes what is derived: the settings in the chart's schema, the chart's README, the dashboards.

    generate.py write    writes the files
    generate.py check    fails where a file is not what would be written, and says which

Sources: `config/default.toml`, the comments of `values.yaml`, and `helm/dashboards/*.toml`.
"""

import json
import re
import sys
import tomllib
from pathlib import Path

import dashboard

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "helm/tidvakt"

# What the chart sets by itself: by the pod's name, its port, its values of `kafka`.
OWN = {"kafka.instance_id", "http.listen"}
OWN_CLIENT = ["bootstrap.servers", "security.protocol", "sasl.mechanism", "sasl.username"]


def settings_schema() -> dict:
    """A closed schema of `config/default.toml`, whose comments say ranges and choices."""
    text = (ROOT / "config/default.toml").read_text()
    table = tomllib.loads(text)
    for free in ("client", "secret_files"):
        del table["kafka"][free]
    schema = section_schema("", table, bounds(text))
    schema["properties"]["kafka"]["properties"]["client"] = {
        "description": "Properties of librdkafka, as text. Brokers, user and encryption are values of `kafka`.",
        "type": "object",
        "properties": {name: {"not": {}} for name in OWN_CLIENT},
        "additionalProperties": {"type": "string"},
    }
    return schema


def section_schema(path: str, table: dict, limits: dict[str, dict]) -> dict:
    properties = {}
    for name, value in table.items():
        below = f"{path}.{name}" if path else name
        if below in OWN:
            continue
        is_section = isinstance(value, dict)
        properties[name] = section_schema(below, value, limits) if is_section else limits[below] | kind(value)
    properties = {name: part for name, part in properties.items() if part.get("properties", True)}
    return {"type": "object", "additionalProperties": False, "properties": properties}


def kind(value: object) -> dict:
    names = {bool: "boolean", int: "integer", float: "number", str: "string"}
    return {"type": names[type(value)]}


def bounds(text: str) -> dict[str, dict]:
    """What the comment above each key says: its first sentence, and what it may be."""
    found, section, comment = {}, "", []
    for line in text.splitlines():
        if header := re.fullmatch(r"\[([^]]+)]", line):
            section, comment = header[1], []
        elif key := re.match(r'([\w-]+|"[^"]+") *=', line):
            found[f"{section}.{key[1]}"] = bound(comment)
            comment = []
        else:
            comment = [*comment, line[2:]] if line.startswith("# ") else []
    return found


def bound(comment: list[str]) -> dict:
    schema = {"description": re.split(r"(?<=\.) ", " ".join(comment))[0].strip()}
    for line in comment:
        if found := re.match(r"Range: (\S+) to (\S+?)[.,;]?(?:\s|$)", line):
            schema |= {"minimum": number(found[1]), "maximum": number(found[2])}
        if found := re.match(r"One of: (.*)\.$", line):
            schema["enum"] = found[1].split(", ")
    return schema


def number(text: str) -> int | float:
    return int(text) if re.fullmatch(r"-?\d+", text) else float(text)


def values_schema() -> str:
    schema = json.loads((CHART / "values.schema.json").read_text())
    schema["$defs"]["settings"] = settings_schema()
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def values_table() -> str:
    """A row for each commented value of `values.yaml`, in its order."""
    rows, path, comment = ["| Value | Default | What it is |", "|---|---|---|"], [], None
    lines = (CHART / "values.yaml").read_text().splitlines()
    for at, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if line.lstrip().startswith("# -- "):
            comment = line.lstrip()[5:]
        elif key := re.match(r" *([\w.-]+):(.*)", line):
            path = [*path[: indent // 2], key[1]]
            if comment:
                default = key[2].strip() or block(lines[at + 1 :], indent)
                cell = default.replace("|", "\\|")
                rows.append(f"| `{'.'.join(path)}` | `{cell}` | {comment.replace('|', chr(92) + '|')} |")
            comment = None
    return "\n".join(rows)


def block(lines: list[str], indent: int) -> str:
    """The lines of a map or list that stands below its key, in short."""
    inner = []
    for line in lines:
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            break
        inner.append(line.strip())
    text = " ".join(part for part in inner if part and not part.startswith("#"))
    return text if len(text) < 60 else "see `values.yaml`".replace("`", "")


def readme() -> str:
    path = CHART / "README.md"
    head, _, rest = path.read_text().partition("<!-- values: begin -->\n")
    _, _, tail = rest.partition("<!-- values: end -->")
    return f"{head}<!-- values: begin -->\n{values_table()}\n<!-- values: end -->{tail}"


def outputs() -> dict[Path, str]:
    made = {CHART / "values.schema.json": values_schema(), CHART / "README.md": readme()}
    for source in sorted((ROOT / "helm/dashboards").glob("*.toml")):
        made[CHART / "dashboards" / f"{source.stem}.json"] = dashboard.render(source)
    return made


def main() -> int:
    if sys.argv[1:] not in (["write"], ["check"]):
        print(__doc__, file=sys.stderr)
        return 64
    stale = 0
    for path, text in outputs().items():
        if path.exists() and path.read_text() == text:
            continue
        if sys.argv[1] == "write":
            path.write_text(text)
            print(f"written: {path.relative_to(ROOT)}")
        else:
            stale += 1
            print(f"{path.relative_to(ROOT)} is not what its source says; run `tests/ops/run.sh write`")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
