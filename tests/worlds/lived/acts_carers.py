"""Carers who register what they did not do."""

from .acts_base import Act, Conduct, beyond, by_device, by_hand, pretend, pretend_visit, send_live
from .capture import electronic
from .clock import HOUR, MINUTE, wall
from .land import Place, expected, metres
from .plan import open_shift
from .register import claim_for, log


class GoesHomeEarly(Conduct):
    """Has a bus to catch on Fridays: leaves out the last one or two visits and types them in."""

    def skips(self, world, shift, visit, t: int) -> bool:
        rng = shift.unit.rng
        late = shift.code == "E" and len(shift.route) <= 2 and visit.staff == 1 and not visit.together
        if not late or rng.random() > (0.85 if shift.day % 7 == 4 else 0.1):
            return False
        start = visit.start + rng.gauss(0, 5 * MINUTE)
        presence = pretend_visit(world, shift, visit, start, start + visit.length * rng.uniform(0.85, 1.05))
        later = wall(shift.day + 1, rng.uniform(8, 12) * HOUR)
        claim, at = by_hand(
            world, presence, presence.end + rng.randrange(20, 1_500) if rng.random() < 0.75 else later
        )
        world.plant(claim, "left-early-and-typed", shift.ref, claim.end - claim.start)
        world.send(claim, "recorded", at + 3)
        return True


class KeepsTags(Conduct, Act):
    """Has copied the tags of clients who never complain, and reads them at the café."""

    def __init__(self, clients, since: int):
        self.clients, self.since = clients, since

    def before_day(self, world, unit, day: int, visits: list, shifts: list) -> None:
        """Offers colleagues to take these clients over from them."""
        mine = next((s for s in shifts if s.carer.conduct is self), None)
        if mine is None or day < self.since:
            return
        for visit in visits:
            if visit.client in self.clients and visit.staff == 1 and len(visit.crew) == 1:
                other = visit.crew[0]
                if other is not mine and other.code == mine.code and unit.rng.random() < 0.4:
                    other.route.remove(visit)
                    mine.route.append(visit)
                    visit.crew[0] = mine

    def skips(self, world, shift, visit, t: int) -> bool:
        rng = shift.unit.rng
        if visit.client not in self.clients or shift.day < self.since or visit.staff > 1 or visit.together:
            return False
        start = max(t + rng.randrange(120, 400), visit.start - rng.randrange(0, 300))
        end = start + visit.length * rng.uniform(0.75, 1.0)
        following = next((v for v in shift.route if v is not visit and v.status == "open"), None)
        if following is not None:
            end = min(end, following.start - shift.carer.early - 150)
        if end - start < 5 * MINUTE or rng.random() < 0.3:
            return False
        presence = pretend_visit(world, shift, visit, start, end)
        claim = by_device(world, presence)
        world.plant(claim, "tag-copied", shift.ref, claim.end - claim.start)
        send_live(world, claim)
        return True


class Telephones(Conduct):
    """Rings up those who live far out instead of driving there: no coverage, so it has to be typed."""

    def skips(self, world, shift, visit, t: int) -> bool:
        rng = shift.unit.rng
        far = metres(shift.at, visit.client.home_at(t)) > 5_000
        if not far or visit.staff > 1 or visit.together or visit.length > 40 * MINUTE or rng.random() > 0.45:
            return False
        start = visit.start + rng.gauss(0, 6 * MINUTE)
        presence = pretend_visit(world, shift, visit, start, start + visit.length)
        claim, at = by_hand(world, presence, presence.end + rng.randrange(60, 1_200))
        world.plant(claim, "telephoned-instead", shift.ref, claim.end - claim.start)
        world.send(claim, "recorded", at + 3)
        return True


class PressesLate(Conduct, Act):
    """Ends visits in the app some minutes after leaving: on the way, or at the next door."""

    def __init__(self, pattern: str, since: int, share: float):
        self.pattern, self.since, self.share, self.held = pattern, since, share, {}

    def _wanted(self, presence, rng) -> int | None:
        """The end that will be pressed; none where this visit is left as it is."""
        if (
            presence.half is not None
            or presence.staff > 1
            or presence.trainee
            or presence.outcome != "performed"
        ):
            return None
        if rng.random() > self.share or presence.end - presence.start > 22 * MINUTE:
            return None
        return presence.end + rng.randrange(150, 430)

    def logs(self, world, presence) -> bool:
        self.press(world, presence.carer, presence.start - 15)
        wanted = None
        if presence.shift.day >= self.since and presence.carer is presence.shift.carer:
            wanted = self._wanted(presence, presence.unit.rng)
        if wanted is None:
            return False
        world.lived(presence)
        self.held[presence.ref] = (presence, wanted)
        return True

    def press(self, world, carer, limit: int | None = None) -> None:
        presence, wanted = self.held.pop(carer.ref, (None, 0))
        if presence is None:
            return
        end = max(presence.end + 10, min(wanted, limit or wanted))
        claim = claim_for(world, presence)
        step = claim.system.grain
        begun = presence.start + presence.unit.rng.randrange(5, 50)
        claim.start, claim.end = begun // step * step, max(end // step * step, begun // step * step + step)
        claim.noise = 200 + step + max(0, claim.end - presence.end)
        claim.cap_s = electronic(world, presence, claim.system.start, begun, presence.at, begun + 2)
        claim.cap_e = electronic(world, presence, claim.system.end, end, presence.to, end + 2)
        if claim.end - presence.end > 100:
            world.plant(claim, self.pattern, presence.ref, beyond(claim))
        send_live(world, claim, end + 3)

    def after_day(self, world, unit, day: int) -> None:
        for carer in unit.carers:
            self.press(world, carer)


