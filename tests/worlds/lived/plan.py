"""Planners: which visits are due, and who is sent to them."""

from dataclasses import dataclass, field

from .clock import HOUR, MINUTE, midnight, wall
from .land import Place, expected
from .life import Client
from .needs import Need
from .staff import SHIFTS, Carer, Unit


@dataclass(slots=True, eq=False)
class Visit:
    number: int
    client: Client
    need: Need
    day: int
    start: int
    length: int  # planned, seconds
    staff: int = 1
    together: "Visit | None" = None  # the spouse's visit, made in the same stay
    rider: bool = False  # made within another visit's stay
    crew: list = field(default_factory=list)
    waiting: tuple | None = None
    status: str = "open"  # open, done, cancelled, missed, skipped
    sits: set[str] = field(default_factory=set)
    planned: tuple[int, int] = (0, 0)


@dataclass(slots=True, eq=False)
class Shift:
    carer: Carer
    ref: str
    unit: Unit
    day: int
    start: int
    end: int
    code: str
    at: Place
    device: str
    route: list[Visit] = field(default_factory=list)
    broke: bool = False
    free: float = 0  # the planner's idea of when this one is free, and where
    where: Place | None = None
    trainee: Carer | None = None
    over: int = 0  # when the last work was done


def open_shift(unit: Unit, carer: Carer, day: int, code: str, device: str) -> Shift:
    first, last = SHIFTS[code]
    start, end = wall(day, first), wall(day, last)
    ref = carer.ref if carer.unit is unit else carer.second_ref or carer.ref
    return Shift(carer, ref, unit, day, start, end, code, unit.base, device, free=start, where=unit.base)


def on_duty(unit: Unit, day: int) -> list[Shift]:
    """The roster's shifts of those who came to work; newcomers follow somebody at first."""
    shifts, newcomers = [], []
    for carer in unit.carers:
        code = carer.shift(day)
        if code == "-":
            continue
        spell = carer.away(wall(day, SHIFTS[code][0]))
        if spell is not None:
            continue
        if day < carer.shadow_until:
            newcomers.append((carer, code))
            continue
        if unit.system(midnight(day)).device == "pool":
            device = unit.devices[unit.rng.randrange(len(unit.devices))]
            for _ in range(8):
                if all(s.device != device for s in shifts):
                    break
                device = unit.devices[unit.rng.randrange(len(unit.devices))]
        else:
            device = carer.device
        shifts.append(open_shift(unit, carer, day, code, device))
    for carer, code in newcomers:
        host = next((s for s in shifts if s.code == code and s.trainee is None), None)
        if host is not None:
            host.trainee = carer
    return shifts


def planner_sees(client: Client, start: int, now: int) -> bool:
    """Whether the planner, at `now`, has the client as at home at `start`."""
    return not any(a.start <= start < a.end and a.known_at <= now for a in client.absences)


def due_visits(world, unit: Unit, day: int) -> list[Visit]:
    """The day's visits as planned on the evening before; visits of spouses at one hour are one stay."""
    eve = midnight(day) - 7 * HOUR
    visits, by_need = [], {}
    rng = unit.rng
    for client in unit.clients:
        if day < client.born or day > client.left:
            continue
        factor = client.boost(day)
        for need in client.needs:
            if client.units[need.role] is not unit or not need.due(day):
                continue
            start = wall(day, need.at)
            if not planner_sees(client, start, eve):
                continue
            length = max(300, round(need.minutes * (1 + 0.5 * (factor - 1)) / 5) * 300)
            visit = Visit(world.number(), client, need, day, start, length, need.staff)
            if rng.random() < 0.12 and need.kind in ("morning", "evening", "shower", "cleaning", "shopping"):
                visit.start += rng.choice((-1800, -900, 900, 1800))
            visits.append(visit)
            by_need[client.ref, need.kind, need.at] = visit
    _space(visits)
    for visit in visits:
        spouse = visit.client.spouse
        if spouse is not None and not visit.rider and visit.together is None:
            other = by_need.get((spouse.ref, visit.need.kind, visit.need.at))
            if other is not None and other.together is None:
                visit.together, other.rider = other, True
                visit.staff = max(visit.staff, other.staff)
                other.start = visit.start
    for visit in visits:
        visit.planned = (visit.start, visit.start + visit.length)
    return [v for v in visits if not v.rider]


