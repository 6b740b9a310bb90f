"""The carer's act of registering a stay, with all that goes wrong in it honestly."""

from . import office
from .capture import REMEMBERED_NOISE, electronic, grain, remembered, typed
from .claim import Claim
from .clock import HOUR, MINUTE, day_of, wall
from .orders import order_for

COUPLES = {"K1": "shared", "solhem": "shared", "K2": "taps", "aros": "taps", "duo": "taps", "KN": "taps"}


def claim_for(world, presence, rid: str | None = None, planned: bool = True) -> Claim:
    """A claim with all that the system fills in by itself; times and captures are still open."""
    unit = presence.unit
    system = unit.system(presence.start)
    claim = Claim(
        rid or presence.rid, system, unit, world.carer_ref(presence), presence.client, day_of(presence.start)
    )
    claim.client_ref = world.client_ref(presence)
    claim.presence, claim.role, claim.kind, claim.outcome = (
        presence,
        presence.role,
        presence.kind,
        presence.outcome,
    )
    claim.tasks, claim.staff, claim.trainee = presence.tasks, presence.staff, presence.trainee
    if presence.trainee:
        claim.billable = False
        if unit.provider.kind == "private" and unit.rng.random() < 0.25:
            claim.trainee = False  # some systems have no mark for it
            claim.sits.add("shadowing-unmarked")
    if planned and system.plan and presence.planned is not None:
        claim.planned = presence.planned
    if system.orders:
        order = order_for(presence.client, presence.role, presence.staff, presence.start)
        claim.order_id = order.ref if order is not None else None
    if system.partners:
        claim.partners = sorted(p.rid for p in presence.partners)
    if presence.half is not None:
        claim.share = 0.5 if not presence.full_price else 1.0
        if COUPLES.get(unit.provider.ref) == "shared" and not presence.full_price:
            claim.shared = f"s-{presence.stay}"
    claim.sits |= presence.sits
    return claim


def _spans(presence) -> tuple[int, int]:
    """The part of a stay that belongs to this client."""
    start, end = presence.start, presence.end
    if presence.half is not None and COUPLES.get(presence.unit.provider.ref, "split") == "split":
        middle = (start + end) // 2
        return (start, middle) if presence.half == "first" else (middle, end)
    return start, end


def _pressed(rng, method: str, start: int, end: int) -> tuple[int, int, int]:
    """When the ends are captured, and how far off: a button is pressed at the bicycle, a tag indoors."""
    if method == "app_button":
        return int(start + rng.uniform(-100, 90)), int(end + rng.uniform(-40, 80)), 130
    if method == "gps_app":
        return int(start + rng.uniform(-60, 70)), int(end + rng.uniform(-40, 50)), 80
    if method == "beacon":
        return int(start + rng.uniform(-25, 10)), int(end + rng.uniform(0, 60)), 70
    if method == "digital_lock":
        return start - 4, end + 6, 15
    short = min(70, (end - start) / 4)
    return int(start + rng.uniform(4, short)), int(end - rng.uniform(2, short / 1.5)), 75


def _way(world, presence, system) -> str:
    """What becomes a registration of this stay: mostly two captures."""
    rng, spec, care = presence.unit.rng, presence.unit.spec, presence.carer.care
    client, t = presence.client, presence.start
    if any(since <= t < until for since, until in presence.unit.outages):
        presence.sits.add("system-outage")
        return "typed"
    if system.start == "nfc_tag" and day_of(t) < client.born + 3:
        presence.sits.add("tag-not-yet-there")
        return "typed"
    pool = 0.0012 * care if system.device == "pool" else 0.0
    lists = 0.0011 * care if system.start in ("gps_app", "app_button") else 0.0004
    offline = spec.offline if system.device in ("own", "pool") else 0.0
    chances = (
        ("no-log-out", spec.forgets * care),
        ("typed-start", 0.2 * spec.manual * care),
        ("typed-end", 0.3 * spec.manual * care),
        ("typed", 0.5 * spec.manual * care),
        ("nothing", 0.005 * care),
        ("late-login", 0.007 * care),
        ("wrong-client", lists),
        ("wrong-login", pool),
        ("twice", 0.0013),
        ("offline", offline * (1.6 if presence.at.village else 1)),
    )
    draw = rng.random()
    for way, chance in chances:
        draw -= chance
        if draw < 0:
            return way
    return "taps"


