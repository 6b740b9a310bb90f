"""What the checks need to know of Prometheus' query language: little, and without a grammar."""

import re

SET_OPERATOR = re.compile(r"(?:and|or|unless)\b")
MATCHING = re.compile(r"\s*(?:on|ignoring)\s*\([^)]*\)(?:\s*group_(?:left|right)\s*(?:\([^)]*\))?)?")
COMPARISON = re.compile(r"(?:==|!=|>=|<=|>|<)(?:\s*bool\b)?")
METRIC = re.compile(r"\b(?:tidvakt|process)_\w+")
GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")


def metrics(expr: str) -> set[str]:
    return set(METRIC.findall(expr))


def grouping_labels(expr: str) -> set[str]:
    return {label.strip() for group in GROUPING.findall(expr) for label in group.split(",") if label.strip()}


def operands(expr: str) -> list[str]:
    """What is compared or set against another: without the comparison each of them always has a value.

    `a > 1 and on (x) b - time() < 5` gives `a` and `b - time()`. Numbers are left out, and so is an offset:
    what was long ago is not there where the data are young.
    """
    expr = re.sub(r"\s+", " ", re.sub(r"#.*", "", expr)).strip()
    if whole := enclosed(expr):
        return operands(whole)
    parts = split(expr)
    if 1 < len(parts):
        return [operand for part in parts for operand in operands(part)]
    if re.fullmatch(r"[-+\d.e]*", expr):
        return []
    return [re.sub(r"\boffset \w+", "", expr)]


def enclosed(expr: str) -> str | None:
    """What is within, where parentheses or `absent` are round the whole of it."""
    begin = re.match(r"(?:absent\s*)?\(", expr)
    if not begin:
        return None
    depth = 0
    for at, letter in outside_text(expr):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0 and at + 1 < len(expr) and begin.end() <= at:
            return None
    return expr[begin.end() : -1]


def split(expr: str) -> list[str]:
    parts, begin, depth, at_end = [], 0, 0, 0
    for at, letter in outside_text(expr):
        depth += {"(": 1, "{": 1, "[": 1, ")": -1, "}": -1, "]": -1}.get(letter, 0)
        if depth or at < at_end:
            continue
        word_begins = at == 0 or not re.match(r"[\w:]", expr[at - 1])
        found = COMPARISON.match(expr, at) or (word_begins and SET_OPERATOR.match(expr, at))
        if found:
            end = found.end()
            matching = MATCHING.match(expr, end)
            at_end = matching.end() if matching else end
            parts.append(expr[begin:at])
            begin = at_end
    return [part.strip() for part in [*parts, expr[begin:]] if part.strip()]


def outside_text(expr: str) -> list[tuple[int, str]]:
    """The letters that are not within quotes, with their places."""
    found, quote = [], None
    for at, letter in enumerate(expr):
        if quote:
            quote = None if letter == quote and expr[at - 1] != "\\" else quote
        elif letter in "\"'":
            quote = letter
        else:
            found.append((at, letter))
    return found
