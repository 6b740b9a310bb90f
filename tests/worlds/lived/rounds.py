"""Work that is no route by day: night teams, the alarm patrol, remote checks, the bedside watch."""

from math import exp

from .clock import HOUR, MINUTE, day_of, midnight, wall
from .day import Day
from .land import metres, travel
from .orders import grant_watch
from .plan import due_visits, on_duty, open_shift
from .presence import Presence


class Night(Day):
    """Teams of two by car, with the doors and stairs of half the municipality to see to."""

    def live(self) -> None:
        visits = due_visits(self.world, self.unit, self.day)
        self.shifts = on_duty(self.unit, self.day)
        if not self.shifts:
            return
        leads = self.shifts[::2]
        self.mates = dict(zip(leads, self.shifts[1::2], strict=False))
        for visit in sorted(visits, key=lambda v: (v.start, v.number)):
            visit.staff = 1  # the team is one crew
            visit.sits.add("night-patrol")
            place = visit.client.home_at(visit.start)
            lead = min(leads, key=lambda s: metres(s.where, place) / 12 + max(0, s.free - visit.start) * 5)
            lead.where, lead.free = place, max(lead.free, visit.start) + visit.length + 300
            lead.route.append(visit)
            visit.crew.append(lead)
        for act in self.unit.acts:
            act.before_day(self.world, self.unit, self.day, visits, self.shifts)
        for lead in leads:
            self._push(lead.start + self.rng.randrange(300, 900), lead)
        self._run(visits)
        for shift in self.shifts:
            self.world.paid(shift, shift.end - shift.start)

    def _attend(self, crew, visit) -> None:
        lead, arrive = crew[0]
        mate = self.mates.get(lead)
        if mate is not None:
            mate.at = lead.at
            crew = [(lead, arrive), (mate, arrive + self.rng.randrange(2, 25))]
        super()._attend(crew, visit)


def alarms(world, unit, day: int) -> None:
    """Clients press the button when they fall, or by mistake; the nearest free patrol goes."""
    rng = unit.rng
    patrols = on_duty(unit, day)
    for shift in patrols:
        world.paid(shift, shift.end - shift.start)
        shift.free = shift.start
    calls = []
    for client in world.clients:
        if client.alarm and client.born <= day < client.left and rng.random() < 0.019:
            calls.append((midnight(day) + int(rng.triangular(7, 31, 18) * HOUR), client.ref, client))
    for t, _, client in sorted(calls):
        if client.absence_at(t) is not None:
            continue
        able = [s for s in patrols if s.start <= t < s.end - HOUR and s.carer.away(t) is None]
        if not able:
            continue
        shift = min(able, key=lambda s: max(s.free, t) + metres(s.at, client.home_at(t)) / 10)
        place = client.home_at(t)
        arrive = int(max(shift.free, t + 60) + travel(rng, shift.at, place, "car"))
        end = arrive + int(min(100, max(4, 17 * exp(rng.gauss(0, 0.6)))) * MINUTE)
        gone = next((a for a in client.absences if arrive - HOUR < a.start < end), None)
        if gone is not None:
            continue
        shift.free, shift.at = end + 60, place
        presence = Presence(
            shift, client, "alarm", arrive, end, place, world.rid(unit.system(arrive)), world.number()
        )
        presence.kind, presence.tasks = "alarm", ("alarm",)
        presence.sits.add("alarm-response")
        world.register(presence)


def remote(world, unit, day: int) -> None:
    """An operator looks in by camera, one after another, from a desk."""
    rng = unit.rng
    desks = on_duty(unit, day)
    for shift in desks[1:]:
        world.paid(shift, shift.end - shift.start)
    if not desks:
        return
    shift = desks[0]
    world.paid(shift, shift.end - shift.start)
    t = shift.start + 600
    for visit in sorted(due_visits(world, unit, day), key=lambda v: (v.start, v.number)):
        if visit.client.absence_at(max(t, visit.start)) is not None:
            continue
        start = max(t, visit.start + rng.randrange(-600, 600)) + rng.randrange(4, 40)
        end = start + int(visit.need.minutes * 60 * exp(rng.gauss(0, visit.need.spread)))
        t = end
        presence = Presence(
            shift,
            visit.client,
            "remote",
            start,
            end,
            unit.base,
            world.rid(unit.system(start)),
            world.number(),
        )
        presence.visit, presence.kind, presence.tasks = visit, "remote", visit.need.tasks
        presence.planned = visit.planned
        presence.sits.add("remote-round")
        world.register(presence)


def bedside_watches(world, day: int) -> None:
    """Somebody sits with the dying round the clock, in turns; the next one comes before a turn ends."""
    for client in world.clients:
        if client.dead_at is None or client.home_at(client.dead_at).island:
            continue
        if "watched" not in client.quirks:
            continue
        since, until = client.dead_at - int(world.watch_days[client.ref] * 24 * HOUR), client.dead_at
        if not day_of(since) <= day <= day_of(until):
            continue
        if not any(o.role == "watch" for o in client.orders):
            grant_watch(world.rng, world.names, client, since, until)
        for first, last in ((7, 15), (15, 22), (22, 31)):
            _turn(
                world,
                client,
                day,
                max(wall(day, first * HOUR), since),
                min(wall(day, last * HOUR), until + 30 * MINUTE),
            )


def _turn(world, client, day: int, start: int, end: int) -> None:
    unit = client.units["watch"]
    rng = unit.rng
    if end - start < HOUR or client.absence_at(start) is not None:
        return
    for carer in unit.temps + unit.carers:
        off = all(carer.shift(d) == "-" for d in (day - 1, day, day + 1))
        free = all((carer.person, d) not in world.busy for d in (day - 1, day, day + 1))
        if not off or not free or carer.away(start) is not None or not carer.hired <= day < carer.left - 1:
            continue
        if carer.unit is not unit or carer.second is not None or day < carer.shadow_until:
            continue
        world.busy |= {(carer.person, day), (carer.person, day + 1)}
        shift = open_shift(unit, carer, day, "D", carer.device)
        shift.end = end
        begin = start - rng.randrange(2, 12) * MINUTE
        place = client.home_at(start)
        presence = Presence(
            shift, client, "watch", begin, end, place, world.rid(unit.system(begin)), world.number()
        )
        presence.kind, presence.tasks = "unplanned", ("watch",)
        presence.sits |= {"bedside-watch", "handover"}
        world.paid(shift, end - begin)
        world.register(presence)
        return
