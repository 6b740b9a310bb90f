"""Lawful situations that show only afterwards: who met at a home, what the registry did not hold yet."""

from .clock import DAY, day_of


def mark(world, registry) -> None:
    _meetings(world)
    for claim in world.claims:
        if claim.presence is None or claim.end is None:
            continue
        _registry(claim, registry)
        if claim.system.grain == 900:
            claim.sits.add("whole-quarters")
        if claim.client.boost(day_of(claim.start)) > 1.1:
            claim.sits.add("extra-need")


def _meetings(world) -> None:
    """Two carers at one client though no visit for two: another errand, or a colleague still there."""
    by_client: dict[str, list] = {}
    for stay in world.stays:
        by_client.setdefault(stay.client.ref, []).append(stay)
    for own in by_client.values():
        own.sort(key=lambda s: (s.start, s.end))
        for place, a in enumerate(own):
            for b in own[place + 1 : place + 5]:
                if b.start >= a.end:
                    break
                if a.person == b.person or b in a.partners or a.stay == b.stay:
                    continue
                same = a.unit is b.unit and a.role == b.role
                for claim in a.registrations + b.registrations:
                    claim.sits.add("met-a-colleague" if same else "another-errand-at-once")


def _registry(claim, registry) -> None:
    """Facts that were missing when the registration came."""
    provider, sits = claim.unit.provider, claim.sits
    if "client_home" in provider.lacks:
        sits.add("no-homes-in-registry")
    if "employment" not in provider.lacks:
        listed = registry.listed.get((provider.ref, claim.carer_ref))
        if listed is None or listed > claim.sent:
            sits.add("not-on-staff-list")
    if "order" in provider.lacks:
        sits.add("no-orders-in-registry")
    elif claim.kind != "alarm" and not any(_covers(order, claim) for order in claim.client.orders):
        sits.add("order-not-in-registry")


def _covers(order, claim) -> bool:
    """An order that was written and not closed before the registration's last version."""
    if order.role != claim.role or order.recorded_at > claim.sent or order.valid_from > claim.start:
        return False
    return order.valid_to is None or order.valid_to > claim.start - DAY
