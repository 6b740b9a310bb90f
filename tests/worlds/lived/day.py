"""A unit's day as it is lived: from client to client, with waits, locked doors and illness."""

from heapq import heappop, heappush
from math import exp

from .clock import DAY, HOUR, MINUTE, midnight, wall
from .land import HEALTH_CENTRE, SHOPS, metres, near, travel
from .plan import Shift, Visit, assign, due_visits, on_duty, open_shift
from .presence import Presence

SETTING_OFF = 60  # seconds between the end of a visit and being under way


class Day:
    def __init__(self, world, unit, day: int):
        self.world, self.unit, self.day, self.rng = world, unit, day, unit.rng
        self.heap: list = []
        self.shifts: list[Shift] = []

    def live(self) -> None:
        visits = due_visits(self.world, self.unit, self.day)
        self.shifts = on_duty(self.unit, self.day)
        assign(self.world, self.unit, self.day, visits, self.shifts)
        self.world.on_today[self.unit.name] = self.shifts
        for act in self.unit.acts:
            act.before_day(self.world, self.unit, self.day, visits, self.shifts)
        for shift in self.shifts:
            shift.route.sort(key=lambda v: (v.start, v.number))
            self._push(shift.start + int(self.rng.triangular(-200, 500, 60)), shift)
        self._run(visits)
        for shift in self.shifts:
            worked = (
                max(shift.over, shift.end if not shift.carer.away(shift.end) else shift.over) - shift.start
            )
            self.world.paid(shift, max(0, worked))
            if shift.trainee is not None:
                self.world.paid(shift, max(0, worked), shift.trainee)

    def _run(self, visits: list[Visit]) -> None:
        """Until everybody is through; who waits for a colleague that never comes goes in alone."""
        while True:
            while self.heap:
                t, _, shift = heappop(self.heap)
                self._step(t, shift)
            left = next((v for v in visits if v.waiting is not None and v.status == "open"), None)
            if left is None:
                return
            self._attend([left.waiting], left)

    def _push(self, t: int, shift: Shift) -> None:
        heappush(self.heap, (int(t), self.world.number(), shift))

    def _step(self, t: int, shift: Shift) -> None:
        route = shift.route
        while route and route[0].status != "open":
            route.pop(0)
        if not route:
            return
        visit = route[0]
        if shift.carer.away(t) is not None:
            self._hand_over(t, shift)
            return
        conduct = shift.carer.conduct
        if conduct is not None and conduct.skips(self.world, shift, visit, t):
            route.pop(0)
            self._leave_crew(visit, shift)
            self._push(t, shift)
            return
        if self._called_off(visit, t):
            visit.status = "cancelled"
            self._push(t, shift)
            return
        if self._too_late(t, shift, visit):
            self._push(t, shift)
            return
        t = self._break(t, shift)
        place = self._place(visit, t)
        arrive = t + SETTING_OFF + travel(self.rng, shift.at, place, shift.carer.mode)
        arrive = max(arrive, visit.start - shift.carer.early - int(self.rng.random() * 120))
        route.pop(0)
        if visit.staff > 1 and len(visit.crew) > 1:
            if visit.waiting is None:
                visit.waiting = (shift, arrive)
                return
            self._attend([visit.waiting, (shift, arrive)], visit)
        else:
            self._attend([(shift, arrive)], visit)

    def _leave_crew(self, visit: Visit, shift: Shift) -> None:
        """One of two does not come: the other, who may be waiting already, does it alone."""
        if shift in visit.crew:
            visit.crew.remove(shift)
        if visit.waiting is not None and visit.status == "open":
            self._attend([visit.waiting], visit)
        elif not visit.crew and visit.status == "open":
            visit.status = "skipped"

    def _called_off(self, visit: Visit, t: int) -> bool:
        """The planner has heard meanwhile that the client is away."""
        absence = visit.client.absence_at(max(t, visit.start))
        if absence is None or absence.known_at > t:
            return False
        return not self._spouse_at_home(visit, t)

    def _spouse_at_home(self, visit: Visit, t: int) -> bool:
        """A couple's stay is still needed by the other one."""
        other = visit.together
        return other is not None and other.client.absence_at(max(t, visit.start)) is None

    def _too_late(self, t: int, shift: Shift, visit: Visit) -> bool:
        """After hours, or hours behind: handed to a colleague or dropped; service waits for another day."""
        behind = t - visit.start
        after = t + visit.length // 2 > shift.end + 50 * MINUTE
        if not after and not (behind > 2 * HOUR and visit.need.role == "service"):
            return False
        shift.route.pop(0)
        taker = self._taker(visit, t, shift) if after else None
        if shift in visit.crew:
            visit.crew.remove(shift)
        if taker is not None:
            self._insert(taker, visit)
        elif not visit.crew:
            visit.status = "missed"
        elif visit.waiting is not None:
            self._attend([visit.waiting], visit)
        return True

    def _taker(self, visit: Visit, t: int, but: Shift) -> Shift | None:
        able = [
            s
            for s in self.shifts
            if s is not but
            and s not in visit.crew
            and s.start - HOUR <= t < s.end - visit.length
            and s.route
            and s.carer.away(t) is None
        ]
        return min(able, key=lambda s: (len(s.route), s.ref), default=None)

    def _insert(self, shift: Shift, visit: Visit) -> None:
        """Only into what lies ahead: a colleague who waits for somebody keeps the order of the visits."""
        visit.crew.append(shift)
        shift.route.append(visit)
        shift.route.sort(key=lambda v: (v.start, v.number))

    def _hand_over(self, t: int, shift: Shift) -> None:
        """The carer went home ill."""
        shift.over = max(shift.over, t)
        for visit in list(shift.route):
            shift.route.remove(visit)
            if visit.status != "open":
                continue
            taker = self._taker(visit, t, shift) if visit.staff == 1 else None
            if taker is not None:
                visit.crew.remove(shift)
                self._insert(taker, visit)
            else:
                self._leave_crew(visit, shift)

    def _break(self, t: int, shift: Shift) -> int:
        if shift.code == "L" and not shift.broke and t > wall(self.day, 12.2 * HOUR):
            shift.broke = True
            return max(t, wall(self.day, 15.9 * HOUR))
        if not shift.broke and t - shift.start > 3.6 * HOUR and shift.end - shift.start > 6 * HOUR:
            shift.broke = True
            return t + int(self.rng.uniform(22, 38) * MINUTE)
        return t

    def _place(self, visit: Visit, t: int):
        if visit.need.visit_kind == "errand":
            home = visit.client.home_at(t)
            return near(self.rng, min(SHOPS, key=lambda shop: metres(shop, home)), 15)
        return visit.client.home_at(max(t, visit.start))

    def _attend(self, crew: list[tuple[Shift, int]], visit: Visit) -> None:
        """What happens once everybody is there, or nobody opens."""
        visit.status, visit.waiting = "done", None
        crew.sort(key=lambda pair: (pair[1], pair[0].ref))
        begin = crew[-1][1]
        client, sits = visit.client, set(visit.sits)
        until = client.busy.get(self.unit.name, 0) if visit.need.role == "care" else 0
        if begin < until < begin + 20 * MINUTE:
            # A colleague is still there: one waits outside.
            begin = until + 20
            crew = [(shift, begin + 5 * n) for n, (shift, _) in enumerate(crew)]
            begin = crew[-1][1]
        if visit.together is not None and client.absence_at(begin) is not None:
            # One of the spouses is away: the stay is for the other one.
            other, visit.together = visit.together, None
            if other.client.absence_at(begin) is None:
                other.crew, client, visit = visit.crew, other.client, other
                visit.status = "done"
        together = visit.together
        if together is not None:
            together.status = "done"
            if together.client.absence_at(begin) is not None:
                together = None
        outcome, seconds = self._meeting(visit, client, begin, crew[0][0], sits)
        if together is not None and outcome == "performed":
            seconds += int(0.7 * self._lasts(together, crew[0][0], begin))
            leaves = [a.start for c in (client, together.client) for a in c.absences if a.start > begin]
            seconds = min(seconds, max(30, min(leaves, default=begin + seconds) - begin))
        elif together is not None:
            together = None
        end = begin + seconds
        if visit.need.role == "care":
            client.busy[self.unit.name] = end
        self._record(crew, visit, together, begin, end, outcome, sits)

    def _lasts(self, visit: Visit, shift: Shift, begin: int) -> int:
        need, carer = visit.need, shift.carer
        behind = begin - visit.start
        hurry = 0.85 if behind > 20 * MINUTE else 0.94 if behind > 10 * MINUTE else 1.0
        minutes = (
            need.minutes
            * visit.client.boost(self.day)
            * carer.pace
            * hurry
            * exp(self.rng.gauss(0, need.spread))
        )
        if carer.conduct is not None:
            minutes *= carer.conduct.hurries(self.world, shift, visit)
        return max(90, int(minutes * 60))

    def _meeting(self, visit: Visit, client, begin: int, shift: Shift, sits: set) -> tuple[str, int]:
        rng = self.rng
        absence = client.absence_at(begin)
        if absence is not None:
            absence.known_at = min(absence.known_at, begin + 10 * MINUTE)
            if absence.kind == "deceased" and absence.start > begin - 14 * HOUR:
                sits.add("found-dead")
                return "partly", int(rng.uniform(40, 100) * MINUTE)
            sits.add("nobody-home")
            return "client_absent", int(rng.uniform(2, 8) * MINUTE)
        factor = 2.5 if visit.need.kind in ("shower", "social") else 1
        if rng.random() < client.declines * factor:
            sits.add("declined")
            room = min((a.start - begin for a in client.absences if a.start > begin), default=DAY)
            return "declined", max(30, min(int(rng.uniform(1, 6) * MINUTE), room))
        if rng.random() < 0.004:
            sits.add("nobody-home")
            return "client_absent", int(rng.uniform(2, 8) * MINUTE)
        seconds = self._lasts(visit, shift, begin)
        leaving = next((a for a in client.absences if begin < a.start < begin + max(seconds, 2 * HOUR)), None)
        if leaving is not None and leaving.kind == "hospital" and leaving.found_by_carer:
            # The carer finds the client ill, calls, and stays until the ambulance has come.
            seconds = max(int(rng.uniform(30, 80) * MINUTE), leaving.start - begin)
            leaving.start = leaving.known_at = begin + seconds
            sits.add("found-ill")
        elif leaving is not None and leaving.start < begin + seconds:
            seconds = max(30, leaving.start - begin)
        outcome = "partly" if rng.random() < 0.02 else "performed"
        return outcome, seconds if outcome == "performed" else max(90, int(seconds * rng.uniform(0.4, 0.8)))

    def _record(self, crew, visit: Visit, together, begin: int, end: int, outcome: str, sits: set) -> None:
        """Everybody's stay; then each one registers it."""
        world, rng = self.world, self.rng
        stays, shifts = [], []
        for order, (shift, arrive) in enumerate(crew):
            leaves = end
            arrive = max(arrive, begin - 12 * MINUTE)  # who is early waits outside
            if order and visit.need.lift and end - begin > 15 * MINUTE:
                leaves = begin + int(rng.uniform(7, 13) * MINUTE)
            leaves += rng.randrange(0, 50) if order else 0
            for person in (shift.carer, shift.trainee):
                if person is not None:
                    stays += self._stays(shift, person, visit, together, arrive, leaves, outcome, sits)
            shifts.append((shift, leaves))
        if len(crew) > 1:
            sit = "second-for-the-lift" if visit.need.lift else "double-staffing"
            for stay in stays:
                stay.sits.add(sit)
                stay.partners = [p for p in stays if p.person != stay.person and p.client is stay.client]
        elif visit.need.staff > 1:
            for stay in stays:
                stay.sits.add("alone-at-double")
        for stay in stays:
            visit.client.fond[stay.person] = visit.client.fond.get(stay.person, 0) + 1
            world.register(stay)
        for shift, leaves in shifts:
            shift.at, shift.over = stays[0].to if len(crew) == 1 else visit.client.home_at(begin), leaves
            self._push(leaves, shift)

    def _stays(self, shift, person, visit: Visit, together, start, end, outcome, sits) -> list[Presence]:
        world, stay = self.world, self.world.number()
        result = []
        for half, each in (("first", visit), ("second", together)):
            if each is None:
                continue
            place = self._place(each, start)
            presence = Presence(shift, each.client, each.need.role, start, end, place, "", stay)
            presence.rid = world.rid(self.unit.system(start))
            if person is not shift.carer:
                presence.carer, presence.person, presence.trainee = person, person.person, True
                presence.ref, presence.device = person.ref, person.device
                presence.sits.add("shadowing")
            elif shift.trainee is not None:
                presence.sits.add("shadowed")
            presence.visit, presence.outcome, presence.kind = each, outcome, each.need.visit_kind
            presence.tasks, presence.staff, presence.planned = each.need.tasks, each.need.staff, each.planned
            presence.sits |= sits
            self._ends_elsewhere(presence, each)
            if together is not None:
                presence.half = half
                presence.sits.add("couple-together")
            result.append(presence)
        return result

    def _ends_elsewhere(self, presence: Presence, visit: Visit) -> None:
        if presence.kind == "errand":
            presence.sits.add("errand")
            home = visit.client.home_at(presence.start)
            if presence.outcome == "performed" and metres(presence.at, home) < 6 * (
                presence.end - presence.start - 600
            ):
                presence.to = home
        elif presence.kind == "escort":
            presence.sits.add("escort")
            if (
                presence.outcome == "performed"
                and not presence.at.village
                and presence.end - presence.start > 25 * MINUTE
            ):
                presence.to = HEALTH_CENTRE


