"""Makes a Grafana dashboard of a short description in TOML.

The description says what differs from panel to panel: title, text, queries, unit, width. What is the
same everywhere (data source, legend, colours, grid) is written here once. The layout flows: panels go
from left to right in the order given and begin a new line where one does not fit any more.
"""

import json
import tomllib
from pathlib import Path

GRID = 24
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
# What the chart puts the address of the runbooks in for.
RUNBOOKS = "helm/tidvakt/runbooks"

VARIABLES = {
    "municipality": ("Kommun", 'label_values(tidvakt_visits_total{job=~"$job"}, municipality)'),
    "rule": ("Regel", 'label_values(tidvakt_findings_total{job=~"$job"}, rule)'),
}


def render(path: Path) -> str:
    source = tomllib.loads(path.read_text())
    dashboard = {
        "uid": source["uid"],
        "title": source["title"],
        "description": source["description"],
        "tags": ["tidvakt"],
        "schemaVersion": 41,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "timezone": "browser",
        "time": {"from": source["from"], "to": "now"},
        "links": [link_to_others()],
        "templating": {"list": variables(source["variables"])},
        "panels": panels(source["row"]),
    }
    return json.dumps(dashboard, indent=2, ensure_ascii=False) + "\n"


def link_to_others() -> dict:
    link = {"type": "dashboards", "title": "Tidvakt", "icon": "external link", "tags": ["tidvakt"]}
    tooltip = "The other dashboards of Tidvakt, with the same time and choices."
    return link | {"tooltip": tooltip, "asDropdown": False, "includeVars": True, "keepTime": True, "targetBlank": False}


def link_to_runbook(alert: str) -> dict:
    link = {"type": "link", "title": f"Runbook: {alert}", "url": f"${{runbooks}}/{alert}.md", "icon": "doc", "tags": []}
    tooltip = "What the alert means, and what to do."
    return link | {"tooltip": tooltip, "asDropdown": False, "includeVars": False, "keepTime": False, "targetBlank": True}


def variables(names: list[str]) -> list[dict]:
    datasource = {
        "type": "datasource",
        "name": "datasource",
        "label": "Datakälla",
        "description": "The Prometheus that scrapes Tidvakt.",
        "query": "prometheus",
    }
    runbooks = {
        "type": "constant",
        "name": "runbooks",
        "label": "Runbooks",
        "description": "Where the runbooks can be read.",
        "hide": 2,
        "query": RUNBOOKS,
    }
    queried = [variable("job", "Jobb", "label_values(tidvakt_build_info, job)")]
    queried += [variable(name, *VARIABLES[name]) for name in names]
    return [datasource, *queried, runbooks]


def variable(name: str, label: str, query: str) -> dict:
    return {
        "type": "query",
        "name": name,
        "label": label,
        "description": f"Narrows every panel down by `{name}`.",
        "datasource": SOURCE,
        "query": {"query": query, "refId": "A"},
        "refresh": 2,
        "sort": 7,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }


def panels(rows: list[dict]) -> list[dict]:
    made, top = [], 0
    for row in rows:
        made.append({
            "id": len(made) + 1,
            "type": "row",
            "title": row["title"],
            "collapsed": False,
            "gridPos": {"x": 0, "y": top, "w": GRID, "h": 1},
            "panels": [],
        })
        top += 1
        left, tallest = 0, 0
        for source in row["panel"]:
            width, height = source.get("width", 8), source.get("height", 4 if source["type"] == "stat" else 8)
            if GRID < left + width:
                left, top, tallest = 0, top + tallest, 0
            made.append(panel(source, len(made) + 1, {"x": left, "y": top, "w": width, "h": height}))
            left, tallest = left + width, max(tallest, height)
        top += tallest
    return made


def panel(source: dict, number: int, place: dict) -> dict:
    kind = source["type"]
    made = {
        "id": number,
        "type": kind,
        "title": source["title"],
        "description": source["description"],
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": defaults(source), "overrides": overrides(source)},
        "options": OPTIONS[kind],
        "targets": [target(kind, at, query) for at, query in enumerate(source["queries"])],
    }
    if kind == "table":
        made["transformations"] = [{"id": "merge", "options": {}}]
    if "runbook" in source:
        made["links"] = [link_to_runbook(source["runbook"])]
    return made


def defaults(source: dict) -> dict:
    steps = [{"value": None, "color": "green"}]
    steps += [{"value": value, "color": color} for value, color in source.get("thresholds", [])]
    made = {
        "unit": source["unit"],
        "color": {"mode": "thresholds" if "thresholds" in source else "palette-classic"},
        "thresholds": {"mode": "absolute", "steps": steps},
    }
    for name in ("min", "max", "decimals"):
        if name in source:
            made[name] = source[name]
    if source["type"] == "timeseries":
        stacking = {"mode": "normal" if source.get("stacked") else "none", "group": "A"}
        made["custom"] = {
            "lineWidth": 1,
            "fillOpacity": 30 if source.get("stacked") else 5,
            "showPoints": "never",
            "spanNulls": False,
            "stacking": stacking,
        }
    return made


def overrides(source: dict) -> list[dict]:
    """Units of single columns or series: `units = {name = "unit"}`."""
    return [
        {"matcher": {"id": "byName", "options": name}, "properties": [{"id": "unit", "value": unit}]}
        for name, unit in source.get("units", {}).items()
    ]


def target(kind: str, at: int, query: dict) -> dict:
    over_time = kind == "timeseries" or query.get("over_time", False)
    return {
        "refId": chr(ord("A") + at),
        "datasource": SOURCE,
        "editorMode": "code",
        "expr": query["expr"],
        "legendFormat": query.get("legend", "__auto"),
        "range": over_time,
        "instant": not over_time,
        "format": "table" if kind == "table" else "time_series",
    }


REDUCED = {"calcs": ["lastNotNull"], "fields": "", "values": False}
OPTIONS = {
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "stat": {
        "reduceOptions": REDUCED,
        "orientation": "auto",
        "textMode": "auto",
        "wideLayout": True,
        "colorMode": "value",
        "graphMode": "none",
        "justifyMode": "auto",
        "showPercentChange": False,
        "percentChangeColorMode": "standard",
    },
    "bargauge": {
        "reduceOptions": REDUCED,
        "orientation": "horizontal",
        "displayMode": "basic",
        "valueMode": "color",
        "namePlacement": "auto",
        "sizing": "auto",
        "showUnfilled": True,
        "minVizWidth": 8,
        "minVizHeight": 16,
        "maxVizHeight": 300,
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False, "calcs": []},
    },
    "table": {"showHeader": True, "cellHeight": "sm", "frameIndex": 0},
}
