"""One end of a visit as a device, a line or a hand puts it down."""

from .clock import DAY, iso
from .land import Place, coordinates

TAGGED = {"nfc_tag", "digital_lock", "beacon", "fixed_device"}
ELECTRONIC = TAGGED | {"gps_app", "telephony"}


def grain(t: int, seconds: int) -> int:
    """A time as the system keeps it: whole minutes are cut, coarser steps are rounded."""
    if seconds <= 1:
        return int(t)
    if seconds == 60:
        return int(t) // 60 * 60
    return int(t + seconds // 2) // seconds * seconds


class Clocks:
    """Each device's clock: most are right within seconds, a few are minutes off until somebody sets them."""

    def __init__(self, rng):
        self.rng, self.rates = rng, {}

    def error(self, device: str, t: int) -> int:
        rate = self.rates.get(device)
        if rate is None:
            off = (
                self.rng.gauss(0, 5)
                if self.rng.random() < 0.96
                else self.rng.choice((-1, 1)) * self.rng.uniform(60, 170)
            )
            rate = self.rates[device] = (off, self.rng.gauss(0, 0.35), self.rng.randrange(20 * DAY))
        off, drift, phase = rate
        days = (t + phase) % (20 * DAY) / DAY  # the network sets it every twenty days
        return int(off + drift * days)


def electronic(world, presence, method: str, t: int, place: Place, synced: int | None) -> dict:
    """`t` is by the device's clock."""
    system, rng = presence.unit.system(presence.start), presence.unit.rng
    capture = {"method": method}
    if method in TAGGED:
        tag = presence.client.tag_at(presence.start)
        capture["tag_ref"] = tag if method != "fixed_device" else "box-" + tag[4:]
    if system.device == "fixed" and method in ("fixed_device", "app_button"):
        capture["device_ref"] = (
            f"{presence.unit.name}-desk" if presence.role == "remote" else "box-" + presence.client.ref[2:]
        )
    elif system.device != "none":
        capture["device_ref"] = presence.device
    capture["recorded_at"] = iso(t, system.utc)
    if system.synced and synced is not None:
        capture["synced_at"] = iso(synced, system.utc)
    if system.geo and rng.random() < system.geo:
        capture["geo"] = position(rng, place)
    return capture


def position(rng, place: Place) -> dict:
    """A phone's fix: mostly within tens of metres, sometimes at the last mast."""
    accuracy = rng.lognormvariate(2.8, 0.6)
    off = accuracy * 0.7
    if rng.random() < 0.012:
        accuracy, off = rng.uniform(300, 1_500), rng.uniform(200, 900)
    lat, lon = coordinates(Place(place.x + rng.gauss(0, off), place.y + rng.gauss(0, off)))
    return {"lat": round(lat, 6), "lon": round(lon, 6), "accuracy_m": round(accuracy, 1)}


def typed(presence, method: str, at: int) -> dict:
    system = presence.unit.system(presence.start)
    capture = {"method": method, "recorded_at": iso(at, system.utc)}
    if method == "manual_carer" and system.device in ("own", "pool"):
        capture["device_ref"] = presence.device
    return capture


def remembered(rng, t: int) -> int:
    """A time as a person types it afterwards: on five minutes, mostly near the truth."""
    error = rng.gauss(0, 200) if rng.random() < 0.9 else rng.gauss(0, 700)
    return round((t + min(2_000, max(-2_000, error))) / 300) * 300


REMEMBERED_NOISE = 2_300
