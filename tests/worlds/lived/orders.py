"""Orders: what was granted, when it was decided, and when registry and provider heard of it."""

from dataclasses import dataclass
from random import Random

from .clock import DAY, HOUR, day_of, midnight, stream
from .life import Client
from .needs import FOREVER, Need


@dataclass(slots=True, eq=False)
class Order:
    ref: str
    role: str
    provider: str
    tasks: tuple[str, ...]
    minutes: int
    per: str  # day, week, month
    staff: int
    valid_from: int
    valid_to: int | None
    recorded_at: int
    known_at: int  # when the provider's own system has it
    closed_at: int | None = None  # when valid_to was written
    reason: str = "base"  # base, renewal, change, late, watch


PER = {"K1": "month", "K2": "month", "stad": "month", "linnea": "week", "solhem": "week", "mat": "month"}
WEEKS = {"day": 1 / 7, "week": 1.0, "month": 30.4 / 7}
RENEWAL_DAY = 17  # the first of October


def _granted(rng: Random, needs: list[Need], boost: float, per: str) -> int:
    """Whole quarters, mostly with room to spare: some four fifths of it is used."""
    weekly = sum(need.weekly_minutes() for need in needs) * boost
    minutes = weekly * WEEKS[per] * min(1.9, max(1.02, rng.lognormvariate(0.19, 0.13)))
    return max(15, round(minutes / 15 + 0.5) * 15)


def _base(rng: Random, names, client: Client, role: str, staff: int, needs: list[Need], first: int) -> Order:
    provider = client.units[role].provider.ref
    per = PER.get(provider, rng.choice(("week", "month", "week", "day" if role == "care" else "month")))
    tasks = tuple(sorted({task for need in needs for task in need.tasks}))
    born = max(client.born, first)
    start = midnight(born) if client.born > -60 else midnight(-rng.randrange(40, 700))
    late = client.born > -60 and rng.random() < 0.25
    recorded = start + int(rng.uniform(1, 9) * DAY) if late else start - int(rng.uniform(0.2, 6) * DAY)
    boost = 1.0
    for since, until, by in client.boosts:
        if until == FOREVER and since < born:
            boost *= by
    minutes = _granted(rng, needs, boost, per)
    return Order(
        names.new("O-"),
        role,
        provider,
        tasks,
        minutes,
        per,
        staff,
        start,
        None,
        recorded,
        recorded,
        reason="late" if late else "base",
    )


def _follow(
    rng: Random, names, old: Order, needs: list[Need], boost: float, since: int, reason: str
) -> Order:
    """The order after `old`; its decision may come days after it counts."""
    start = midnight(since)
    delay = rng.uniform(-3, 0) if rng.random() < 0.45 else rng.uniform(0, 15)
    recorded = start + int(delay * DAY)
    if reason == "change" and recorded > start and rng.random() < 0.4:
        start = midnight(day_of(recorded))  # not backdated: what was done before it is the provider's risk
    old.valid_to, old.closed_at = start, recorded
    minutes = _granted(rng, needs, boost, old.per)
    return Order(
        names.new("O-"),
        old.role,
        old.provider,
        old.tasks,
        minutes,
        old.per,
        old.staff,
        start,
        None,
        recorded,
        recorded + int(rng.uniform(0.1, 2.5) * DAY),
        reason=reason,
    )


def _orders_of(rng: Random, names, client: Client, days: int) -> None:
    groups: dict[tuple[str, int], list[Need]] = {}
    for need in client.needs:
        groups.setdefault((need.role, need.staff), []).append(need)
    for (role, staff), needs in groups.items():
        first = max(-600, min(need.born for need in needs))
        order = _base(rng, names, client, role, staff, needs, first)
        client.orders.append(order)
        boost = 1.0
        lasting = sorted(
            (s, by)
            for s, until, by in client.boosts
            if until == FOREVER and max(client.born, -20) <= s < client.left - 1
        )
        for since, by in lasting:
            boost *= by
            if role == "care" and since < days:
                order = _follow(rng, names, order, needs, boost, since, "change")
                client.orders.append(order)
        if rng.random() < 0.1 and client.left > RENEWAL_DAY + 1 and order.valid_from < midnight(RENEWAL_DAY):
            order = _follow(rng, names, order, needs, boost, RENEWAL_DAY, "renewal")
            client.orders.append(order)
        if client.left < FOREVER:
            late = 0 if client.dead_at is None else rng.choice((0, 1, 1, 7))
            order.valid_to = max(midnight(client.left + late), order.valid_from + DAY)
            order.closed_at = order.valid_to + int(rng.uniform(-1, 10) * DAY)


def grant_all(seed: int, names, clients: list[Client], days: int) -> None:
    for client in clients:
        _orders_of(stream(seed, "orders", client.ref), names, client, days)


def grant_watch(rng: Random, names, client: Client, since: int, until: int) -> Order:
    """Someone to sit with the dying: granted over the telephone, written days later."""
    start = midnight(day_of(since))
    recorded = since + int(rng.uniform(0.5, 6) * DAY)
    order = Order(
        names.new("O-"),
        "watch",
        client.units["watch"].provider.ref,
        ("watch",),
        7 * 24 * 60,
        "week",
        1,
        start,
        midnight(day_of(until) + 1),
        recorded,
        recorded + 6 * HOUR,
        recorded,
        "watch",
    )
    client.orders.append(order)
    return order


def order_for(client: Client, role: str, staff: int, t: int) -> Order | None:
    """The order that the provider's system holds at `t`; None while it was only granted by word."""
    best = None
    for order in client.orders:
        if order.role != role or order.known_at > t or order.valid_from > t:
            continue
        if order.staff == staff and (
            best is None or best.staff != staff or order.valid_from >= best.valid_from
        ):
            best = order
        elif best is None:
            best = order
    return best
