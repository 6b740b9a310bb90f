"""Mishaps with the phone, and the planners who put them right: next day, next week, before the lock."""

from .capture import REMEMBERED_NOISE, remembered, typed
from .claim import Claim
from .clock import DAY, HOUR, day_of, free_day, wall
from .registry import lock_of

FIXED = {"daily": 0.85, "lazy": 0.6, "lock": 0.75}


def batch_after(claim: Claim, at: int) -> int:
    """When a batch system passes on what was typed at `at`."""
    if claim.system.live in ("end", "events"):
        return at + 3
    hour = 1.2 if claim.system.live == "nightly" else 6.1
    return wall(day_of(at) + 1, hour * HOUR) + claim.unit.rng.randrange(900)


def fix_time(unit, after: int, period_start: int) -> int:
    """When this unit's planner gets round to it."""
    rng, style = unit.rng, unit.spec.office
    if style == "lock":
        at = wall(day_of(lock_of(period_start)) - rng.choice((0, 0, 1, 1, 2)), rng.uniform(8, 17) * HOUR)
        if at > after + HOUR:
            return at
    day = day_of(after) + (1 if style == "daily" else rng.randrange(2, 10))
    while free_day(day):
        day += 1
    return wall(day, rng.uniform(7.5, 16) * HOUR)


def will_fix(world, unit) -> bool:
    return world.clean or unit.rng.random() < FIXED[unit.spec.office]


def _near_lock(claim: Claim, at: int) -> None:
    if 0 <= lock_of(claim.start) - at < 3 * DAY:
        claim.sits.add("corrected-before-lock")


def no_log_out(world, claim: Claim, presence, synced: int) -> None:
    """The end was never captured: the carer notices, or the system ends the visit at some time of its own."""
    rng, true_end = presence.unit.rng, presence.end
    if rng.random() < 0.45:
        at = true_end + rng.randrange(400, 2_400)
        claim.end, claim.cap_e = (
            max(claim.start + 60, min(remembered(rng, true_end), at)),
            typed(presence, "manual_carer", at),
        )
        claim.noise += REMEMBERED_NOISE + 300
        claim.sits.add("typed-by-carer")
        if claim.system.live == "events":
            world.send(claim, "started", max(claim.start, presence.start) + 4)
        world.send(claim, "recorded" if claim.system.live != "events" else "ended", batch_after(claim, at))
        return
    close = claim.system.close
    if claim.system.live == "events":
        world.send(claim, "started", max(claim.start, presence.start) + 4)
    claim.cap_e = {"method": "auto_closed"}
    if close == "next":
        world.unclosed[presence.ref] = claim
    elif close == "midnight":
        shut_at = wall(day_of(true_end), 23.999 * HOUR)
        shut(world, claim, shut_at if shut_at > true_end + 60 else true_end + 6 * HOUR)
    else:
        shut(world, claim, max(claim.start + int(close[:-1]) * HOUR, true_end + 60))


def shut(world, claim: Claim, at: int) -> None:
    """The system ends an open visit."""
    true_end = claim.presence.end
    claim.end = max(at, claim.start + 60)
    claim.noise += max(0, claim.end - true_end)
    world.send(claim, "recorded" if claim.system.live != "events" else "ended", batch_after(claim, claim.end))
    beyond = min(claim.end - true_end, claim.end - claim.start)
    if beyond <= 900:
        claim.sits.add("closed-by-next-visit")
    elif will_fix(world, claim.unit):
        claim.sits.add("logout-corrected")
        fixed_at = fix_time(claim.unit, claim.sent, claim.start)
        world.later(fixed_at, _fix_end, claim, fixed_at)
    else:
        world.plant(claim, "forgotten-log-out", claim.carer_ref, beyond, "error")


def _fix_end(world, claim: Claim, at: int) -> None:
    editor = (claim.unit.planner, "planner")
    end = max(claim.start + 60, remembered(claim.unit.rng, claim.presence.end))
    claim.change("end", end, at, editor, "forgot")
    claim.cap_e = typed(claim.presence, "manual_office", at)
    claim.noise = REMEMBERED_NOISE + 600 + claim.system.grain
    if claim.presence.half is not None:
        claim.noise += (claim.presence.end - claim.presence.start) // 2
    _near_lock(claim, at)
    world.send(claim, "amended", at + 2)


def nothing(world, claim: Claim, presence, synced: int) -> None:
    """Neither end was captured; the planner finds the gap and enters the visit."""
    at = fix_time(presence.unit, presence.end, presence.start)
    claim.sits.add("entered-by-office")
    world.later(at, _enter, claim, at)


