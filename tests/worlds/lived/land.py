"""The municipality's ground: districts, buildings, homes, and how long the ways between them take."""

from dataclasses import dataclass
from math import cos, hypot, log, radians
from random import Random

CENTRE = (58.7531, 17.0086)
METRES_A_DEGREE = 111_195.0
METRES_EAST = METRES_A_DEGREE * cos(radians(CENTRE[0]))


@dataclass(frozen=True, slots=True)
class Place:
    x: float
    y: float
    building: str = ""
    island: bool = False
    village: bool = False


@dataclass(frozen=True, slots=True)
class District:
    name: str
    x: float
    y: float
    radius: float
    weight: float
    village: bool = False
    island: bool = False


DISTRICTS = (
    District("stan", 0, 0, 700, 0.22),
    District("norrmalm", 600, 2_100, 800, 0.15),
    District("hamnen", 1_500, -1_100, 600, 0.12),
    District("vasterby", -2_300, 300, 900, 0.14),
    District("rosenlund", -900, -2_600, 800, 0.09),
    District("bruket", 17_500, 9_000, 900, 0.07, village=True),
    District("kyrkbyn", -12_000, 8_500, 1_000, 0.08, village=True),
    District("sjobo", -19_000, -13_000, 1_200, 0.05, village=True),
    District("landet", 3_000, 4_000, 15_000, 0.07, village=True),
    District("storholmen", 12_500, -13_500, 1_500, 0.01, village=True, island=True),
)

HEALTH_CENTRE = Place(250, -180, "health-centre")
SHOPS = (
    Place(90, 140, "shop"),
    Place(-2_150, 520, "shop"),
    Place(17_350, 9_100, "shop"),
    Place(-12_100, 8_400, "shop"),
)
BASES = {
    "stan": Place(120, -40, "base"),
    "norrmalm": Place(700, 1_900, "base"),
    "hamnen": Place(1_300, -900, "base"),
    "vasterby": Place(-2_100, 250, "base"),
    "kyrkbyn": Place(-11_900, 8_450, "base"),
    "bruket": Place(17_400, 8_950, "base"),
}
SENIOR_HOUSE = Place(420, 380, "senior-house")
FERRY = Place(10_900, -12_300, "ferry")

# Metres a second over the real way, and seconds to get under way and to park.
MODES = {"foot": (1.35, 20), "bike": (4.0, 45), "car": (9.2, 100)}
WINDING = 1.28


class Ground:
    """Makes homes; several clients may live in one building."""

    def __init__(self, rng: Random, homes: int):
        self.rng = rng
        self.buildings: dict[str, list[Place]] = {}
        for district in DISTRICTS:
            count = max(2, round(homes * district.weight / (1.1 if district.village else 2.4)))
            self.buildings[district.name] = [self._building(district, n) for n in range(count)]

    def _building(self, district: District, number: int) -> Place:
        spread = district.radius * (0.35 + 0.65 * self.rng.random())
        x, y = district.x + self.rng.gauss(0, spread), district.y + self.rng.gauss(0, spread)
        return Place(round(x), round(y), f"{district.name}-{number}", district.island, district.village)

    def home(self, rng: Random, district: str | None = None) -> tuple[str, Place]:
        """A district's name and a home in it."""
        if district is None:
            pick = rng.choices(DISTRICTS, [d.weight for d in DISTRICTS])[0]
            district = pick.name
        stock = self.buildings[district]
        # Some houses are full of old people, most hold one client.
        return district, stock[min(int(rng.random() ** 1.6 * len(stock)), len(stock) - 1)]


def metres(a: Place, b: Place) -> float:
    """As the crow flies."""
    return hypot(a.x - b.x, a.y - b.y)


def travel(rng: Random, a: Place, b: Place, mode: str) -> int:
    """Seconds that the way takes this time."""
    if a.building == b.building and a.building:
        return int(25 + 70 * rng.random())
    way = metres(a, b) * WINDING
    if way > 2_500 or (mode == "foot" and way > 1_200):
        mode = "car" if way > 2_500 or mode == "car" else "bike"
    speed, fixed = MODES[mode]
    if mode == "car" and way > 3_000:
        seconds = fixed + 3_000 / speed + (way - 3_000) / 18.5
    else:
        seconds = fixed + way / speed
    if a.island != b.island:
        seconds += 420 + 1_200 * rng.random()  # the cable ferry: the crossing and the wait for it
    # Roadworks, lifts, a chat at the gate: the way is sometimes longer and never much shorter.
    return int(seconds * (0.92 + 0.35 * -log(1 - 0.95 * rng.random()) / 3))


def expected(a: Place, b: Place, mode: str) -> float:
    """What a planner expects the way to take."""
    if a.building == b.building and a.building:
        return 60
    way = hypot(a.x - b.x, a.y - b.y) * WINDING
    if way > 2_500 or mode == "car":
        ferry = 1_000 if a.island != b.island else 0
        return 100 + ferry + way / (12.0 if way > 3_000 else 9.2)
    return 30 + way / (1.35 if mode == "foot" and way <= 1_200 else 4.0)


def coordinates(place: Place) -> tuple[float, float]:
    """Latitude and longitude, degrees."""
    return CENTRE[0] + place.y / METRES_A_DEGREE, CENTRE[1] + place.x / METRES_EAST


def near(rng: Random, place: Place, metres_off: float) -> Place:
    return Place(place.x + rng.gauss(0, metres_off), place.y + rng.gauss(0, metres_off))
