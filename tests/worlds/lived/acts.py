"""Casts the persons who act dishonestly: who, with which motive, from when. None of them in a clean world."""

from . import acts_billing as billing
from . import acts_carers as carers
from . import acts_office as offices
from .clock import DAY, midnight, stream
from .life import Absence
from .needs import FOREVER
from .staff import Carer

LAW_ABIDING_FROM = 7  # the first week is left alone, but for what has been going on for long


class Cast:
    def __init__(self, world):
        self.world, self.rng = world, stream(world.seed, "cast")
        # A small municipality has fewer of everything, so of these as well.
        self.chance = min(0.93, 0.3 + 0.65 * world.scale)

    def unit(self, name: str):
        return self.world.units[name]

    def someone(self, unit, code: str = "", count: int = 1) -> list[Carer]:
        """Ordinary carers of a unit who work a shift often and have no habit yet."""
        able = [
            c
            for c in unit.carers
            if c.conduct is None
            and c.hired < 0
            and c.left >= FOREVER
            and not c.second
            and c.shadow_until < 0
            and (not code or c.pattern.count(code) >= 3)
            and not any(s.kind == "other" for s in c.spells)
        ]
        return self.rng.sample(able, min(count, len(able)))

    def since(self, first: int = LAW_ABIDING_FROM, last: int = 22) -> int:
        return self.rng.randrange(first, last)

    def give(self, unit, conduct, code: str = "", count: int = 1) -> None:
        for carer in self.someone(unit, code, count):
            made = conduct()
            carer.conduct = made
            if hasattr(made, "after_day"):
                unit.acts.append(made)

    def newcomer(self, unit, hired: int = -FOREVER) -> Carer:
        """A name on the staff list without a place on the roster."""
        names = self.world.names
        person = names.new("p-")
        ref = person if not unit.provider.own_refs else names.new(unit.provider.own_refs)
        carer = Carer(
            person, ref, unit, "-" * 14, "foot", 1.0, 60, 1.0, hired=hired, device=names.new("dev-")
        )
        unit.carers.append(carer)
        return carer


def _friends(cast: Cast, unit, conduct, code: str) -> list[Carer]:
    pair = cast.someone(unit, code, 2)
    if len(pair) < 2:
        return []
    for turn, carer in enumerate(pair):
        carer.conduct = conduct()
        carer.conduct.turn = turn
        carer.conduct.friend = pair[1 - turn]
    # They asked for the same roster.
    pair[1].pattern = pair[0].pattern
    return pair


def skippers(cast: Cast) -> None:
    for name in ("K1/centrum", "linnea/linnea"):
        unit = cast.unit(name)
        cast.give(unit, carers.GoesHomeEarly, "E", 2)
        for carer in unit.carers:
            if isinstance(carer.conduct, carers.GoesHomeEarly):
                carer.pattern = f"{carer.pattern[:4]}E{carer.pattern[5:11]}E{carer.pattern[12:]}"


def tags(cast: Cast) -> None:
    unit = cast.unit("K1/vast")
    light = [c for c in unit.clients if c.spouse is None and c.level in ("light", "medium")]
    since = cast.since()
    cast.give(unit, lambda: carers.KeepsTags(cast.rng.sample(light, min(12, len(light))), since), "D")


def telephone(cast: Cast) -> None:
    cast.give(cast.unit("K2/bruket"), carers.Telephones, "D", 2)
    unit = cast.unit("solhem/land")
    staff = cast.someone(unit)
    if staff:
        unit.acts.append(billing.HelpsByTelephone(unit.planner, staff[0], cast.since(14, 24)))


def padders(cast: Cast) -> None:
    since = cast.since(0, 25)
    cast.give(cast.unit("aros/aros"), lambda: carers.PressesLate("padded", since, 0.45), "D", 1)
    cast.give(cast.unit("nystart/nystart"), lambda: carers.PressesLate("padded", 0, 0.6), "D", 2)


def crammer(cast: Cast) -> None:
    since = cast.since()
    cast.give(cast.unit("aros/aros"), lambda: carers.CutsShort("cut-short", since, 0.35), "D")
    cast.give(cast.unit("nystart/nystart"), lambda: carers.CutsShort("cut-short", 0, 0.4), "E")


def road(cast: Cast) -> None:
    since = cast.since(10, 30)
    cast.give(cast.unit("solhem/land"), lambda: carers.StartsOnTheRoad(since), "D", 2)


def gaps(cast: Cast) -> None:
    unit = cast.unit("aros/aros")
    friends = [c for c in unit.clients if c.level in ("light", "medium", "heavy")]
    since = cast.since()
    cast.give(unit, lambda: carers.FillsGaps(cast.rng.sample(friends, min(4, len(friends))), since), "", 2)


def signers(cast: Cast) -> None:
    since = cast.since()
    _friends(cast, cast.unit("solhem/ost"), lambda: carers.SignsForFriend(since), "")


def partners(cast: Cast) -> None:
    unit, since = cast.unit("K1/centrum"), cast.since(8, 25)
    pair = _friends(cast, unit, lambda: carers.AbsentPartner(since), "D")
    if pair:
        unit.acts.append(carers.RidesTogether(*pair))