def live_day(world, unit, day: int) -> None:
    Day(world, unit, day).live()


def home_checks(world, unit, day: int) -> None:
    """The cat is fed and the flat aired while the client is in hospital, as agreed."""
    for client in unit.clients:
        if client.units["care"] is not unit:
            continue
        for absence in client.absences:
            noon = wall(day, 13 * HOUR)
            if (
                not absence.home_check
                or not absence.start + DAY < noon < absence.end
                or (noon - absence.start) // DAY % 2
            ):
                continue
            free = [
                c
                for c in unit.carers
                if c.shift(day) == "E"
                and c.away(wall(day, 16 * HOUR)) is None
                and day >= c.shadow_until
                and (c.person, day) not in world.checked
            ]
            if not free:
                continue
            shift = open_shift(unit, free[0], day, "E", free[0].device)
            world.checked.add((free[0].person, day))
            start = midnight(day) + int(unit.rng.uniform(13.2, 14.4) * HOUR)
            end = start + int(unit.rng.uniform(10, 20) * MINUTE)
            presence = Presence(shift, client, "care", start, end, client.home_at(start), "", world.number())
            presence.rid = world.rid(unit.system(start))
            presence.kind, presence.tasks = "unplanned", ("home-check",)
            presence.sits.add("home-check-in-absence")
            world.register(presence)
