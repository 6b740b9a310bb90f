"""A stay: one person at one place from then to then. What really was, which no system sees."""

from .land import Place


class Presence:
    __slots__ = (
        "carer",
        "ref",
        "unit",
        "client",
        "visit",
        "role",
        "start",
        "end",
        "at",
        "to",
        "outcome",
        "sits",
        "rid",
        "partners",
        "trainee",
        "device",
        "kind",
        "tasks",
        "staff",
        "stay",
        "half",
        "shift",
        "registrations",
        "planned",
        "person",
        "planted",
        "full_price",
    )

    def __init__(self, shift, client, role: str, start: int, end: int, at: Place, rid: str, stay: int):
        self.shift, self.carer, self.unit, self.ref = shift, shift.carer, shift.unit, shift.ref
        self.person, self.device = shift.carer.person, shift.device
        self.client, self.role, self.start, self.end, self.at, self.to = (
            client,
            role,
            int(start),
            int(end),
            at,
            at,
        )
        self.rid, self.stay = rid, stay
        self.visit, self.outcome, self.sits, self.partners = None, "performed", set(), []
        self.trainee, self.kind, self.tasks, self.staff = False, "planned", (), 1
        self.half = None  # of a couple's stay: first or second
        self.planned = None
        self.registrations: list = []
        self.planted: tuple[str, str] | None = (
            None  # pattern and actor, where every registration of it is planted
        )
        self.full_price = False  # a couple's stay billed in full on both