def log(world, presence) -> None:
    """Registers a stay the honest way."""
    world.lived(presence)
    claim = claim_for(world, presence)
    system, rng = claim.system, presence.unit.rng
    way = _way(world, presence, system)
    claim.sits |= presence.sits
    start, end = _spans(presence)
    tap_start, tap_end, noise = _pressed(rng, system.start, start, end)
    drift = 0 if system.device == "none" else world.clocks.error(presence.device, start)
    tap_start, tap_end = tap_start + drift, max(tap_end + drift, tap_start + drift + 20)
    if abs(drift) > 45:
        claim.sits.add("clock-drift")
    way, synced, start_synced = _coverage(world, presence, way, tap_start)
    if way == "offline":
        claim.sits.add("offline-late")
    claim.start, claim.end = _grained(system, tap_start, tap_end)
    claim.noise = noise + system.grain + abs(drift) + 60
    if claim.end - claim.start == system.grain > 60:
        claim.noise += system.grain  # a quarter is the least that there is
    if presence.half is not None:
        claim.noise += (presence.end - presence.start) // 2
    method = system.end if rng.random() < 0.9 or system.start != "digital_lock" else "app_button"
    claim.cap_s = electronic(world, presence, system.start, tap_start, presence.at, start_synced)
    claim.cap_e = electronic(world, presence, method, tap_end, presence.to, synced)
    world.close_open(presence.ref, claim)
    if way in ("taps", "offline") and office.in_doubled_hour(claim):
        office.write_wrong_hour(world, claim, synced)
        return
    if way in ("taps", "offline") and office.server_behind(presence):
        office.write_hour_early(world, claim)
    if way in ("taps", "offline"):
        pass_on(world, claim, synced, way != "offline")
    elif way.startswith("typed"):
        _typed(world, claim, presence, way)
    else:
        office.MISHAPS[way](world, claim, presence, synced)


def _grained(system, start: int, end: int) -> tuple[int, int]:
    start, end = grain(start, system.grain), grain(end, system.grain)
    return start, max(end, start + system.grain)


def _coverage(world, presence, way: str, tap_start: int) -> tuple[str, int, int]:
    """When the two ends reach the server: a phone without coverage keeps what it is given until it has it."""
    until = world.offline.get(presence.device, 0)
    synced = presence.end + 3
    if way == "offline" and presence.half == "second":
        way = "taps"  # one phone, one stay: the first half has said how it was
    if way == "offline" and until <= presence.end:
        synced = world.offline[presence.device] = presence.end + _offline_lag(presence.unit.rng)
        return way, synced, synced
    if way in ("taps", "offline") and until > presence.end:
        synced = until + presence.unit.rng.randrange(1, 20)
        return "offline", synced, synced
    return way, synced, max(tap_start + 2, min(until, synced))


def _offline_lag(rng) -> int:
    """Median twenty minutes; one in a hundred a day and more."""
    return int(min(70 * HOUR, 20 * MINUTE * rng.lognormvariate(0, 1.6)))


def pass_on(world, claim: Claim, at: int, seen_start: bool = True) -> None:
    """Sends a finished claim the way its system does."""
    live = claim.system.live
    if live == "events":
        if seen_start:
            captured = int(claim.start)
            world.send(claim, "started", max(captured, claim.presence.start) + 4)
        world.send(claim, "ended" if seen_start else "recorded", at + 3)
    elif live == "end":
        world.send(claim, "recorded", at + 2 + claim.unit.rng.randrange(6))
    else:
        hour = 25.2 if live == "nightly" else 30.1
        batch = wall(day_of(max(at, claim.end)), hour * HOUR) + claim.unit.rng.randrange(900)
        while batch < max(at, claim.end):
            batch = wall(day_of(batch) + 1, (hour - 24) * HOUR) + claim.unit.rng.randrange(900)
        world.send(claim, "recorded", batch)


def _typed(world, claim: Claim, presence, way: str) -> None:
    """One or both ends typed by the carer, at once, at the end of the shift or on the day after."""
    rng = presence.unit.rng
    when = rng.random()
    if when < 0.6:
        at = presence.end + rng.randrange(30, 600)
    elif when < 0.9:
        at = max(presence.shift.end, presence.end) + rng.randrange(0, 40 * MINUTE)
    else:
        at = wall(day_of(presence.end) + 1, rng.uniform(7, 20) * HOUR)
    start, end = _spans(presence)
    if way != "typed-end":
        claim.start, claim.cap_s = remembered(rng, start), typed(presence, "manual_carer", at)
    if way != "typed-start":
        claim.end, claim.cap_e = remembered(rng, end), typed(presence, "manual_carer", at)
    if claim.end <= claim.start:
        claim.end = claim.start + 300
    claim.end = min(claim.end, at + 240)
    if claim.end <= claim.start:
        claim.start = claim.end - 300
    claim.noise += REMEMBERED_NOISE + 300
    claim.sits.add("typed-by-carer")
    if way == "typed" and rng.random() < 0.002:
        office.typing_slip(world, claim, presence, at)
        return
    if claim.system.live == "events" and way == "typed-end":
        world.send(claim, "started", max(claim.start, presence.start) + 4)
        world.send(claim, "ended", at + 3)
    else:
        world.send(claim, "recorded", office.batch_after(claim, at))