def _enter(world, claim: Claim, at: int) -> None:
    rng, presence = claim.unit.rng, claim.presence
    planned = claim.planned
    near = planned and abs(planned[0] - presence.start) < 1_800 and abs(planned[1] - presence.end) < 1_800
    if near and rng.random() < 0.4:
        claim.start, claim.end = planned
        claim.sits.add("entered-as-planned")
    else:
        claim.start, claim.end = remembered(rng, presence.start), remembered(rng, presence.end)
    claim.end = max(claim.end, claim.start + 300)
    claim.cap_s, claim.cap_e = typed(presence, "manual_office", at), typed(presence, "manual_office", at)
    claim.noise = REMEMBERED_NOISE + 600 + (presence.end - presence.start if presence.half else 0)
    if claim.system.edits:
        claim.edits.append(("start_at", None, claim.start, (claim.unit.planner, "planner"), at, "forgot"))
    _near_lock(claim, at)
    world.send(claim, "recorded", at + 2)


def late_login(world, claim: Claim, presence, synced: int) -> None:
    """Started late because forgotten at the door."""
    rng = presence.unit.rng
    claim.start += (
        int((claim.end - claim.start) * rng.uniform(0.3, 0.85)) // claim.system.grain * claim.system.grain
    )
    claim.start = min(claim.start, claim.end - max(20, claim.system.grain))
    claim.noise += presence.end - presence.start
    claim.sits.add("late-login")
    world.pass_on(claim, synced)
    if rng.random() < 0.5:
        at = fix_time(presence.unit, claim.sent, claim.start)
        claim.sits.add("login-corrected")
        world.later(at, _fix_start, claim, at)


def _fix_start(world, claim: Claim, at: int) -> None:
    if claim.truth:
        return  # meddled with meanwhile
    start = min(claim.end - 60, remembered(claim.unit.rng, claim.presence.start))
    claim.change("start", start, at, (claim.unit.planner, "planner"), "forgot")
    claim.cap_s = typed(claim.presence, "manual_office", at)
    claim.noise += REMEMBERED_NOISE
    _near_lock(claim, at)
    world.send(claim, "amended", at + 2)


def wrong_client(world, claim: Claim, presence, synced: int) -> None:
    """The name above or below in the list was touched."""
    unit = presence.unit
    others = [
        c for c in unit.clients if c is not presence.client and c.born < claim.day < c.left
    ] or world.clients
    other = unit.rng.choice(others)
    claim.client, claim.client_ref, claim.order_id = other, other.ref, None
    world.pass_on(claim, synced)
    if will_fix(world, unit):
        claim.sits.add("reentered")
        at = fix_time(unit, claim.sent, claim.start)
        world.later(at, _reenter, claim, at)
    else:
        world.plant(claim, "wrong-client", claim.carer_ref, claim.end - claim.start, "error")


def _reenter(world, claim: Claim, at: int) -> None:
    world.cancel(claim, at)
    again = world.claim_for(claim.presence, world.rid(claim.system))
    again.sits |= {"reentered"}
    again.start, again.end, again.noise = claim.start, claim.end, claim.noise
    again.cap_s = typed(claim.presence, "manual_office", at)
    again.cap_e = typed(claim.presence, "manual_office", at)
    world.send(again, "recorded", at + 60)


def wrong_login(world, claim: Claim, presence, synced: int) -> None:
    """The phone was still logged in as the colleague who had it before."""
    unit = presence.unit
    others = [
        c for c in unit.carers if c is not presence.carer and c.hired <= claim.day < c.left
    ] or unit.carers
    true_ref, other = claim.carer_ref, unit.rng.choice(others)
    claim.carer_ref = other.ref
    world.pass_on(claim, synced)
    if will_fix(world, unit):
        claim.sits.add("login-corrected")
        at = fix_time(unit, claim.sent, claim.start)
        world.later(at, _fix_carer, claim, true_ref, at)
    else:
        world.plant(claim, "wrong-login", true_ref, claim.end - claim.start, "error")


def _fix_carer(world, claim: Claim, ref: str, at: int) -> None:
    claim.change("carer_ref", ref, at, (claim.unit.planner, "planner"), "wrong-login")
    world.send(claim, "amended", at + 2)


def twice(world, claim: Claim, presence, synced: int) -> None:
    """No answer from the server, so it is sent again and gets a second number."""
    world.pass_on(claim, synced)
    copy = world.claim_for(presence, world.rid(claim.system))
    copy.start, copy.end, copy.cap_s, copy.cap_e, copy.noise = (
        claim.start,
        claim.end,
        claim.cap_s,
        claim.cap_e,
        claim.noise,
    )
    at = claim.sent + presence.unit.rng.randrange(15, 900)
    world.send(copy, "recorded", at)
    claim.sits.add("sent-twice-original")
    if will_fix(world, presence.unit):
        copy.sits.add("sent-twice-original")
        fixed_at = fix_time(presence.unit, at, claim.start)
        world.later(fixed_at, _cancel_copy, copy, fixed_at)
    else:
        world.plant(copy, "sent-twice", claim.carer_ref, claim.end - claim.start, "error")