def _space(visits: list[Visit]) -> None:
    """A planner does not send two carers to one client at once, but for different errands."""
    by_client: dict[str, list[Visit]] = {}
    for visit in visits:
        if visit.need.role == "care" and visit.need.kind not in ("relief", "social"):
            by_client.setdefault(visit.client.ref, []).append(visit)
    for own in by_client.values():
        own.sort(key=lambda v: (v.start, v.number))
        for before, after in zip(own, own[1:], strict=False):
            after.start = max(after.start, before.start + before.length + 15 * MINUTE)


def _cost(shift: Shift, visit: Visit, place: Place, length: int) -> tuple[float, float] | None:
    start = visit.start
    if start < shift.start - 600 or start + length > shift.end + 1_200:
        return None
    if shift.code == "L" and wall(shift.day, 12.4 * HOUR) <= start < wall(shift.day, 16.2 * HOUR):
        return None
    way = expected(shift.where, place, shift.carer.mode)
    late = shift.free + way - start
    cost = way + (4 * late if late > 0 else -0.2 * late)
    known = visit.client.fond.get(shift.carer.person, 0)
    cost -= 60 * min(known, 10) if visit.client.relative != shift.carer.person else 20_000
    return cost, late


def _call_temp(world, unit: Unit, day: int, shifts: list[Shift], start: int) -> Shift | None:
    for carer in unit.temps:
        if any(s.carer is carer for s in shifts) or not carer.hired <= day < carer.left:
            continue
        busy = carer.unit is not unit and any(carer.shift(d) != "-" for d in (day - 1, day, day + 1))
        if busy or carer.away(start) is not None or (carer.person, day) in world.busy:
            continue
        world.busy.add((carer.person, day))
        code = "S" if unit.provider.ref == "stad" else ("D" if start < wall(day, 15.2 * HOUR) else "E")
        device = unit.devices[unit.rng.randrange(len(unit.devices))]
        pool = unit.system(start).device == "pool" and all(s.device != device for s in shifts)
        shift = open_shift(unit, carer, day, code, device if pool else carer.device)
        shifts.append(shift)
        return shift
    return None


def assign(world, unit: Unit, day: int, visits: list[Visit], shifts: list[Shift]) -> None:
    """Gives each visit to whom it suits best, in the day's order; calls temps in when all would be late."""
    for visit in sorted(visits, key=lambda v: (v.start, v.number)):
        place = visit.client.home_at(visit.start)
        length = visit.length + (visit.together.length if visit.together else 0)
        for _ in range(visit.staff):
            best = None
            for shift in shifts:
                if shift in visit.crew:
                    continue
                found = _cost(shift, visit, place, length)
                if found is not None and (best is None or found[0] < best[0]):
                    best = (*found, shift)
            if best is None or best[1] > visit.need.slack + 25 * MINUTE:
                temp = _call_temp(world, unit, day, shifts, visit.start)
                if temp is not None:
                    best = (0.0, 0.0, temp)
            if best is None:
                continue
            shift = best[2]
            arrive = max(visit.start, shift.free + expected(shift.where, place, shift.carer.mode))
            shift.free, shift.where = arrive + length, place
            shift.route.append(visit)
            visit.crew.append(shift)
            if unit.spec.to_route and not visit.crew[1:]:
                begin = int(arrive) // 60 * 60
                visit.planned = (begin, begin + visit.length)
        if not visit.crew:
            visit.status = "missed"
