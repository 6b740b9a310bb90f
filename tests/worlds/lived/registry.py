"""The municipality's registry: facts as clerks and other systems write them, late and not always right."""

from .clock import DAY, FIRST_DAY, HOUR, date_of, day_of, iso, midnight, period_of, wall
from .houses import MIGRATION_DAY, PROVIDERS, TARIFFS
from .land import coordinates, near
from .needs import FOREVER

LONG_AGO = -30


def lock_of(t: int) -> int:
    """When the pay period of an instant is locked: the fifth of the month after."""
    first = _month_start(period_of(t), 1)
    return wall(first + 4, 23.98 * HOUR)


def _month_start(period: str, ahead: int = 0) -> int:
    """The day number of a period's first day, some months ahead."""
    year, month = int(period[:4]), int(period[5:]) + ahead
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return (FIRST_DAY.replace(year=year, month=month, day=1) - FIRST_DAY).days


def draw_quirks(rng, clients, units) -> None:
    """What will be wrong in the registry about whom."""
    for client in clients:
        draw = rng.random()
        if draw < 0.008:
            client.quirks.add("home-zero")
        elif draw < 0.02:
            client.quirks.add("home-missing")
        elif draw < 0.03:
            client.quirks.add("home-misplaced")
        if rng.random() < 0.25:
            client.quirks.add("tag-unknown")
        if client.spouse is not None and rng.random() < 0.12:
            client.quirks.add("household-unknown")
            client.spouse.quirks.add("household-unknown")
        if client.units["care"].provider.ref == "varda" and rng.random() < 0.1:
            client.quirks.add("half-migrated")
        at_home = client.dead_at is not None and not any(a.end == client.dead_at for a in client.absences)
        if at_home and rng.random() < 0.5:
            client.quirks.add("watched")
    couples = [
        c
        for c in clients
        if c.spouse is not None and any(a.kind == "hospital" and a.start > midnight(0) for a in c.absences)
    ]
    for client in rng.sample(couples, min(2, len(couples))):
        client.quirks.add("absence-on-spouse")


