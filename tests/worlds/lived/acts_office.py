"""Owners and office people who bill what was not, or make more of what was."""

from .acts_base import Act, approve_again, beyond, by_device, by_hand, paper_shift, plain, pretend, send_live
from .claim import Claim
from .clock import DAY, HOUR, MINUTE, day_of, iso, midnight, wall
from .registry import lock_of


class BillsAbsent(Act):
    """The client is in hospital, away or dead; the visits go on in the books, entered in the evening."""

    NAMES = {
        "hospital": "billed-in-hospital",
        "short_term": "billed-in-hospital",
        "away": "billed-while-away",
        "deceased": "billed-after-death",
    }

    def __init__(self, owner: str, since: int, share: float):
        self.owner, self.since, self.share, self.choices = owner, since, share, {}

    def after_day(self, world, unit, day: int) -> None:
        rng = unit.rng
        staff = [c for c in unit.carers if c.shift(day) != "-" and c.away(wall(day, 12 * HOUR)) is None]
        if day < self.since or not staff:
            return
        for client in unit.clients:
            for need in client.needs:
                start = wall(day, need.at)
                absence = client.absence_at(start)
                if absence is None or absence.kind not in self.NAMES or client.units[need.role] is not unit:
                    continue
                if not need.due(day) or need.role != "care" or start - absence.start > 9 * DAY:
                    continue
                # Whether it is worth it is decided once for each stay.
                worth = self.choices.setdefault((client.ref, absence.start), rng.random() < self.share)
                if worth and rng.random() < 0.8:
                    self._enter(world, unit, day, client, need, rng.choice(staff), self.NAMES[absence.kind])

    def _enter(self, world, unit, day: int, client, need, carer, pattern: str) -> None:
        rng = unit.rng
        start = wall(day, need.at) + rng.gauss(0, 7 * MINUTE)
        presence = pretend(
            world,
            paper_shift(unit, carer, day),
            client,
            "care",
            start,
            start + need.minutes * 60 * rng.uniform(0.9, 1.1),
            None,
            need,
        )
        presence.planned = (wall(day, need.at), wall(day, need.at) + max(300, round(need.minutes / 5) * 300))
        claim, at = by_hand(world, presence, wall(day, rng.uniform(22.1, 23.5) * HOUR), "manual_office")
        world.plant(claim, pattern, self.owner, claim.end - claim.start)
        world.send(claim, "recorded", at)


class CopiesWeeks(Act):
    """Two clients manage by themselves since some day; every week their last one is copied."""

    def __init__(self, owner: str, clients, since: int):
        self.owner, self.clients, self.since = owner, clients, since

    def after_day(self, world, unit, day: int) -> None:
        if day % 7 != 6 or day <= self.since:
            return
        for claim in [
            c
            for c in world.claims
            if c.client in self.clients and c.unit is unit and day - 14 < c.day <= day - 7
        ]:
            if (
                claim.standing
                and claim.end is not None
                and claim.day + 7 >= self.since
                and claim.outcome == "performed"
            ):
                self._copy(world, unit, day, claim)

    def _copy(self, world, unit, day: int, old: Claim) -> None:
        copy = Claim(
            world.rid(old.system), unit.system(midnight(day)), unit, old.carer_ref, old.client, old.day + 7
        )
        copy.presence = pretend(
            world, old.presence.shift, old.client, old.role, old.start + 7 * DAY, old.end + 7 * DAY
        )
        for field in ("order_id", "kind", "tasks", "staff", "role", "outcome"):
            setattr(copy, field, getattr(old, field))
        hop = midnight(old.day + 7) - midnight(old.day)  # the clock on the wall is copied, not the instant
        copy.start, copy.end = old.start + hop, old.end + hop
        if old.planned is not None:
            copy.planned = (old.planned[0] + hop, old.planned[1] + hop)
        for side, t in (("cap_s", copy.start), ("cap_e", copy.end)):
            setattr(copy, side, {**getattr(old, side), "recorded_at": iso(t)})
            getattr(copy, side).pop("synced_at", None)
        world.plant(copy, "copied-week", self.owner, copy.end - copy.start)
        world.send(copy, "recorded", wall(day + 1, 7.5 * HOUR) + unit.rng.randrange(600))


