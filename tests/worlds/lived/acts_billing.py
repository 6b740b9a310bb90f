"""Owners whose people work, and whose bills say more, or other people."""

from .acts_base import Act, by_device, by_hand, paper_shift, pretend_visit, send_live
from .capture import typed
from .clock import HOUR, MINUTE, wall
from .register import claim_for
from .staff import Carer


def leave_out(rng, able: list, count: int) -> list:
    """At most `count` of the visits, drawn, which nobody makes any more."""
    left_out = rng.sample(able, min(count, len(able)))
    for visit in left_out:
        visit.crew[0].route.remove(visit)
        visit.crew.clear()
        visit.status = "missed"
    return left_out


class RegistersTheIll(Act):
    """While somebody is ill or abroad, visits that nobody made are registered in that name."""

    def __init__(self, owner: str, carers: list[Carer]):
        self.owner, self.carers, self.taken = owner, carers, []

    def before_day(self, world, unit, day: int, visits: list, shifts: list) -> None:
        noon = wall(day, 12 * HOUR)
        for carer in self.carers:
            if carer.shift(day) not in "DE" or carer.away(noon) is None:
                continue
            able = [
                v
                for v in visits
                if v.status == "open"
                and v.staff == 1
                and len(v.crew) == 1
                and not v.together
                and v.need.minutes < 35
            ]
            # The clients are rung up: today nobody can come.
            self.taken += [(carer, visit) for visit in leave_out(unit.rng, able, 4)]

    def after_day(self, world, unit, day: int) -> None:
        rng = unit.rng
        for carer, visit in self.taken:
            if visit.client.absence_at(visit.start) is not None:
                continue
            start = visit.start + rng.randrange(-300, 600)
            shift = paper_shift(unit, carer, day)
            presence = pretend_visit(
                world, shift, visit, start, start + visit.length * rng.uniform(0.8, 1.05)
            )
            if rng.random() < 0.6:
                claim = by_device(world, presence, unit.base)
                world.plant(claim, "registered-while-ill", self.owner, claim.end - claim.start)
                send_live(world, claim)
            else:
                claim, at = by_hand(world, presence, wall(day, rng.uniform(16, 22) * HOUR), "manual_office")
                world.plant(claim, "registered-while-ill", self.owner, claim.end - claim.start)
                world.send(claim, "recorded", at)
        self.taken.clear()


class BooksElsewhere(Act):
    """Somebody works for another firm that day, and is typed in here for visits that nobody made."""

    def __init__(self, owner: str, carer: Carer, since: int):
        self.owner, self.carer, self.since, self.taken = owner, carer, since, []

    def before_day(self, world, unit, day: int, visits: list, shifts: list) -> None:
        if day < self.since or self.carer.shift(day) not in "DE" or unit.rng.random() < 0.4:
            return
        able = [
            v
            for v in visits
            if v.status == "open"
            and v.staff == 1
            and len(v.crew) == 1
            and not v.together
            and v.need.minutes < 40
            and self.carer.away(v.start) is None
            and (v.crew[0].code == self.carer.shift(day))
        ]
        self.taken += leave_out(unit.rng, able, 3)

    def after_day(self, world, unit, day: int) -> None:
        rng = unit.rng
        for visit in self.taken:
            if visit.client.absence_at(visit.start) is not None:
                continue
            shift = paper_shift(unit, self.carer, day)
            shift.ref = self.carer.ref
            start = visit.start + rng.gauss(0, 5 * MINUTE)
            presence = pretend_visit(world, shift, visit, start, start + visit.length)
            claim, at = by_hand(world, presence, wall(day, rng.uniform(19, 22) * HOUR))
            world.plant(claim, "booked-elsewhere", self.owner, claim.end - claim.start)
            world.send(claim, "recorded", at)
        self.taken.clear()


class BillsBothInFull(Act):
    """Spouses are helped in one stay; the stay is billed in full on each of them."""

    def __init__(self, owner: str, since: int):
        self.owner, self.since = owner, since

    def sees(self, world, presence) -> None:
        if presence.shift.day < self.since or presence.half is None or presence.trainee:
            return
        presence.full_price = True

    def before_day(self, world, unit, day: int, visits: list, shifts: list) -> None:
        unit.full_price = self if day >= self.since else None


class RoundsUpBills(Act):
    """The billing file adds a quarter to evening visits."""

    def __init__(self, owner: str, since: int, until: int, share: float):
        self.owner, self.since, self.until, self.share = owner, since, until, share

    def sees(self, world, claim) -> None:
        usable = (
            claim.outcome == "performed"
            and claim.billable
            and claim.presence.half is None
            and claim.end is not None
        )
        if (
            not self.since <= claim.day < self.until
            or not usable
            or claim.truth
            or claim.mode() != "performed"
        ):
            return
        if claim.tariff() == "E1" and claim.unit.rng.random() < self.share:
            claim.pay_factor = 1.25
            world.plant(claim, "billed-above", self.owner, (claim.end - claim.start) // 4)

    def before_day(self, world, unit, day: int, visits: list, shifts: list) -> None:
        unit.bills_above = self


class HelpsByTelephone(Act):
    """Safety visits to light clients are made over the telephone by the office and entered as visits."""

    def __init__(self, owner: str, carer: Carer, since: int):
        self.owner, self.carer, self.since, self.taken = owner, carer, since, []

    def before_day(self, world, unit, day: int, visits: list, shifts: list) -> None:
        if day < self.since or day % 7 > 4:
            return
        able = [
            v
            for v in visits
            if v.status == "open"
            and v.staff == 1
            and len(v.crew) == 1
            and not v.together
            and v.need.kind in ("medicine", "afternoon", "lunch")
        ]
        self.taken += leave_out(unit.rng, able, 2)

    def after_day(self, world, unit, day: int) -> None:
        rng = unit.rng
        for visit in self.taken:
            if visit.client.absence_at(visit.start) is not None:
                continue
            shift = paper_shift(unit, self.carer, day, f"{unit.name}-desk")
            presence = pretend_visit(world, shift, visit, visit.start, visit.start + visit.length)
            claim = claim_for(world, presence)
            at = wall(day, rng.uniform(15, 16) * HOUR)
            claim.start, claim.end = visit.planned
            at = max(at, claim.end)
            claim.cap_s, claim.cap_e = (
                typed(presence, "manual_office", at),
                typed(presence, "manual_office", at),
            )
            world.plant(claim, "telephoned-by-office", self.owner, claim.end - claim.start)
            world.send(claim, "recorded", at)
        self.taken.clear()
