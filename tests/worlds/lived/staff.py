"""Carers: contracts, rosters, illness and leave; and the units in which they work."""

from dataclasses import dataclass, field
from math import ceil
from random import Random

from .clock import DAY, HOUR, MINUTE, autumn_break, midnight, stream, wall
from .houses import PROVIDERS, SYSTEMS, Provider, System, UnitPlan
from .land import BASES, Place
from .life import Client
from .needs import FOREVER, Need

SHIFTS = {
    "D": (7 * HOUR, 15 * HOUR + 45 * MINUTE),
    "E": (15 * HOUR + 15 * MINUTE, 22 * HOUR),
    "L": (
        7 * HOUR + 30 * MINUTE,
        20 * HOUR + 30 * MINUTE,
    ),  # the long weekend day with a break of hours in it
    "S": (8 * HOUR, 16 * HOUR + 30 * MINUTE),
    "N": (21 * HOUR + 30 * MINUTE, 31 * HOUR + 15 * MINUTE),
    "M": (10 * HOUR + 30 * MINUTE, 14 * HOUR + 30 * MINUTE),
    "A": (7 * HOUR, 19 * HOUR),
    "B": (19 * HOUR, 31 * HOUR),
}


@dataclass(slots=True, eq=False)
class Spell:
    """A carer's absence. `start` may lie inside a shift; `back` is when work is taken up again."""

    kind: str
    start: int
    back: int
    noted_from: int  # as written by the employer
    noted_to: int
    noted_at: int


@dataclass(slots=True, eq=False)
class Carer:
    person: str
    ref: str
    unit: "Unit"
    pattern: str
    mode: str
    pace: float
    early: int  # seconds before the planned start at which this one likes to arrive
    care: float  # below 1: careful with the phone; above: careless
    temp: bool = False
    spells: list[Spell] = field(default_factory=list)
    hired: int = -FOREVER
    left: int = FOREVER
    device: str = ""
    conduct: object = None
    home: Place | None = None
    shadow_until: int = -FOREVER
    second: "Unit | None" = None  # another employer, on days off
    second_ref: str = ""
    worked: dict[str, int] = field(default_factory=dict)  # pay period -> seconds on shift

    def shift(self, day: int) -> str:
        """The roster's shift; `-` when off."""
        if not self.hired <= day < self.left:
            return "-"
        return self.pattern[day % 14]

    def away(self, t: int) -> Spell | None:
        for spell in self.spells:
            if spell.start <= t < spell.back:
                return spell
        return None


@dataclass(slots=True, eq=False)
class Unit:
    spec: UnitPlan
    provider: Provider
    rng: Random
    base: Place
    carers: list[Carer] = field(default_factory=list)
    temps: list[Carer] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)
    devices: list[str] = field(default_factory=list)
    planner: str = ""
    visits: int = 0
    outages: list[tuple[int, int]] = field(default_factory=list)
    approvals: list = field(default_factory=list)  # claims to be approved on Monday
    acts: list = field(default_factory=list)  # what its office does besides its work
    full_price: object = None  # who has couples billed in full on both
    bills_above: object = None  # who has bills rounded up

    @property
    def name(self) -> str:
        return f"{self.provider.ref}/{self.spec.name}"

    def system(self, t: int) -> System:
        moved = self.provider.migrates
        if moved is not None and t >= midnight(moved[0]):
            return SYSTEMS[moved[1]]
        return SYSTEMS[self.spec.system]


def make_units(seed: int) -> dict[str, Unit]:
    units = {}
    for provider in PROVIDERS:
        for spec in provider.units:
            unit = Unit(spec, provider, stream(seed, "unit", provider.ref, spec.name), BASES[spec.base])
            units[unit.name] = unit
    return units


def _load(needs: list[Need], first: float, last: float, each: float) -> float:
    """Seconds of work a day that begin in a span of the day, with the way to it."""
    total = 0.0
    for need in needs:
        if first * HOUR <= need.at < last * HOUR and need.born < 30:
            total += (need.minutes * 60 * need.staff + each * need.staff) * len(need.days) / 7 / need.every
    return total


def _heads(unit: Unit) -> tuple[int, int]:
    """Carers wanted by day and in the evening."""
    needs = [
        n for c in unit.clients for n in c.needs if n.role in ("care", "service") and c.units[n.role] is unit
    ]
    way = 560 if unit.spec.mode == "car" else 400
    day = max(_load(needs, 6, 15.2, way) / (6.2 * HOUR), _load(needs, 6.9, 10, way) / (3.5 * HOUR))
    evening = max(_load(needs, 15.2, 23, way) / (5.3 * HOUR), _load(needs, 16.4, 18.9, way) / (2.9 * HOUR))
    if unit.provider.ref == "stad":
        day *= 7 / 5  # works on weekdays only
    return ceil(day * 1.02 + 0.15), ceil(evening * 1.02 + 0.15) if evening else 0


def _pattern(rng: Random, contract: float, evenings: float, weekday_only: bool, code: str = "") -> str:
    days = ["-"] * 14
    weekdays = [d for d in range(14) if d % 7 < 5]
    turns = round(10 * contract)
    if not weekday_only:
        weekend = rng.randrange(2) * 7
        days[weekend + 5] = days[weekend + 6] = "?"
        turns -= 2
    for day in rng.sample(weekdays, min(turns, 10)):
        days[day] = "?"
    for day in range(14):
        if days[day] == "?":
            days[day] = code or ("E" if rng.random() < evenings else "D")
            if not code and day % 7 >= 5 and rng.random() < 0.15:
                days[day] = "L"
            if days[day] == "D" and days[day - 1] == "E" and rng.random() < 0.7:
                days[day] = "E"  # eleven hours of rest, mostly
    return "".join(days)