class PaysGhost(Act):
    """Somebody is on the payroll and in no home: short visits on weekdays, from the owner's phone."""

    def __init__(self, owner: str, carer, device: str, since: int):
        self.owner, self.carer, self.device, self.since = owner, carer, device, since

    def after_day(self, world, unit, day: int) -> None:
        rng = unit.rng
        if day < self.since or day % 7 > 4 or rng.random() < 0.1:
            return
        able = [
            c
            for c in unit.clients
            if c.level in ("medium", "heavy", "full") and c.absence_at(wall(day, 12 * HOUR)) is None
        ]
        t = wall(day, 8 * HOUR) + rng.randrange(40 * MINUTE)
        shift = paper_shift(unit, self.carer, day, self.device)
        for client in rng.sample(able, min(len(able), rng.choice((3, 4, 4, 5)))):
            end = t + rng.uniform(22, 48) * MINUTE
            presence = pretend(world, shift, client, "care", t, end, unit.base)
            presence.kind, presence.tasks = "unplanned", ("hygiene",)
            claim = by_device(world, presence, unit.base)
            world.plant(claim, "ghost-employee", self.owner, claim.end - claim.start)
            send_live(world, claim)
            t = int(end) + rng.randrange(12, 40) * MINUTE


class LengthensBeforeLock(Act):
    """On the evenings before the books close, short visits grow to what was granted."""

    def __init__(self, owner: str, count: int):
        self.owner, self.count = owner, count

    def after_day(self, world, unit, day: int) -> None:
        lock = lock_of(midnight(day) - 10 * DAY)
        if day_of(lock) - day not in (0, 1):
            return
        rng = unit.rng
        able = [
            c
            for c in world.claims
            if c.unit is unit
            and plain(c)
            and c.planned
            and lock_of(c.start) == lock
            and c.role == "care"
            and c.planned[1] - c.planned[0] - (c.end - c.start) > 7 * MINUTE
        ]
        for claim in rng.sample(able, min(self.count, len(able))):
            at = wall(day, rng.uniform(18, 21.5) * HOUR)
            end = claim.start + (claim.planned[1] - claim.planned[0]) + rng.choice((0, 0, 60, 120, 300))
            if end - max(claim.end, claim.presence.end) < 4 * MINUTE:
                continue
            claim.change("end", end, at, (self.owner, "manager"), "asked-carer")
            claim.cap_e = {"method": "manual_office", "recorded_at": iso(at)}
            world.plant(claim, "lengthened-before-lock", self.owner, beyond(claim))
            world.send(claim, "amended", at)
            approve_again(world, claim, at)


class TurnsDeclined(Act):
    """Visits that the client declined become performed ones on the morning after."""

    def __init__(self, owner: str, since: int, share: float):
        self.owner, self.since, self.share = owner, since, share

    def after_day(self, world, unit, day: int) -> None:
        if day < self.since:
            return
        rng = unit.rng
        for claim in [
            c for c in world.claims[-9_000:] if c.unit is unit and c.day == day and c.outcome == "declined"
        ]:
            usable = claim.standing and claim.truth is None and claim.planned and claim.presence.half is None
            if not usable or not claim.version or claim.trainee or rng.random() > self.share:
                continue
            at = max(wall(day + 1, rng.uniform(7.5, 9) * HOUR), claim.sent + 60)
            world.later(at, self._turn, claim, at)

    def _turn(self, world, claim: Claim, at: int) -> None:
        if not claim.standing or claim.truth:
            return
        editor = (self.owner, "manager")
        claim.change("outcome", "performed", at, editor, "wrong-code")
        end = claim.start + claim.planned[1] - claim.planned[0] - claim.unit.rng.randrange(0, 240)
        gained = end - claim.end
        if gained < 120:
            return
        claim.change("end", end, at, editor, "wrong-code")
        claim.cap_e = {"method": "manual_office", "recorded_at": iso(at)}
        world.plant(claim, "declined-as-performed", self.owner, beyond(claim))
        world.send(claim, "amended", at)