def _cancel_copy(world, copy: Claim, at: int) -> None:
    world.cancel(copy, at)


def typing_slip(world, claim: Claim, presence, at: int) -> None:
    """An hour too early for the start: a longer visit than it was."""
    start = claim.start
    claim.start -= HOUR
    claim.noise += HOUR
    world.send(claim, "recorded", batch_after(claim, at))
    if will_fix(world, claim.unit):
        claim.sits.add("login-corrected")
        fixed_at = fix_time(claim.unit, claim.sent, start)
        world.later(fixed_at, _fix_start, claim, fixed_at)
    else:
        world.plant(claim, "typed-wrong-hour", claim.carer_ref, HOUR, "error")


CLOCK_CHANGE = wall(41, 3 * HOUR)  # the end of summer time: two o'clock comes twice


def in_doubled_hour(claim: Claim) -> bool:
    """The night team's system has no offset of its own and takes the first two o'clock for the second."""
    return claim.unit.name == "KN/natt" and CLOCK_CHANGE - HOUR <= claim.start < CLOCK_CHANGE


def write_wrong_hour(world, claim: Claim, at: int) -> None:
    """Lines that end before they begin, or lie an hour ahead, and are sent right at noon."""
    start, end = claim.start, claim.end
    claim.start += HOUR
    claim.end += HOUR if end < CLOCK_CHANGE else 0
    claim.sits.add("clock-change-refused")
    impossible = claim.end < claim.start or max(claim.start, claim.end) > at + 304
    world.send(claim, "recorded", at + 4, refused=impossible)
    noon = wall(41, 12 * HOUR) + claim.unit.rng.randrange(900)
    world.later(noon, _send_right, claim, start, end, noon)


def _send_right(world, claim: Claim, start: int, end: int, at: int) -> None:
    claim.start, claim.end = start, end
    world.send(claim, "amended", at)


def server_behind(presence) -> bool:
    """One small house's server went on with summer time for a day and a half after the change."""
    return presence.unit.provider.ref == "fam" and wall(41, 4 * HOUR) <= presence.start < wall(42, 11 * HOUR)


def write_hour_early(world, claim: Claim) -> None:
    claim.start, claim.end = claim.start - HOUR, claim.end - HOUR
    claim.noise += HOUR + 60
    claim.sits.add("clock-change-missed")
    at = wall(42, 14 * HOUR) + claim.unit.rng.randrange(600)
    world.later(at, _write_hour_right, claim, at)


def _write_hour_right(world, claim: Claim, at: int) -> None:
    if not claim.version or not claim.standing:
        return
    editor = ("vendor", "system")
    claim.change("start", claim.start + HOUR, at, editor, "clock-change")
    claim.change("end", claim.end + HOUR, at, editor, "clock-change")
    claim.noise -= HOUR
    world.send(claim, "amended", at + 5)


MISHAPS = {
    "no-log-out": no_log_out,
    "nothing": nothing,
    "late-login": late_login,
    "wrong-client": wrong_client,
    "wrong-login": wrong_login,
    "twice": twice,
}


def approve_week(world, unit, day: int) -> None:
    """On Mondays the unit's head approves the week before; a few approvals are taken back and given again."""
    at = wall(day, 9 * HOUR)
    for claim in unit.approvals:
        if not claim.standing or not claim.version:
            continue
        at += unit.rng.randrange(2, 9)
        world.send(claim, "approved", max(at, claim.sent + 2))
        if unit.rng.random() < 0.012 and not claim.truth:
            claim.sits.add("approval-withdrawn")
            again = wall(day + 1, unit.rng.uniform(9, 15) * HOUR)
            world.later(again, _withdraw, claim, again)
    unit.approvals.clear()


def _withdraw(world, claim: Claim, at: int) -> None:
    if not claim.standing or claim.truth or at < claim.sent:
        return
    world.send(claim, "approval_withdrawn", at)
    rng, presence = claim.unit.rng, claim.presence
    if presence is not None and presence.half is None:
        claim.change(
            "end",
            max(claim.start + 60, remembered(rng, presence.end)),
            at + 200,
            (claim.unit.planner, "planner"),
            "asked-carer",
        )
        claim.noise += REMEMBERED_NOISE
        world.send(claim, "amended", at + 240)
    world.send(claim, "approved", at + 600)
