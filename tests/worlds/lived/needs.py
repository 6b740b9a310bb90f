"""What clients need help with: visits of a kind, at an hour, on certain days."""

from dataclasses import dataclass
from random import Random

from .clock import HOUR, MINUTE

EVERY_DAY = frozenset(range(7))
WORKDAYS = frozenset(range(5))
FOREVER = 9_999


@dataclass(slots=True, eq=False)
class Need:
    kind: str
    at: int  # seconds after midnight, as the client would like it
    slack: int  # seconds either way that nobody minds
    minutes: float
    spread: float  # of the logarithm of the length
    tasks: tuple[str, ...]
    role: str = "care"  # care, service, night, remote, meal, watch
    days: frozenset[int] = EVERY_DAY
    every: int = 1  # weeks
    phase: int = 0
    staff: int = 1
    lift: bool = False  # the second carer comes for the lift only
    born: int = -FOREVER
    gone: int = FOREVER
    visit_kind: str = "planned"

    def due(self, day: int) -> bool:
        in_life = self.born <= day < self.gone
        return in_life and day % 7 in self.days and (day // 7) % self.every == self.phase

    def weekly_minutes(self) -> float:
        return self.minutes * len(self.days) / self.every


LEVELS = {"service": 0.46, "light": 0.165, "medium": 0.205, "heavy": 0.13, "full": 0.04}


def _at(rng: Random, first: float, last: float) -> int:
    """A wish for a time, on the five minutes in which clients and planners think."""
    return round(rng.uniform(first, last) * 12) * 300


def _two_days(rng: Random) -> frozenset[int]:
    first = rng.randrange(4)
    return frozenset((first, first + 3 if first < 2 else first - 2))


def _service_needs(rng: Random, level: str) -> list[Need]:
    needs = []
    if level != "full" and rng.random() < (0.9 if level == "service" else 0.6):
        every = rng.choice((2, 2, 3))
        needs.append(
            Need(
                "cleaning",
                _at(rng, 8.5, 14),
                HOUR,
                rng.choice((60, 75, 90, 120)) * 0.92,
                0.13,
                ("cleaning",),
                "service",
                frozenset((rng.randrange(5),)),
                every,
                rng.randrange(every),
            )
        )
    if rng.random() < 0.42:
        needs.append(
            Need(
                "shopping",
                _at(rng, 9, 14),
                2 * HOUR,
                rng.uniform(28, 50),
                0.2,
                ("shopping",),
                "service",
                frozenset((rng.randrange(5),)),
                visit_kind="errand",
            )
        )
    if rng.random() < 0.25:
        needs.append(
            Need(
                "laundry",
                _at(rng, 8.5, 14),
                2 * HOUR,
                rng.uniform(40, 80),
                0.2,
                ("laundry",),
                "service",
                frozenset((rng.randrange(5),)),
                2,
                rng.randrange(2),
            )
        )
    if rng.random() < 0.08:
        needs.append(
            Need(
                "meal", _at(rng, 11, 13), 40 * MINUTE, 3, 0.35, ("meal",), "meal", visit_kind="meal_delivery"
            )
        )
    return needs


def _light_needs(rng: Random) -> list[Need]:
    needs = []
    if rng.random() < 0.75:
        days = EVERY_DAY if rng.random() < 0.75 else frozenset((0, 2, 4))
        needs.append(
            Need(
                "medicine", _at(rng, 7.5, 10), 30 * MINUTE, rng.uniform(6, 12), 0.35, ("medicine",), days=days
            )
        )
    needs.append(
        Need(
            "shower",
            _at(rng, 9, 14),
            HOUR,
            rng.uniform(32, 50),
            0.18,
            ("shower",),
            days=frozenset((rng.randrange(5),)),
        )
    )
    if rng.random() < 0.25:
        needs.append(
            Need(
                "social",
                _at(rng, 13, 15),
                HOUR,
                rng.choice((60, 90, 120)),
                0.08,
                ("social",),
                days=frozenset((rng.randrange(5),)),
                visit_kind=rng.choice(("planned", "escort")),
            )
        )
    return needs


# Visits of a day, from morning to bedtime: hours between which they are wished, minutes from and to,
# slack in minutes, spread, tasks, and how likely they are for a medium, a heavy and a full need.
DAILY = {
    "morning": ((7.0, 9.8), (20, 38), 30, 0.24, ("hygiene", "dressing", "breakfast"), (1, 1, 1)),
    "lunch": ((11.3, 13.2), (14, 26), 30, 0.25, ("meal", "medicine"), (0.35, 0.85, 0.95)),
    "afternoon": ((14, 15.8), (9, 18), 40, 0.35, ("toilet",), (0.12, 0.4, 0.5)),
    "evening": ((16.5, 18.8), (17, 30), 35, 0.25, ("meal", "medicine"), (0.6, 0.95, 1)),
    "bed": ((19.3, 21.4), (13, 26), 35, 0.25, ("hygiene", "bed"), (0.15, 0.55, 0.8)),
}
FOR_TWO = {"morning", "afternoon", "bed"}  # of a full need


def _daily_needs(rng: Random, level: str) -> list[Need]:
    """Morning to bedtime, by how much the client needs."""
    column = ("medium", "heavy", "full").index(level)
    much = (0.8, 1.0, 1.15)[column]
    needs = []
    for kind, (hours, minutes, slack, spread, tasks, chances) in DAILY.items():
        if rng.random() >= chances[column]:
            continue
        staff = 2 if level == "full" and kind in FOR_TWO else 1
        lasts = rng.uniform(*minutes) * (much if kind in ("morning", "evening", "bed") else 1)
        need = Need(kind, _at(rng, *hours), slack * MINUTE, lasts, spread, tasks, staff=staff)
        need.lift = kind == "morning" and staff == 2 and rng.random() < 0.35
        needs.append(need)
    days = _two_days(rng) if level != "medium" else frozenset((rng.randrange(5),))
    shower = Need("shower", _at(rng, 9.5, 14.5), HOUR, rng.uniform(30, 45), 0.18, ("shower",), days=days)
    shower.staff = 2 if level == "full" else 1
    needs.append(shower)
    if level == "heavy" and rng.random() < 0.1:
        days = frozenset((rng.randrange(5),))
        needs.append(Need("relief", 13 * HOUR, HOUR, rng.choice((120, 180)), 0.05, ("relief",), days=days))
    return needs


def _night_needs(rng: Random, level: str) -> list[Need]:
    needs = []
    share = {"heavy": 0.35, "full": 0.75, "medium": 0.08}.get(level, 0)
    if rng.random() < share:
        for hour in ((23.2, 25.5), (26.5, 29.5))[: 1 + (rng.random() < 0.35)]:
            needs.append(
                Need(
                    "night",
                    _at(rng, *hour),
                    HOUR,
                    rng.uniform(6, 13),
                    0.35,
                    ("night-check",),
                    "night",
                    staff=2,
                    visit_kind="night_tour",
                )
            )
    elif rng.random() < share:
        needs.append(
            Need("remote", _at(rng, 23, 28), HOUR, 2.2, 0.3, ("remote-check",), "remote", visit_kind="remote")
        )
    return needs


def needs_of(rng: Random, level: str) -> list[Need]:
    needs = _service_needs(rng, level)
    if level == "light":
        needs += _light_needs(rng)
    elif level != "service":
        needs += _daily_needs(rng, level) + _night_needs(rng, level)
    elif rng.random() < 0.08:
        needs.append(
            Need(
                "shower",
                _at(rng, 9, 14),
                HOUR,
                rng.uniform(30, 45),
                0.18,
                ("shower",),
                days=frozenset((rng.randrange(5),)),
            )
        )
    return needs