class SetsToPlan(Act):
    """A planner who is measured by delivered time sets more and more visits to the plan, always upwards."""

    def __init__(self, owner: str, since: int, top: float):
        self.owner, self.since, self.top = owner, since, top

    def after_day(self, world, unit, day: int) -> None:
        if day < self.since or day % 7 > 4:
            return
        rng = unit.rng
        share = self.top * min(1, (day - self.since + 5) / 35)
        for claim in [c for c in world.claims[-9_000:] if c.unit is unit and c.day == day and plain(c)]:
            if not claim.planned or claim.role != "care" or rng.random() > share:
                continue
            if abs(claim.planned[0] - claim.start) > 15 * MINUTE or claim.planned[1] - claim.end < 6 * MINUTE:
                continue
            at = max(wall(day + 1, rng.uniform(9, 15) * HOUR), claim.sent + 60)
            world.later(at, self._set, claim, at)

    def _set(self, world, claim: Claim, at: int) -> None:
        if not plain(claim) or claim.planned[1] - claim.end < 3 * MINUTE:
            return
        editor = (self.owner, "planner")
        claim.change("start", claim.planned[0], at, editor, "as-planned")
        claim.change("end", claim.planned[1], at, editor, "as-planned")
        claim.cap_s = {"method": "manual_office", "recorded_at": iso(at)}
        claim.cap_e = {"method": "manual_office", "recorded_at": iso(at)}
        world.plant(claim, "set-to-plan", self.owner, beyond(claim))
        world.send(claim, "amended", at)


class ReopensLocked(Act):
    """Days after the lock, forgotten visits of last month are found, and others were longer than thought."""

    def __init__(self, owner: str, count: int):
        self.owner, self.count = owner, count

    def after_day(self, world, unit, day: int) -> None:
        lock = lock_of(midnight(day) - 12 * DAY)
        if day_of(lock) + 3 != day:
            return
        rng = unit.rng
        able = [
            c
            for c in world.claims
            if c.unit is unit and plain(c) and lock_of(c.start) == lock and c.role == "care"
        ]
        for claim in rng.sample(able, min(self.count, len(able))):
            at = wall(day, rng.uniform(13, 16) * HOUR)
            if rng.random() < 0.5:
                end = max(claim.end, claim.presence.end) + rng.choice((600, 900, 900, 1_200))
                claim.change("end", end, at, (self.owner, "owner"), "other")
                claim.cap_e = {"method": "manual_office", "recorded_at": iso(at)}
                world.plant(claim, "changed-after-lock", self.owner, beyond(claim))
                world.send(claim, "amended", at)
            else:
                start = claim.start + rng.choice((-3, -2, 2, 3)) * HOUR
                shift = paper_shift(unit, claim.presence.carer, claim.day)
                presence = pretend(world, shift, claim.client, "care", start, start + claim.end - claim.start)
                presence.tasks = claim.tasks
                more, at = by_hand(world, presence, at, "manual_office")
                world.plant(more, "entered-after-lock", self.owner, more.end - more.start)
                world.send(more, "recorded", at)


class ShiftsIntoNight(Act):
    """Visits of the late evening move over ten o'clock, where the hour is paid better."""

    def __init__(self, owner: str, since: int, share: float):
        self.owner, self.since, self.share = owner, since, share

    def after_day(self, world, unit, day: int) -> None:
        rng, ten = unit.rng, wall(day, 22 * HOUR)
        if day < self.since:
            return
        for claim in [c for c in world.claims[-9_000:] if c.unit is unit and c.day == day and plain(c)]:
            if ten - 45 * MINUTE <= claim.start < ten and rng.random() < self.share:
                at = wall(day + 1, rng.uniform(8, 9) * HOUR)
                world.later(at, self._move, claim, ten + rng.randrange(1, 8) * MINUTE, at)

    def _move(self, world, claim: Claim, start: int, at: int) -> None:
        if not plain(claim) or claim.start >= start:
            return
        end = start + claim.end - claim.start
        editor = (self.owner, "manager")
        claim.change("start", start, at, editor, "wrong-time")
        claim.change("end", end, at, editor, "wrong-time")
        claim.cap_s = {"method": "manual_office", "recorded_at": iso(at)}
        claim.cap_e = {"method": "manual_office", "recorded_at": iso(at)}
        world.plant(claim, "moved-into-night", self.owner, beyond(claim))
        world.send(claim, "amended", max(at, claim.sent + 60))
        approve_again(world, claim, at)