class Registry:
    def __init__(self, world, rng):
        self.world, self.rng = world, rng
        self.facts: list[tuple[int, int, dict]] = []
        self.listed: dict[tuple[str, str], int] = {}  # provider and carer -> since when on the staff list

    def add(
        self,
        fact_id: str,
        kind: str,
        body: dict,
        since: int,
        until: int | None = None,
        recorded: int | None = None,
    ) -> None:
        recorded = int(since if recorded is None else recorded)
        if kind == "employment":
            key = body["provider_id"], body["carer_ref"]
            self.listed[key] = min(recorded, self.listed.get(key, recorded))
        if recorded >= self.world.end:
            return
        fact = {
            "schema_version": 1,
            "municipality": "0480",
            "fact_id": fact_id,
            "type": kind,
            "valid_from": iso(since),
            "valid_to": None if until is None else iso(until),
            "recorded_at": iso(recorded),
            "body": body,
        }
        self.facts.append((recorded, len(self.facts), fact))

    def write(self) -> list[dict]:
        for client in self.world.clients:
            self._home(client)
            self._tags(client)
            self._orders(client)
            for number, absence in enumerate(client.absences):
                self._absence(client, number, absence)
        for unit in self.world.units.values():
            for carer in unit.carers + [c for c in unit.temps if c.unit is unit]:
                self._carer(carer)
        self._providers()
        for fact in self.world.extra_facts:
            self.add(**fact)
        return [fact for _, _, fact in sorted(self.facts, key=lambda row: row[:2])]

    def _lacks(self, client, kind: str) -> bool:
        return kind in client.units["care"].provider.lacks and client.level != "service"

    def _home(self, client) -> None:
        rng, start = self.rng, midnight(max(LONG_AGO * 20, client.born - 5))
        if "home-missing" in client.quirks or self._lacks(client, "client_home"):
            return
        household = client.household if "household-unknown" not in client.quirks else f"hh-{client.ref[2:]}"
        body = {"client_ref": client.ref, "household_ref": household}
        place = client.home
        if "home-misplaced" in client.quirks:
            place = near(rng, place, 2_500)  # the middle of a postal area
        lat, lon = coordinates(place)
        if "home-zero" in client.quirks:
            lat = lon = 0.0
        body |= {"lat": round(lat, 5), "lon": round(lon, 5)}
        self.add(f"home-{client.ref[2:]}", "client_home", body, start, None, start)
        for since, new in client.moves:
            lat, lon = coordinates(new)
            moved = body | {"lat": round(lat, 5), "lon": round(lon, 5)}
            self.add(
                f"home-{client.ref[2:]}",
                "client_home",
                moved,
                midnight(day_of(since)),
                None,
                since + int(rng.uniform(-3, 14) * DAY),
            )

    def _tags(self, client) -> None:
        if "tag-unknown" in client.quirks:
            return
        for number, (since, tag) in enumerate(client.tags):
            start = midnight(max(LONG_AGO * 10, client.born)) if number == 0 else since
            # The old tag's fact is never closed; the new one comes late, or not at all.
            if number and self.rng.random() < 0.3:
                continue
            recorded = start if number == 0 else start + int(self.rng.uniform(0, 9) * DAY)
            self.add(
                f"tag-{tag[4:]}", "tag", {"tag_ref": tag, "client_ref": client.ref}, start, None, recorded
            )

    def _orders(self, client) -> None:
        for order in client.orders:
            provider = next(p for p in PROVIDERS if p.ref == order.provider)
            if "order" in provider.lacks:
                continue
            body = {
                "order_id": order.ref,
                "client_ref": client.ref,
                "provider_id": order.provider,
                "task_codes": list(order.tasks),
                "granted_minutes": order.minutes,
                "granted_per": order.per,
            }
            if order.staff > 1:
                body["required_staff"] = order.staff
            fact = f"order-{order.ref[2:]}"
            known = order.closed_at is not None and order.closed_at <= order.recorded_at
            self.add(
                fact, "order", body, order.valid_from, order.valid_to if known else None, order.recorded_at
            )
            if order.closed_at is not None and not known:
                self.add(fact, "order", body, order.valid_from, order.valid_to, order.closed_at)

    def _absence(self, client, number: int, absence) -> None:
        rng = self.rng
        if absence.kind == "left" or rng.random() < 0.08:
            return
        confirmed = {
            "hospital": "hospital" if rng.random() < 0.72 else "provider",
            "short_term": "registry",
            "away": rng.choice(("client", "provider")),
            "deceased": "registry",
        }[absence.kind]
        who = client.spouse if "absence-on-spouse" in client.quirks and absence.kind == "hospital" else client
        body = {"client_ref": who.ref, "kind": absence.kind, "confirmed_by": confirmed}
        fact = f"absence-{client.ref[2:]}-{number}"
        since, until = absence.start, absence.end
        if rng.random() < 0.65:  # dates, not instants; the last day counts as away
            since, until = midnight(day_of(since)), midnight(day_of(until) + 1)
        if absence.kind == "deceased":
            recorded = absence.start + int(rng.uniform(0.3, 5) * DAY)
            self.add(fact, "client_absence", body, midnight(day_of(absence.start)), None, recorded)
            return
        late = rng.random() < 0.3
        recorded = absence.start + int(rng.uniform(1, 18) * HOUR if not late else rng.uniform(1, 6) * DAY)
        if absence.planned:
            recorded = min(recorded, absence.start - int(rng.uniform(0, 3) * DAY))
        written = absence.end + int(
            rng.uniform(-0.2, 1.5) * DAY if rng.random() < 0.8 else rng.uniform(1, 5) * DAY
        )
        if absence.planned or recorded > written:
            self.add(fact, "client_absence", body, since, until, recorded)
        else:  # open until the discharge has been written
            self.add(fact, "client_absence", body, since, None, recorded)
            self.add(fact, "client_absence", body, since, until, written)

    def _carer(self, carer) -> None:
        for unit, ref in ((carer.unit, carer.ref), (carer.second, carer.second_ref)):
            if unit is None:
                continue
            provider = unit.provider
            if "employment" not in provider.lacks:
                self._employment(carer, provider, ref)
            if "carer_absence" in provider.lacks:
                continue
            refs = [ref] if provider.migrates is None else [ref, "VN" + ref[1:]]
            for number, spell in enumerate(carer.spells):
                confirmed = "payroll" if self.rng.random() < 0.7 else "provider"
                for each in refs:
                    body = {"carer_ref": each, "kind": spell.kind, "confirmed_by": confirmed}
                    fact = f"away-{each}-{number}"
                    self.add(fact, "carer_absence", body, spell.noted_from, spell.noted_to, spell.noted_at)
                    off = spell.noted_from != spell.start or spell.noted_to != spell.back
                    if off and number % 3:  # put right by the hour when the wages are done, or never
                        right = max(spell.noted_at, spell.back) + (3 + number) * DAY
                        self.add(fact, "carer_absence", body, spell.start, spell.back, right)

    def _employment(self, carer, provider, ref: str) -> None:
        rng = self.rng
        start = midnight(carer.hired) if carer.hired > -FOREVER else midnight(-rng.randrange(60, 2_500))
        recorded = start - 3 * DAY
        if rng.random() < provider.late_hr and (carer.hired > -FOREVER or carer.temp):
            recorded = start = midnight(max(0, carer.hired) + rng.randrange(2, 25))
            start = midnight(carer.hired) if carer.hired > -FOREVER else midnight(-60)
        if carer.temp and rng.random() < 0.12:
            return  # hired by the hour, never entered
        body = {"carer_ref": ref, "provider_id": provider.ref}
        fact = f"job-{provider.ref}-{ref}"
        self.add(fact, "employment", body, start, None, recorded)
        if carer.left < FOREVER:
            self.add(
                fact,
                "employment",
                body,
                start,
                midnight(carer.left),
                midnight(carer.left) - rng.randrange(-6, 20) * DAY,
            )
        if provider.migrates is not None:
            moved = midnight(MIGRATION_DAY)
            late = moved + rng.choice((0, 0, 2, 5, 9)) * DAY
            self.add(
                f"job-{provider.ref}-VN{ref[1:]}",
                "employment",
                body | {"carer_ref": "VN" + ref[1:]},
                moved,
                None,
                late,
            )

    def _providers(self) -> None:
        world, long_ago = self.world, midnight(-400)
        for provider in PROVIDERS:
            body = {"provider_id": provider.ref, "kind": provider.kind}
            self.add(f"provider-{provider.ref}", "provider", body, long_ago)
            for period in sorted({p for who, p in world.hours if who == provider.ref}):
                # From the employer's tax return: it comes on the twelfth of the month after.
                first, after = _month_start(period), _month_start(period, 1)
                seconds = world.hours[provider.ref, period]
                if first < 0:
                    seconds *= (
                        after - first
                    ) / after  # the days before the window were much like those in it
                paid = body | {"pay_period": period, "paid_staff_hours": round(seconds / HOUR * 1.04, 1)}
                self.add(
                    f"hours-{provider.ref}-{period}",
                    "provider",
                    paid,
                    midnight(first),
                    midnight(after),
                    midnight(after + 11) + 9 * HOUR,
                )
        for code, ore in TARIFFS.items():
            self.add(f"tariff-{code}", "tariff", {"tariff_code": code, "ore_per_hour": ore}, long_ago)
        periods = sorted({date_of(day).strftime("%Y-%m") for day in range(-20, world.days + 31)})
        for period in periods:
            locks = lock_of(midnight(_month_start(period)))
            pays = wall(day_of(locks) + 1, 18 * HOUR)
            body = {"pay_period": period, "locks_at": iso(locks), "payout_run_at": iso(pays)}
            self.add(f"calendar-{period}", "calendar", body, long_ago)