class CutsShort(PressesLate):
    """Stays for less than half of the time, and ends the visit when it should have ended."""

    def hurries(self, world, shift, visit) -> float:
        mine = (
            shift.day >= self.since
            and visit.length >= 20 * MINUTE
            and visit.staff == 1
            and not visit.together
        )
        return 0.42 if mine and visit.number % 10 < 10 * self.share else 1.0

    def _wanted(self, presence, rng) -> int | None:
        visit = presence.visit
        lasted = presence.end - presence.start
        if (
            presence.half is not None
            or presence.staff > 1
            or presence.trainee
            or presence.outcome != "performed"
        ):
            return None
        if visit is None or lasted > 0.62 * visit.length:
            return None
        return presence.start + int(visit.length * rng.uniform(0.86, 1.04))


class StartsOnTheRoad(Conduct):
    """Starts the next visit in the app on leaving the one before, so that the drive is paid as care."""

    def __init__(self, since: int):
        self.since = since

    def logs(self, world, presence) -> bool:
        rng, left = presence.unit.rng, presence.shift.over
        way = presence.start - left
        able = (
            left
            and 4 * MINUTE < way < 40 * MINUTE
            and presence.half is None
            and presence.outcome == "performed"
        )
        if not able or presence.shift.day < self.since or presence.staff > 1 or rng.random() > 0.5:
            return False
        world.lived(presence)
        begun = presence.start - int(way * rng.uniform(0.6, 0.95))
        claim = claim_for(world, presence)
        claim.start, claim.end = begun, presence.end + rng.randrange(-10, 20)
        claim.cap_s = electronic(world, presence, claim.system.start, begun, presence.shift.at, begun + 2)
        claim.cap_e = electronic(world, presence, claim.system.end, claim.end, presence.to, claim.end + 2)
        world.plant(claim, "started-on-the-road", presence.ref, presence.start - begun)
        send_live(world, claim)
        return True


class FillsGaps(Conduct):
    """Invents a short visit to somebody forgetful when there is an hour between two real ones."""

    def __init__(self, friends, since: int):
        self.friends, self.since = friends, since

    def skips(self, world, shift, visit, t: int) -> bool:
        rng = shift.unit.rng
        way = expected(shift.at, visit.client.home_at(t), shift.carer.mode)
        gap = visit.start - shift.carer.early - way - t
        if shift.day < self.since or gap < 30 * MINUTE or t < shift.start + HOUR or rng.random() > 0.55:
            return False
        client = rng.choice(self.friends)
        if client.absence_at(t) is not None:
            return False
        start = t + rng.randrange(6, 13) * MINUTE + rng.randrange(60)
        end = start + min(int(rng.uniform(14, 28) * MINUTE), gap - 14 * MINUTE)
        # In the car by the shop, not at the door.
        presence = pretend(
            world, shift, client, "care", start, end, Place(shift.at.x + 240, shift.at.y - 110)
        )
        presence.kind, presence.tasks = "unplanned", ("toilet",)
        claim = by_device(world, presence)
        world.plant(claim, "invented-in-gap", shift.ref, claim.end - claim.start)
        send_live(world, claim)
        return False


class SignsForFriend(Conduct):
    """Two friends: one goes home two hours early by turns, and the other one carries both phones."""

    def __init__(self, since: int):
        self.since, self.friend, self.turn = since, None, 0

    def skips(self, world, shift, visit, t: int) -> bool:
        rng = shift.unit.rng
        if shift.day < self.since or visit.staff > 1 or visit.together or t < shift.end - 2.4 * HOUR:
            return False
        if shift.day % 2 != self.turn:
            return False
        other = next((s for s in world.on_today.get(shift.unit.name, ()) if s.carer is self.friend), None)
        if other is None or other.code != shift.code:
            return False
        start = visit.start + rng.randrange(-200, 400)
        at = other.at
        near = [v for v in other.route if v.status == "open" and abs(v.start - start) < 25 * MINUTE]
        if near:
            at = min(near, key=lambda v: abs(v.start - start)).client.home_at(start)
        presence = pretend_visit(
            world, shift, visit, start, start + visit.length * rng.uniform(0.7, 1.05), at
        )
        claim = by_device(world, presence, at)
        world.plant(claim, "signed-by-colleague", shift.ref, claim.end - claim.start)
        send_live(world, claim)
        return True


