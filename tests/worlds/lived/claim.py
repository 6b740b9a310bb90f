"""A registration: what is claimed of a stay, and each version of it as it goes out."""

from .clock import iso, period_of
from .houses import STANDARD_MINUTES

MUNICIPALITY = "0480"


class Claim:
    """One registration: what the provider's system holds now. `world.send` passes a version on."""

    __slots__ = (
        "rid",
        "version",
        "system",
        "unit",
        "carer_ref",
        "client_ref",
        "client",
        "order_id",
        "planned",
        "start",
        "end",
        "cap_s",
        "cap_e",
        "kind",
        "outcome",
        "tasks",
        "staff",
        "partners",
        "trainee",
        "billable",
        "shared",
        "share",
        "edits",
        "role",
        "presence",
        "sits",
        "truth",
        "noise",
        "standing",
        "sent",
        "pay_factor",
        "day",
        "event_id",
    )

    def __init__(self, rid: str, system, unit, carer_ref: str, client, day: int):
        self.rid, self.version, self.system, self.unit = rid, 0, system, unit
        self.carer_ref, self.client, self.client_ref, self.day = carer_ref, client, client.ref, day
        self.order_id = self.planned = self.start = self.end = None
        self.cap_s, self.cap_e = {}, {}
        self.kind, self.outcome, self.tasks, self.staff = "planned", "performed", (), 1
        self.partners, self.trainee, self.billable, self.shared, self.share = [], False, True, None, 1.0
        self.edits, self.role, self.presence = [], "care", None
        self.sits, self.truth, self.noise = set(), None, 120
        self.standing, self.sent, self.pay_factor, self.event_id = True, 0, 1.0, 0

    def tariff(self) -> str:
        if self.role in ("night", "remote"):
            return "N1"
        if self.role in ("service", "meal"):
            return "S1" if self.role == "service" else "M1"
        if self.role == "alarm":
            return "L1"
        shown = iso(self.start)
        hour = int(shown[11:13])
        return "N1" if hour >= 22 or hour < 6 else "E1" if hour >= 19 else "D1"

    def mode(self) -> str:
        if self.role in ("night", "meal") and self.unit.provider.kind == "private":
            return "per_visit"
        return self.unit.provider.pay

    def paid_seconds(self) -> int | None:
        """Seconds billed by the contract's rule; none where time is not what is paid."""
        mode = self.mode()
        if mode in ("fixed", "per_visit") or self.end is None:
            return None
        if not self.billable:
            return 0
        lasted = self.end - self.start
        planned = self.planned[1] - self.planned[0] if self.planned else lasted
        if self.outcome == "client_absent":
            return int(0.25 * planned) if mode == "standard_minutes" else 0
        if self.outcome == "declined":
            return int(0.5 * planned) if mode != "performed" else lasted
        if mode == "granted":
            seconds = planned
        elif mode == "standard_minutes":
            seconds = 60 * STANDARD_MINUTES.get(self.tasks[0], planned / 60) if self.tasks else planned
        else:
            seconds = lasted
        return int(seconds * self.share * self.pay_factor)

    def change(self, field: str, new: object, at: int, editor: tuple[str, str], reason: str) -> None:
        """Puts a field right, or wrong, and notes who did it."""
        old = getattr(self, field)
        setattr(self, field, new)
        if self.system.edits:
            shown = {"start": "start_at", "end": "end_at"}.get(field, field)
            self.edits.append((shown, old, new, editor, at, reason))

    def record(self, event: str, emitted: int) -> dict:
        utc = self.system.utc
        record = {
            "schema_version": 1,
            "event_type": event,
            "registration_id": self.rid,
            "version": self.version,
            "municipality": MUNICIPALITY,
            "provider_id": self.unit.provider.ref,
            "unit_id": self.unit.name,
            "carer_ref": self.carer_ref,
            "client_ref": self.client_ref,
        }
        if self.order_id is not None:
            record["order_id"] = self.order_id
        if self.planned is not None:
            record["planned_start"], record["planned_end"] = (
                iso(self.planned[0], utc),
                iso(self.planned[1], utc),
            )
        record["start_at"] = iso(self.start, utc)
        started = event == "started"
        if not started:
            record["end_at"] = iso(self.end, utc)
        if self.cap_s:
            record["start_capture"] = self.cap_s
        if self.cap_e and not started:
            record["end_capture"] = self.cap_e
        record["visit_kind"] = self.kind
        if not started:
            record["outcome"] = self.outcome
        if self.tasks and not started:
            record["tasks"] = [{"code": task} for task in self.tasks]
        if self.staff > 1 or self.planned is not None:
            record["required_staff"] = self.staff
        if self.partners:
            record["partner_registration_ids"] = self.partners
        if self.trainee:
            record["trainee"] = True
        if not self.billable:
            record["billable"] = False
        if self.shared:
            record["shared_visit_id"] = self.shared
        if self.edits:
            record["edits"] = [self._edit(edit, utc) for edit in self.edits]
        if not started:
            record["payment"] = self._payment()
        self.event_id += 1
        record["source"] = {"system": self.system.name, "event_id": f"{self.rid}.{self.event_id}"}
        record["emitted_at"] = iso(emitted, utc)
        return record

    def _payment(self) -> dict:
        payment = {"mode": self.mode(), "tariff_code": self.tariff(), "pay_period": period_of(self.start)}
        seconds = self.paid_seconds()
        if seconds is not None:
            payment["billable_seconds"] = max(0, seconds)
        return payment

    @staticmethod
    def _edit(edit: tuple, utc: bool) -> dict:
        field, old, new, (editor, role), at, reason = edit

        def shown(value):
            return iso(value, utc) if field in ("start_at", "end_at") and value is not None else value

        row = {
            "field": field,
            "editor_ref": editor,
            "editor_role": role,
            "at": iso(at, utc),
            "reason_code": reason,
        }
        if old is not None:
            row["old"] = shown(old)
        if new is not None:
            row["new"] = shown(new)
        return row
