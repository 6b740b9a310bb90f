"""What every planted act is made of: a motive, a method, and registrations of what was not."""

from .capture import electronic, typed
from .clock import HOUR, iso
from .land import Place
from .plan import open_shift
from .presence import Presence
from .register import claim_for


class Conduct:
    """A carer's habits where they are not honest. The honest carer has none."""

    def skips(self, world, shift, visit, t: int) -> bool:
        """Asked before setting off to a visit at `t`."""
        return False

    def hurries(self, world, shift, visit) -> float:
        return 1.0

    def logs(self, world, presence) -> bool:
        """True where the stay was registered here, in another way than the honest one."""
        return False


class Act:
    """What an office does besides its work."""

    def before_day(self, world, unit, day: int, visits: list, shifts: list) -> None:
        return None

    def after_day(self, world, unit, day: int) -> None:
        return None


def pretend(
    world, shift, client, role: str, start: int, end: int, at: Place | None = None, need=None
) -> Presence:
    """A stay that never was, in the shape of one."""
    place = at or client.home_at(int(start))
    rid = world.rid(shift.unit.system(int(start)))
    presence = Presence(shift, client, role, start, end, place, rid, world.number())
    if need is not None:
        presence.tasks, presence.kind, presence.staff = need.tasks, need.visit_kind, need.staff
    return presence


def pretend_visit(world, shift, visit, start: int, end: int, at: Place | None = None) -> Presence:
    presence = pretend(world, shift, visit.client, visit.need.role, start, end, at, visit.need)
    presence.visit, presence.planned = visit, visit.planned
    return presence


def paper_shift(unit, carer, day: int, device: str = ""):
    """A shift on paper only."""
    return open_shift(unit, carer, day, "D", device or carer.device)


def by_hand(world, presence, at: int, method: str = "manual_carer", on: int = 300):
    """A claim typed at `at`, on whole five minutes unless said otherwise."""
    claim = claim_for(world, presence)
    grain = max(on, claim.system.grain)
    claim.start = round(presence.start / grain) * grain
    claim.end = max(claim.start + grain, round(presence.end / grain) * grain)
    at = max(int(at), claim.end - 240)
    claim.cap_s, claim.cap_e = typed(presence, method, at), typed(presence, method, at)
    return claim, at


def by_device(world, presence, place: Place | None = None):
    """A claim with two captures, made wherever the device was."""
    claim = claim_for(world, presence)
    system = claim.system
    place = place or presence.at
    step = system.grain
    claim.start = presence.start // step * step
    claim.end = max(claim.start + step, presence.end // step * step)
    claim.cap_s = electronic(world, presence, system.start, presence.start, place, presence.start + 3)
    claim.cap_e = electronic(world, presence, system.end, presence.end, place, presence.end + 3)
    return claim


def send_live(world, claim, at: int | None = None) -> None:
    """As the system does it: start and end, or the end only."""
    at = int(at or claim.end + 4)
    until = world.offline.get(claim.cap_e.get("device_ref", ""), 0)
    if until > at:  # this phone as well keeps what it is given until it has coverage
        at = until + 5
        for capture in (claim.cap_s, claim.cap_e):
            if "synced_at" in capture:
                capture["synced_at"] = iso(at, claim.system.utc)
        world.send(claim, "recorded", at)
        return
    if claim.system.live == "events":
        world.send(claim, "started", claim.start + 5)
        world.send(claim, "ended", max(at, claim.end))
    else:
        world.send(claim, "recorded", max(at, claim.end))


def plain(claim) -> bool:
    """An ordinary finished claim of a stay, which nothing has been done to yet."""
    return (
        claim.standing
        and claim.truth is None
        and claim.presence is not None
        and claim.presence.half is None
        and claim.client is claim.presence.client
        and claim.carer_ref.endswith(claim.presence.ref[1:])
        and claim.version > 0
        and claim.end is not None
        and claim.outcome == "performed"
        and not claim.trainee
        and claim.billable
        and claim.end - claim.presence.end < 900
    )


def beyond(claim) -> int:
    """Seconds of a claim in which nobody was there."""
    shared = min(claim.end, claim.presence.end) - max(claim.start, claim.presence.start)
    return int(claim.end - claim.start - max(0, shared))


def approve_again(world, claim, at: int) -> None:
    if claim.system.approves:
        world.send(claim, "approved", at + HOUR)
