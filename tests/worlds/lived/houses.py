"""Providers, their units, and the systems in which they register: each house has its own ways."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class System:
    """How one product captures a visit and passes it on."""

    name: str
    start: str  # capture method of the start
    end: str
    grain: int = 1  # seconds to which claimed times are rounded
    live: str = "end"  # events: start and end at once; end: at the end; nightly and morning: in a batch
    utc: bool = False
    plan: bool = True
    orders: bool = True
    partners: bool = False
    device: str = "own"  # own, pool, fixed, none
    geo: float = 0.0  # share of captures with a position
    close: str = "3h"  # who ends what was never ended: a number of hours, midnight, or the next visit's start
    unix_versions: bool = False
    synced: bool = True
    edits: bool = True
    ids: str = "r"
    approves: bool = False


SYSTEMS = {
    s.name: s
    for s in (
        System("taglinje", "nfc_tag", "nfc_tag", device="pool", partners=True, ids="tl"),
        System("taglinje-land", "nfc_tag", "nfc_tag", device="pool", partners=True, ids="tl", close="4h"),
        System("fjarrsyn", "gps_app", "gps_app", live="events", utc=True, geo=0.86, close="next", ids="fs"),
        System(
            "kvarten",
            "telephony",
            "telephony",
            grain=900,
            live="nightly",
            device="none",
            synced=False,
            ids="K",
        ),
        System(
            "nyckelkod",
            "digital_lock",
            "digital_lock",
            live="morning",
            ids="nk",
            close="midnight",
            approves=True,
        ),
        System(
            "knappen", "app_button", "app_button", grain=60, plan=False, orders=False, edits=False, ids="kn"
        ),
        System("varda-gammal", "gps_app", "gps_app", geo=0.7, unix_versions=True, ids="vg"),
        System("varda-ny", "nfc_tag", "nfc_tag", unix_versions=True, partners=True, ids="vn", close="next"),
        System("hemlinje", "fixed_device", "fixed_device", grain=60, device="fixed", ids="hl", approves=True),
        System("fyren", "beacon", "beacon", geo=0.3, ids="fy", close="midnight"),
        System("nystartappen", "gps_app", "app_button", geo=0.5, grain=60, ids="ns", close="next"),
        System("stadplan", "app_button", "app_button", grain=300, live="morning", ids="sp"),
        System("nattrunda", "nfc_tag", "nfc_tag", partners=True, device="pool", ids="nr"),
        System("larmet", "digital_lock", "app_button", live="events", plan=False, orders=False, ids="la"),
        System("distans", "app_button", "app_button", device="fixed", utc=True, ids="di"),
        System("matbil", "app_button", "app_button", grain=60, live="nightly", ids="mb"),
    )
}


@dataclass(frozen=True, slots=True)
class UnitPlan:
    name: str
    system: str
    base: str
    districts: tuple[str, ...] = ()  # for units that a district belongs to
    mode: str = "bike"
    manual: float = 0.08  # share of visits of which a side is typed
    forgets: float = 0.01  # share of visits without log-out
    offline: float = 0.02  # share of visits at which a phone loses coverage for a while
    office: str = "daily"  # when the planner puts yesterday right: daily, lazy, lock
    to_route: bool = False  # planned times follow the route to the minute, else the client's promised time


@dataclass(frozen=True, slots=True)
class Provider:
    ref: str
    kind: str
    units: tuple[UnitPlan, ...]
    pay: str = "performed"
    share: float = 0.0  # of the town's clients who choose
    own_refs: str = ""  # prefix of its own carer numbers; empty: the municipality's pseudonym
    lacks: frozenset[str] = frozenset()  # kinds of facts that never reach the registry
    temps: float = 0.2
    from_day: int = 0  # first day of the feed
    late_hr: float = 0.1
    migrates: tuple[int, str] | None = None  # day, system
    extra: dict = field(default_factory=dict)


TOWN = ("stan", "hamnen", "norrmalm", "vasterby", "rosenlund")
MIGRATION_DAY = 31

PROVIDERS = (
    Provider(
        "K1",
        "municipal",
        (
            UnitPlan("centrum", "taglinje", "stan", ("stan", "hamnen"), "bike", 0.06, 0.008, 0.02),
            UnitPlan("norr", "taglinje", "norrmalm", ("norrmalm",), "bike", 0.09, 0.012, 0.02),
            UnitPlan(
                "vast", "taglinje", "vasterby", ("vasterby", "rosenlund"), "car", 0.1, 0.012, 0.03, "lock"
            ),
        ),
        share=0.44,
    ),
    Provider(
        "K2",
        "municipal",
        (
            UnitPlan(
                "kyrkbyn", "taglinje-land", "kyrkbyn", ("kyrkbyn", "sjobo"), "car", 0.2, 0.025, 0.07, "lazy"
            ),
            UnitPlan(
                "bruket",
                "taglinje-land",
                "bruket",
                ("bruket", "landet", "storholmen"),
                "car",
                0.25,
                0.03,
                0.09,
                "lazy",
            ),
        ),
        late_hr=0.3,
    ),
    Provider(
        "KN",
        "municipal",
        (
            UnitPlan("natt", "nattrunda", "stan", mode="car", manual=0.07, forgets=0.006, offline=0.04),
            UnitPlan("larm", "larmet", "stan", mode="car", manual=0.05, forgets=0.02),
            UnitPlan("distans", "distans", "stan", manual=0.02, forgets=0.004),
        ),
        pay="fixed",
    ),
    Provider(
        "solhem",
        "private",
        (
            UnitPlan(
                "ost",
                "fjarrsyn",
                "hamnen",
                mode="bike",
                manual=0.07,
                forgets=0.012,
                offline=0.04,
                to_route=True,
            ),
            UnitPlan(
                "land",
                "fjarrsyn",
                "kyrkbyn",
                mode="car",
                manual=0.1,
                forgets=0.012,
                offline=0.08,
                to_route=True,
            ),
            UnitPlan("natt", "fjarrsyn", "hamnen", mode="car", manual=0.06, forgets=0.01),
        ),
        share=0.155,
        own_refs="SH",
        late_hr=0.15,
    ),
    Provider(
        "linnea",
        "private",
        (UnitPlan("linnea", "kvarten", "norrmalm", manual=0.14, forgets=0.01),),
        "granted",
        0.11,
    ),
    Provider(
        "nyckeln",
        "private",
        (UnitPlan("nyckeln", "nyckelkod", "vasterby", manual=0.08, forgets=0.02, office="lock"),),
        share=0.085,
        own_refs="N",
    ),
    Provider(
        "aros",
        "private",
        (UnitPlan("aros", "knappen", "stan", manual=0.16, forgets=0.018, office="lazy"),),
        share=0.075,
        lacks=frozenset(("order", "employment", "carer_absence")),
    ),
    Provider(
        "varda",
        "private",
        (UnitPlan("varda", "varda-gammal", "norrmalm", manual=0.07, forgets=0.01),),
        share=0.07,
        own_refs="V",
        migrates=(MIGRATION_DAY, "varda-ny"),
    ),
    Provider(
        "nystart",
        "private",
        (UnitPlan("nystart", "nystartappen", "hamnen", manual=0.12, forgets=0.015, to_route=True),),
        share=0.045,
        from_day=28,
        temps=0.5,
        late_hr=0.35,
    ),
    Provider(
        "fam",
        "private",
        (UnitPlan("fam", "hemlinje", "stan", manual=0.13, forgets=0.01, office="lock"),),
        share=0.014,
        temps=0.0,
        lacks=frozenset(("carer_absence",)),
    ),
    Provider(
        "duo",
        "private",
        (UnitPlan("duo", "fyren", "vasterby", manual=0.1, forgets=0.01),),
        share=0.016,
        temps=0.0,
        lacks=frozenset(("client_home",)),
    ),
    Provider(
        "stad",
        "private",
        (UnitPlan("stad", "stadplan", "stan", mode="car", manual=0.12, forgets=0.008),),
        "standard_minutes",
    ),
    Provider(
        "mat",
        "private",
        (UnitPlan("mat", "matbil", "stan", mode="car", manual=0.02, forgets=0.002),),
        "per_visit",
    ),
)

# Minutes paid for a service task, whatever it took.
STANDARD_MINUTES = {"cleaning": 96, "shopping": 60, "laundry": 86, "meal": 20, "escort": 60}
TARIFFS = {"D1": 51_600, "E1": 56_400, "N1": 59_800, "S1": 44_800, "L1": 48_500, "M1": 39_000}