def _carer(rng: Random, names, unit: Unit, pattern: str, temp: bool = False) -> Carer:
    person = names.new("p-")
    ref = person if not unit.provider.own_refs else names.new(unit.provider.own_refs)
    carer = Carer(
        person,
        ref,
        unit,
        pattern,
        unit.spec.mode,
        min(1.35, max(0.75, rng.gauss(1, 0.09))),
        int(rng.triangular(0, 420, 90)),
        rng.lognormvariate(0, 0.55) * (1.5 if temp else 1),
        temp,
    )
    carer.device = names.new("dev-")
    return carer


ROUNDS = {"natt": "N", "larm": "AB", "distans": "N", "mat": "M"}


def _rounds_staff(rng: Random, names, unit: Unit, scale: float) -> None:
    """Nights, alarms, remote checks and meals are staffed by rounds, not by load."""
    code = ROUNDS[unit.spec.name]
    needs = sum(1 for c in unit.clients for n in c.needs if c.units[n.role] is unit)
    pairs = {"natt": ceil(needs / 15) * 2, "larm": 1 + (scale > 0.6), "distans": 1, "mat": ceil(needs / 14)}
    for letter in code:
        for slot in range(max(1, pairs[unit.spec.name])):
            # Three share one place on the roster: 5 nights on, 5 off, 4 on.
            for third in range(3):
                pattern = "".join(letter if (day + slot) % 3 == third else "-" for day in range(14))
                unit.carers.append(_carer(rng, names, unit, pattern))


def hire(seed: int, units: dict[str, Unit], names, scale: float, days: int) -> None:
    for unit in units.values():
        rng = unit.rng
        unit.planner = names.new("office-")
        if unit.spec.name in ROUNDS:
            _rounds_staff(rng, names, unit, scale)
        elif unit.clients:
            heads, evening = _heads(unit)
            weekday_only = unit.provider.ref == "stad"
            turns = (heads + evening) * (5 if weekday_only else 7)
            mean = 0.86
            for _ in range(max(2, ceil(turns / (5 * mean) * 0.98))):
                contract = rng.choice((1.0, 1.0, 0.9, 0.8, 0.75, 0.6))
                share = evening / (heads + evening) if heads + evening else 0
                code = "S" if weekday_only else ""
                unit.carers.append(
                    _carer(rng, names, unit, _pattern(rng, contract, share, weekday_only, code))
                )
            for _ in range(max(2, round(len(unit.carers) * max(0.15, unit.provider.temps)))):
                unit.temps.append(_carer(rng, names, unit, "-" * 14, True))
        unit.devices = [names.new("dev-") for _ in range(max(4, len(unit.carers) // 3))]
        for carer in unit.carers:
            _career(rng, carer, days)
        for carer in unit.carers + unit.temps:
            draw_spells(stream(seed, "spells", carer.person), carer, days)
    _second_jobs(stream(seed, "second"), units)


def _career(rng: Random, carer: Carer, days: int) -> None:
    """Some come and some go during the window."""
    chance = rng.random()
    if chance < 0.06:
        carer.hired = rng.randrange(1, days)
        carer.shadow_until = carer.hired + rng.choice((3, 4, 6))
    elif chance < 0.1:
        carer.left = rng.randrange(5, days)


def _second_jobs(rng: Random, units: dict[str, Unit]) -> None:
    """Part-timers who also work for another employer, on days off: lawful."""
    hosts = [u for u in units.values() if u.temps]
    for unit in hosts:
        for carer in unit.carers:
            if "N" in carer.pattern or rng.random() > 0.03:
                continue
            other = rng.choice([u for u in hosts if u.provider is not unit.provider])
            carer.second = other
            carer.second_ref = (
                carer.person if not other.provider.own_refs else other.provider.own_refs + carer.person[2:]
            )
            other.temps.append(carer)


def _flu(day: int) -> float:
    return 2.3 if 28 <= day <= 46 else 1.0


def draw_spells(rng: Random, carer: Carer, days: int) -> None:
    late_hr = carer.unit.provider.late_hr
    day = -5
    leave = rng.random() < 0.3
    leave_day = rng.randrange(days) if rng.random() > 0.35 else rng.randrange(42, 47) if days > 47 else 0
    if rng.random() < 0.02:
        carer.spells.append(
            Spell(
                "other", midnight(-60), midnight(days + 60), midnight(-60), midnight(days + 60), midnight(-58)
            )
        )
        return
    while day < days:
        if leave and day == leave_day:
            length = rng.choice((2, 5, 7, 7, 12))
            start, back = midnight(day), midnight(day + length)
            carer.spells.append(Spell("leave", start, back, start, back, start - 12 * DAY))
            day += length
            continue
        if rng.random() < 0.0105 * _flu(day) * (0.7 if autumn_break(day) else 1):
            length = 1 + min(20, int(rng.expovariate(0.45)))
            start = midnight(day) if rng.random() < 0.8 else wall(day, rng.uniform(9, 20) * HOUR)
            back = midnight(day + length)
            noted = start + int(
                rng.uniform(0, 12) * HOUR if rng.random() > late_hr else rng.uniform(2, 12) * DAY
            )
            # Noted by whole days; now and then one day too long, as the first prognosis said.
            over = DAY if rng.random() < 0.06 else 0
            carer.spells.append(Spell("sick", start, back, midnight(day), back + over, noted))
            day += length
        day += 1
