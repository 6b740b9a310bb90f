"""Clients: who they are, and what happens to them."""

from dataclasses import dataclass, field
from math import exp
from random import Random

from .clock import DAY, HOUR, autumn_break, day_of, midnight, wall
from .land import Place
from .needs import FOREVER, Need


@dataclass(slots=True, eq=False)
class Absence:
    kind: str  # hospital, short_term, away, deceased, left
    start: int
    end: int
    known_at: int  # when the provider's planner learns of it
    found_by_carer: bool = False
    home_check: bool = False  # a carer sees to flat, cat or plants meanwhile
    planned: bool = False


@dataclass(slots=True, eq=False)
class Client:
    ref: str
    level: str
    home: Place
    district: str
    household: str
    born: int = -FOREVER  # first day with home care
    spouse: "Client | None" = None
    needs: list[Need] = field(default_factory=list)
    absences: list[Absence] = field(default_factory=list)
    boosts: list[tuple[int, int, float]] = field(default_factory=list)
    moves: list[tuple[int, Place]] = field(default_factory=list)
    left: int = FOREVER  # first day without home care
    dead_at: int | None = None
    declines: float = 0.01
    alarm: bool = False
    relative: str | None = None  # a carer who is kin and employed for it
    units: dict[str, object] = field(default_factory=dict)  # role -> unit
    orders: list = field(default_factory=list)
    tags: list[tuple[int, str]] = field(default_factory=list)  # (from, tag)
    fond: dict[str, int] = field(default_factory=dict)  # carer -> visits so far
    busy: dict[str, int] = field(default_factory=dict)  # unit -> until when one of its carers is there
    quirks: set[str] = field(default_factory=set)  # what the registry has wrong about this client

    def home_at(self, t: int) -> Place:
        place = self.home
        for since, new in self.moves:
            if t >= since:
                place = new
        return place

    def absence_at(self, t: int) -> Absence | None:
        for absence in self.absences:
            if absence.start <= t < absence.end:
                return absence
        return None

    def boost(self, day: int) -> float:
        factor = 1.0
        for since, until, by in self.boosts:
            if since <= day < until:
                factor *= by
        return factor

    def tag_at(self, t: int) -> str:
        tag = self.tags[0][1]
        for since, new in self.tags:
            if t >= since:
                tag = new
        return tag


# A day's chance of a hospital stay, of a death, and of an illness nursed at home.
HAZARDS = {
    "service": (0.0008, 0.00003, 0.0006),
    "light": (0.0022, 0.0001, 0.001),
    "medium": (0.0045, 0.0002, 0.002),
    "heavy": (0.007, 0.0006, 0.003),
    "full": (0.007, 0.0012, 0.003),
}


def _hospital(rng: Random, client: Client, day: int, days: int) -> int:
    """A stay in hospital, and what follows; the day after it."""
    start = wall(day, rng.triangular(0, 24, 11) * HOUR)
    stay = exp(rng.gauss(1.5, 0.75)) * DAY
    back = wall(day_of(int(start + stay)), rng.triangular(10, 18, 13) * HOUR)
    if back < start + 6 * HOUR:
        back = int(start + 20 * HOUR)
    late = rng.random() < 0.3
    known = start + int(rng.uniform(1, 4) * HOUR if not late else rng.uniform(10, 60) * HOUR)
    client.absences.append(
        Absence(
            "hospital",
            start,
            back,
            known,
            rng.random() < 0.35,
            back - start > 2 * DAY and rng.random() < 0.15,
        )
    )
    fate = rng.random()
    if fate < 0.07:
        client.dead_at, client.left = back, day_of(back)
    elif fate < 0.2:
        until = back + int(rng.uniform(6, 16) * DAY)
        client.absences.append(Absence("short_term", back, until, back - HOUR, planned=True))
        back = until
        if rng.random() < 0.3:
            client.left = day_of(back)  # to a nursing home
    else:
        client.boosts.append((day_of(back), day_of(back) + rng.randrange(7, 21), rng.uniform(1.1, 1.6)))
    return day_of(back) + 1


def _travels(rng: Random, client: Client, day: int) -> int:
    """Some days with relatives, mostly announced."""
    start = wall(day, rng.uniform(8, 17) * HOUR)
    end = start + int(rng.choice((1, 2, 2, 3, 5, 7)) * DAY)
    known = start - int(rng.uniform(1, 6) * DAY) if rng.random() < 0.8 else start + 2 * HOUR
    client.absences.append(Absence("away", start, end, known, planned=known < start))
    return day_of(end) + 1


def live_through(rng: Random, client: Client, days: int) -> None:
    """Draws what will happen to a client, from three weeks before the window to its end."""
    hospital, death, illness = HAZARDS[client.level]
    day = max(-21, client.born)
    while day < days and day < client.left:
        chance = rng.random()
        away = 0.0016 * (3 if autumn_break(day) else 1)
        if chance < hospital:
            day = _hospital(rng, client, day, days)
        elif chance < hospital + death:
            client.dead_at = wall(day, rng.uniform(0, 24) * HOUR)
            client.left = day + 1
        elif chance < hospital + death + illness:
            client.boosts.append((day, day + rng.randrange(3, 9), rng.uniform(1.2, 1.7)))
            day += 1
        elif chance < hospital + death + illness + away:
            day = _travels(rng, client, day)
        else:
            day += 1
    if client.dead_at is not None:
        known = client.dead_at + int(rng.uniform(1, 20) * HOUR)
        client.absences.append(Absence("deceased", client.dead_at, midnight(days + 400), known))
    elif client.left < FOREVER:
        client.absences.append(
            Absence("left", midnight(client.left), midnight(days + 400), midnight(client.left), planned=True)
        )