def lent_login(cast: Cast) -> None:
    unit, since = cast.unit("aros/aros"), cast.since(14, 28)
    three = cast.someone(unit, "D", 3)
    for borrower in three[1:]:
        borrower.conduct = carers.LendsLogin(three[0], since, since + 18)


def splitters(cast: Cast) -> None:
    since = cast.since()
    cast.give(cast.unit("solhem/natt"), lambda: carers.SplitsVisits(since, 0.3), "N", 2)


def kin(cast: Cast) -> None:
    unit = cast.unit("duo/duo")
    able = [
        c
        for c in unit.clients
        if c.level in ("medium", "heavy", "full") and c.spouse is None and c.relative is None
    ]
    if able:
        client = max(able, key=lambda c: (len(c.needs), c.ref))
        unit.acts.append(carers.LivesWithClient(cast.newcomer(unit), client))


def absent_billers(cast: Cast) -> None:
    unit = cast.unit("fam/fam")
    unit.acts.append(offices.BillsAbsent("owner-of-fam", 0, 0.9))
    unit = cast.unit("aros/aros")
    unit.acts.append(offices.BillsAbsent("owner-of-aros", cast.since(), 0.45))


def copier(cast: Cast) -> None:
    unit, since = cast.unit("varda/varda"), cast.since(9, 20)
    able = [
        c
        for c in unit.clients
        if c.level in ("medium", "light", "heavy") and c.born < 0 and c.left > 60 and c.spouse is None
    ]
    able = [c for c in able if not c.absences]
    chosen = cast.rng.sample(able, min(2, len(able)))
    for client in chosen:
        client.absences.append(
            Absence(
                "left", midnight(since), midnight(cast.world.days + 400), midnight(since) - DAY, planned=True
            )
        )
    unit.acts.append(offices.CopiesWeeks(unit.planner, chosen, since))


def ghost(cast: Cast) -> None:
    unit = cast.unit("nystart/nystart")
    carer = cast.newcomer(unit, 20)
    unit.acts.append(offices.PaysGhost("owner-of-nystart", carer, cast.world.names.new("dev-"), 30))


def before_lock(cast: Cast) -> None:
    unit = cast.unit("nyckeln/nyckeln")
    unit.acts.append(offices.LengthensBeforeLock("head-of-nyckeln", round(18 + 32 * cast.world.scale)))


def declined(cast: Cast) -> None:
    for name in ("solhem/ost", "solhem/land"):
        cast.unit(name).acts.append(offices.TurnsDeclined("head-of-solhem", cast.since(), 0.55))


def to_plan(cast: Cast) -> None:
    unit = cast.unit("K1/norr")
    unit.acts.append(offices.SetsToPlan(unit.planner, cast.since(12, 20), 0.25))


def after_lock(cast: Cast) -> None:
    cast.unit("varda/varda").acts.append(offices.ReopensLocked("owner-of-varda", 14))


def into_night(cast: Cast) -> None:
    cast.unit("nyckeln/nyckeln").acts.append(offices.ShiftsIntoNight("head-of-nyckeln", cast.since(), 0.35))


def the_ill(cast: Cast) -> None:
    unit = cast.unit("solhem/ost")
    end = midnight(cast.world.days)
    able = [c for c in unit.carers if c.conduct is None and c.pattern.count("D") + c.pattern.count("E") > 6]
    able.sort(
        key=lambda c: (-sum(max(0, min(s.back, end) - max(s.start, midnight(7))) for s in c.spells), c.ref)
    )
    unit.acts.append(billing.RegistersTheIll("head-of-solhem", able[:3]))


def elsewhere(cast: Cast) -> None:
    carer = cast.someone(cast.unit("nystart/nystart"), "D")
    if carer:
        cast.unit("aros/aros").acts.append(
            billing.BooksElsewhere("owner-of-aros", carer[0], cast.since(14, 30))
        )


def couples(cast: Cast) -> None:
    """The house with the fewest couples that has any."""
    counted = []
    for name in ("aros/aros", "nystart/nystart", "nyckeln/nyckeln", "varda/varda"):
        unit = cast.unit(name)
        pairs = sum(1 for c in unit.clients if c.spouse is not None and c.spouse.units["care"] is unit)
        if pairs:
            counted.append((pairs, name))
    if counted:
        name = min(counted)[1]
        cast.unit(name).acts.append(
            billing.BillsBothInFull(f"owner-of-{name.split('/')[0]}", cast.since(7, 35))
        )


def round_up(cast: Cast) -> None:
    since = cast.since(15, 30)
    cast.unit("varda/varda").acts.append(billing.RoundsUpBills("owner-of-varda", since, since + 25, 0.5))


ALL = (
    skippers,
    tags,
    telephone,
    padders,
    crammer,
    road,
    gaps,
    signers,
    partners,
    lent_login,
    splitters,
    kin,
    absent_billers,
    copier,
    ghost,
    before_lock,
    declined,
    to_plan,
    after_lock,
    into_night,
    the_ill,
    elsewhere,
    couples,
    round_up,
)


def cast(world) -> None:
    company = Cast(world)
    for part in ALL:
        if company.rng.random() < company.chance:
            part(company)