class AbsentPartner(Conduct):
    """At visits for two, one of the two stays in the car; the other one reads both phones at the tag."""

    def __init__(self, since: int):
        self.since, self.friend, self.away = since, None, {}

    def skips(self, world, shift, visit, t: int) -> bool:
        crew = [s.carer for s in visit.crew]
        if (
            shift.day < self.since
            or visit.staff < 2
            or visit.together
            or self.friend not in crew
            or len(crew) != 2
        ):
            return False
        if visit.number in self.friend.conduct.away or shift.unit.rng.random() > 0.65:
            return False
        self.away[visit.number] = shift
        return True

    def logs(self, world, presence) -> bool:
        visit = presence.visit
        if visit is None or self.friend is None or presence.trainee:
            return False
        shift = self.friend.conduct.away.pop(visit.number, None)
        if shift is None:
            return False
        log(world, presence)
        rng = presence.unit.rng
        ghost = pretend_visit(
            world, shift, visit, presence.start + rng.randrange(6, 40), presence.end - rng.randrange(0, 15)
        )
        ghost.partners, ghost.outcome = [presence], presence.outcome
        claim = by_device(world, ghost)
        world.plant(claim, "partner-not-there", shift.ref, claim.end - claim.start)
        send_live(world, claim, max(claim.end, presence.end) + 9)
        return True


class RidesTogether(Act):
    """The two friends have asked the planner to be put on the same visits for two."""

    def __init__(self, one, other):
        self.pair = (one, other)

    def before_day(self, world, unit, day: int, visits: list, shifts: list) -> None:
        mine = [s for s in shifts if s.carer in self.pair]
        if len(mine) < 2 or mine[0].code != mine[1].code:
            return
        for visit in visits:
            if visit.staff < 2 or len(visit.crew) != 2:
                continue
            inside = [s for s in visit.crew if s in mine]
            if len(inside) == 1:
                outside = next(s for s in visit.crew if s not in mine)
                partner = mine[0] if inside[0] is mine[1] else mine[1]
                outside.route.remove(visit)
                partner.route.append(visit)
                visit.crew[visit.crew.index(outside)] = partner


class LendsLogin(Conduct):
    """Works under somebody else's login: no permit, so no name on any list."""

    def __init__(self, owner, since: int, until: int):
        self.owner, self.since, self.until = owner, since, until

    def logs(self, world, presence) -> bool:
        if not self.since <= presence.shift.day < self.until or presence.trainee:
            return False
        presence.ref = self.owner.ref
        presence.planted = ("login-lent", self.owner.ref)
        log(world, presence)
        return True


class SplitsVisits(Conduct):
    """Nights are paid by the visit: one look-in becomes two."""

    def __init__(self, since: int, share: float):
        self.since, self.share = since, share

    def logs(self, world, presence) -> bool:
        lasted = presence.end - presence.start
        if (
            presence.shift.day < self.since
            or lasted < 6 * MINUTE
            or presence.half
            or presence.unit.rng.random() > self.share
        ):
            return False
        world.lived(presence)
        cut = presence.start + int(lasted * presence.unit.rng.uniform(0.4, 0.6))
        for start, end, extra in ((presence.start, cut - 20, False), (cut + 20, presence.end, True)):
            claim = claim_for(world, presence, world.rid(presence.unit.system(start)))
            claim.start, claim.end, claim.noise = start, end, lasted
            claim.cap_s = electronic(world, presence, claim.system.start, start, presence.at, start + 2)
            claim.cap_e = electronic(world, presence, claim.system.end, end, presence.to, end + 2)
            if extra:
                claim.planned = None
                claim.kind = "unplanned"
                world.plant(claim, "split-for-pay", presence.ref, end - start)
            send_live(world, claim)
        return True


class LivesWithClient(Act):
    """A daughter employed to look after her mother: an hour's help a day, all granted hours registered."""

    def __init__(self, carer, client):
        self.carer, self.client = carer, client

    def after_day(self, world, unit, day: int) -> None:
        client, rng = self.client, unit.rng
        if (
            client.absence_at(wall(day, 12 * HOUR)) is not None
            or day >= client.left
            or self.carer.away(wall(day, 12 * HOUR))
        ):
            return
        shift = open_shift(unit, self.carer, day, "D", self.carer.device)
        for hour, really, claimed in ((8.2, 22, 60), (12.3, 12, 45), (17.1, 14, 60), (20.2, 12, 75)):
            if rng.random() < 0.12:
                continue
            start = wall(day, (hour + rng.gauss(0, 0.2)) * HOUR)
            end = start + int(really * rng.uniform(0.7, 1.4) * MINUTE)
            if client.absence_at(start) is not None or client.absence_at(end) is not None:
                continue
            presence = pretend(world, shift, client, "care", start, end)
            presence.tasks = ("hygiene", "meal")
            world.lived(presence)
            claim = claim_for(world, presence)
            last = start + int(claimed * rng.uniform(0.93, 1.08) * MINUTE)
            claim.start, claim.end, claim.kind = start, last, "planned"
            claim.cap_s = electronic(world, presence, claim.system.start, start, presence.at, start + 2)
            claim.cap_e = electronic(world, presence, claim.system.end, last, presence.at, last + 2)
            world.plant(claim, "kin-all-hours", self.carer.ref, last - end)
            send_live(world, claim)
