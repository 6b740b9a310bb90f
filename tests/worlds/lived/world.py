"""The world's clockwork: days pass, stays are registered, versions go out, and what was true is kept."""

import json
from heapq import heappop, heappush

from . import office, register, rounds
from .capture import Clocks
from .claim import Claim
from .clock import DAY, HOUR, day_of, midnight, period_of, stream, wall
from .day import home_checks, live_day
from .orders import grant_all
from .people import place_clients, populate
from .presence import Presence
from .registry import draw_quirks
from .staff import Carer, hire, make_units

BASE32 = "abcdefghjkmnpqrstuvwxyz23456789"


class World:
    def __init__(self, seed: int, days: int = 60, scale: float = 1.0, clean: bool = False):
        self.seed, self.days, self.scale, self.clean = seed, days, scale, clean
        self.rng = stream(seed, "world")
        self.clients, self.ground, self.names = populate(seed, scale, days)
        self.units = make_units(seed)
        place_clients(seed, self.clients, self.units)
        hire(seed, self.units, self.names, scale, days)
        draw_quirks(stream(seed, "registry"), self.clients, self.units)
        grant_all(seed, self.names, self.clients, days)
        self.clocks = Clocks(stream(seed, "clocks"))
        self.watch_days = {c.ref: self.rng.uniform(0.7, 4) for c in self.clients if c.dead_at is not None}
        self.end = midnight(days) + 12 * HOUR
        self.out: list[tuple[int, int, str]] = []
        self.claims: list[Claim] = []
        self.stays: list[Presence] = []
        self.truth: dict[str, dict] = {}
        self.offline: dict[str, int] = {}  # phone -> until when it has no coverage
        self.unclosed: dict[str, Claim] = {}
        self.busy: set[tuple[str, int]] = set()
        self.checked: set[tuple[str, int]] = set()  # who saw to a flat before the shift
        self.hours: dict[tuple[str, str], int] = {}  # provider, pay period -> seconds on the payroll
        self.on_today: dict[str, list] = {}  # unit -> shifts
        self.extra_facts: list[dict] = []
        self.today = 0
        self.refused = 0  # lines that no reader can take
        self._pending: list = []
        self._count = 0
        self.pass_on = lambda claim, at: register.pass_on(self, claim, at)
        self.claim_for = lambda presence, rid: register.claim_for(self, presence, rid)
        self._outages()
        self._kin()

    # Numbers and names

    def number(self) -> int:
        self._count += 1
        return self._count

    def rid(self, system) -> str:
        """A registration's number in the system's series; never like a personal number."""
        left, text = self.number() + 900_000, ""
        while left:
            left, digit = divmod(left, len(BASE32))
            text = BASE32[digit] + text
        return f"{system.ids}-{text}"

    def carer_ref(self, presence) -> str:
        """The reference that the provider's system writes for this person."""
        moved = presence.unit.provider.migrates
        if moved is not None and day_of(presence.start) >= moved[0]:
            if day_of(presence.start) < moved[0] + 14:
                presence.sits.add("new-carer-number")
            return "VN" + presence.ref[1:]
        return presence.ref

    def client_ref(self, presence) -> str:
        """After the move to another system some clients have the old vendor's number for a while."""
        moved = presence.unit.provider.migrates
        half = moved is not None and "half-migrated" in presence.client.quirks
        if half and moved[0] <= day_of(presence.start) < moved[0] + 12:
            presence.sits.add("half-migrated-client")
            return "V0" + presence.client.ref[2:]
        return presence.client.ref

    def _outages(self) -> None:
        """Two mornings on which a system was down."""
        for unit in self.units.values():
            if unit.provider.ref == "K1":
                unit.outages.append((wall(23, 6.5 * HOUR), wall(23, 10.4 * HOUR)))
            if unit.name == "solhem/ost":
                unit.outages.append((wall(38, 16 * HOUR), wall(38, 21 * HOUR)))

    def _kin(self) -> None:
        """Relatives who are employed for it, as declared, and do what they register."""
        for name in ("duo/duo", "linnea/linnea", "K2/kyrkbyn"):
            unit = self.units[name]
            able = [
                c
                for c in unit.clients
                if c.level in ("medium", "heavy") and c.units["care"] is unit and c.spouse is None
            ]
            staff = [c for c in unit.carers if "D" in c.pattern and not c.second]
            if able and staff:
                self.rng.choice(able).relative = self.rng.choice(staff).person

    # What goes out

    def send(self, claim: Claim, event: str, at: int, refused: bool = False) -> None:
        """Passes on a version as the system holds it now, if the provider's feed has begun."""
        at = int(max(at, claim.sent + 1))
        claim.sent = at
        if at >= self.end or claim.day < claim.unit.provider.from_day:
            return
        if claim.version == 0:
            self.claims.append(claim)
            if claim.system.approves:
                claim.unit.approvals.append(claim)
            if claim.presence is not None:
                claim.presence.registrations.append(claim)
                if claim.presence.planted is not None and not claim.truth:
                    self.plant(claim, *claim.presence.planted, claim.end - claim.start if claim.end else HOUR)
                elif (
                    claim.presence.full_price
                    and not claim.truth
                    and claim.end
                    and claim.outcome == "performed"
                ):
                    self.plant(
                        claim,
                        "couple-billed-twice",
                        claim.unit.full_price.owner,
                        (claim.end - claim.start) // 2,
                    )
                elif claim.unit.bills_above is not None:
                    claim.unit.bills_above.sees(self, claim)
        claim.version = max(claim.version + 1, at) if claim.system.unix_versions else claim.version + 1
        text = json.dumps(claim.record(event, at), separators=(",", ":"))
        arrival = self._arrival(claim, at)
        self.out.append((arrival, self.number(), text))
        if self.rng.random() < 0.004:  # no acknowledgement in time: the same again
            self.out.append((arrival + self.rng.randrange(20, 4_000), self.number(), text))
            self.refused += refused
        self.refused += refused

    def _arrival(self, claim: Claim, at: int) -> int:
        arrival = at + 1 + int(self.rng.expovariate(0.3))
        if self.rng.random() < 0.002:
            arrival += self.rng.randrange(60, 7_200)  # overtaken in a queue
        if claim.unit.provider.ref == "linnea" and midnight(36) <= at < midnight(38):
            arrival = midnight(38) + 8 * HOUR + (at - midnight(36)) // 60  # the integration stood still
        return arrival

    def cancel(self, claim: Claim, at: int) -> None:
        claim.standing = False
        self.send(claim, "cancelled", at)

    def plant(self, claim: Claim, pattern: str, actor: str, seconds: float, kind: str = "planted") -> None:
        if claim.truth is not None and claim.truth["kind"] == "planted":
            return  # an error on top of what is planted anyway
        claim.truth = {"pattern": pattern, "actor": actor, "seconds": max(1, int(seconds)), "kind": kind}

    # What was

    def lived(self, presence: Presence) -> None:
        self.stays.append(presence)

    def paid(self, shift, seconds: int, carer: Carer | None = None) -> None:
        provider = shift.unit.provider.ref
        key = provider, period_of(shift.start)
        self.hours[key] = self.hours.get(key, 0) + int(seconds)
        self.busy.add(((carer or shift.carer).person, shift.day))

    def register(self, presence: Presence) -> None:
        self._situations(presence)
        if presence.unit.full_price is not None:
            presence.unit.full_price.sees(self, presence)
        conduct = presence.carer.conduct
        if conduct is not None and conduct.logs(self, presence):
            return
        register.log(self, presence)

    def _situations(self, presence: Presence) -> None:
        """What the registry has wrong, or a date cannot show, about this stay."""
        client, day = presence.client, day_of(presence.start)
        sits = presence.sits
        for quirk in ("home-zero", "home-missing", "home-misplaced", "household-unknown"):
            if quirk in client.quirks and (quirk != "household-unknown" or presence.half is not None):
                sits.add(quirk)
        for absence in client.absences:
            if day_of(absence.start) == day:
                sits.add("day-of-death" if absence.kind == "deceased" else "first-day-of-absence")
            if absence.end < midnight(self.days + 30) and 0 <= presence.start - absence.end < 3 * DAY:
                sits.add("days-after-absence")
        spouse = client.spouse
        if spouse is not None and "absence-on-spouse" in spouse.quirks and spouse.absence_at(presence.start):
            sits.add("absence-on-wrong-spouse")
        if presence.unit.provider.ref == "KN" or presence.role in ("service", "meal"):
            sits.add("other-provider-too")
        if client.relative == presence.person:
            sits.add("kin-declared")
        if presence.carer.second is not None:
            sits.add("two-employers")
        if any(spell.noted_from <= presence.start < spell.noted_to for spell in presence.carer.spells):
            sits.add("inside-noted-absence")
        if 0 <= day - presence.carer.hired < 15:
            sits.add("newly-hired")

    def close_open(self, ref: str, claim: Claim) -> None:
        """Starting the next visit ends the one that was left open."""
        left = self.unclosed.pop(ref, None)
        if left is not None:
            office.shut(self, left, max(claim.start, left.presence.end))

    # Time

    def later(self, at: int, act, *what) -> None:
        if day_of(at) <= self.today:
            act(self, *what)
        else:
            heappush(self._pending, (int(at), self.number(), act, what))

    def live(self) -> None:
        for day in range(self.days):
            self.today = day
            while self._pending and day_of(self._pending[0][0]) <= day:
                _, _, act, what = heappop(self._pending)
                act(self, *what)
            for unit in self.units.values():
                if day % 7 == 0:
                    office.approve_week(self, unit, day)
                self._unit_day(unit, day)
                for act in unit.acts:
                    act.after_day(self, unit, day)
            rounds.bedside_watches(self, day)
            for claim in self.unclosed.values():
                office.shut(self, claim, claim.presence.end + 5 * HOUR)
            self.unclosed.clear()

    def _unit_day(self, unit, day: int) -> None:
        match unit.spec.name:
            case "natt":
                rounds.Night(self, unit, day).live()
            case "larm":
                rounds.alarms(self, unit, day)
            case "distans":
                rounds.remote(self, unit, day)
            case _:
                live_day(self, unit, day)
                home_checks(self, unit, day)
