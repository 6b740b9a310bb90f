"""Builds the municipality's clients and gives each to the units that will serve them."""

from random import Random

from .clock import HOUR, stream, wall
from .houses import PROVIDERS, TOWN
from .land import SENIOR_HOUSE, Ground
from .life import Client, live_through
from .needs import FOREVER, LEVELS, needs_of


def _name(rng: Random, letters: str = "bcdfghjkmnpqrstvwxz23456789") -> str:
    return "".join(rng.choice(letters) for _ in range(6))


class Names:
    """References that never repeat and never look like a personal number."""

    def __init__(self, rng: Random):
        self.rng, self.taken = rng, set()

    def new(self, prefix: str) -> str:
        while True:
            ref = prefix + _name(self.rng)
            if ref not in self.taken:
                self.taken.add(ref)
                return ref


def _client(rng: Random, names: Names, ground: Ground, days: int, couple_of: Client | None = None) -> Client:
    level = rng.choices(list(LEVELS), list(LEVELS.values()))[0]
    if couple_of is not None:
        district, home, household = couple_of.district, couple_of.home, couple_of.household
        # Who lives with a client is rarely well enough for none, so needs are alike.
        level = couple_of.level if rng.random() < 0.5 else level
    else:
        district, home = ground.home(rng)
        household = names.new("hh-")
        if rng.random() < 0.022:
            district, home = "stan", SENIOR_HOUSE
    client = Client(names.new("c-"), level, home, district, household)
    if rng.random() < 0.06:
        client.born = rng.randrange(2, days)
    client.needs = needs_of(rng, level)
    client.declines = min(0.25, 0.004 + rng.expovariate(1 / 0.011))
    client.alarm = rng.random() < {"service": 0.4, "light": 0.45, "medium": 0.55}.get(level, 0.6)
    client.tags = [(-FOREVER, names.new("tag-"))]
    if rng.random() < 0.04:
        client.tags.append((wall(rng.randrange(days), 10 * HOUR), names.new("tag-")))
    return client


def _changes(rng: Random, client: Client, days: int) -> None:
    """A need that grows or shrinks for good; the order follows with a delay."""
    if client.level == "service" or rng.random() > 0.09:
        return
    since = rng.randrange(-20, days)
    factor = rng.choice((0.75, 1.25, 1.35, 1.5))
    client.boosts.append((since, FOREVER, factor))
    if factor > 1.3:
        more = [
            need
            for need in needs_of(rng, "heavy")
            if need.role == "care" and need.kind in ("lunch", "evening")
        ]
        have = {need.kind for need in client.needs}
        for need in more:
            if need.kind not in have:
                need.born = since
                client.needs.append(need)


def populate(seed: int, scale: float, days: int) -> tuple[list[Client], Ground, Names]:
    rng = stream(seed, "clients")
    count = max(40, round(1_500 * scale))
    names = Names(stream(seed, "names"))
    ground = Ground(stream(seed, "ground"), count)
    clients: list[Client] = []
    while len(clients) < count:
        client = _client(rng, names, ground, days)
        clients.append(client)
        if rng.random() < 0.033:
            spouse = _client(rng, names, ground, days, client)
            client.spouse, spouse.spouse = spouse, client
            # They eat and go to bed at the same hours.
            for need in spouse.needs:
                twin = next((n for n in client.needs if n.kind == need.kind and n.role == need.role), None)
                if twin is not None:
                    need.at, need.days, need.every, need.phase = twin.at, twin.days, twin.every, twin.phase
            clients.append(spouse)
    for client in clients:
        own = stream(seed, "life", client.ref)
        _changes(own, client, days)
        live_through(own, client, days)
        if client.spouse is None and own.random() < 0.015:
            district, home = ground.home(
                own, rng.choice(TOWN) if client.district in TOWN else client.district
            )
            client.moves.append((wall(own.randrange(3, days), 6.7 * HOUR), home))
    return clients, ground, names


def _care_unit(rng: Random, client: Client, units: dict):
    """Which unit the client chose, or belongs to."""
    if client.district not in TOWN:
        if rng.random() < 0.14 and client.district in ("kyrkbyn", "landet"):
            return units["solhem/land"]
        return next(
            u for u in units.values() if u.provider.ref == "K2" and client.district in u.spec.districts
        )
    choices = [p for p in PROVIDERS if p.share]
    provider = rng.choices(choices, [p.share for p in choices])[0]
    if provider.ref == "K1":
        return next(
            u for u in units.values() if u.provider.ref == "K1" and client.district in u.spec.districts
        )
    first = provider.units[0]
    return units[f"{provider.ref}/{first.name}"]


def place_clients(seed: int, clients: list[Client], units: dict) -> None:
    rng = stream(seed, "choice")
    for client in clients:
        if client.spouse is not None and client.spouse.units and rng.random() < 0.85:
            care = client.spouse.units["care"]
        else:
            care = _care_unit(rng, client, units)
        service = units["stad/stad"] if rng.random() < 0.6 else care
        client.units = {
            "care": care,
            "service": service,
            "night": units["KN/natt"],
            "remote": units["KN/distans"],
            "meal": units["mat/mat"],
            "alarm": units["KN/larm"],
            "watch": care,
        }
        if care.provider.ref == "solhem" and care.spec.name == "ost":
            client.units["night"] = units["solhem/natt"]
        for role in {need.role for need in client.needs}:
            if client not in client.units[role].clients:
                client.units[role].clients.append(client)
