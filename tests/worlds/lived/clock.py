"""Local time of the municipality. Instants are whole seconds since 1970; days count from the first day.

The window crosses the change from summer to winter time, a public holiday and the autumn break.
"""

import datetime as dt
from random import Random

DAY = 86_400
HOUR = 3_600
MINUTE = 60

FIRST_DAY = dt.date(2026, 9, 14)  # a Monday, in the middle of a pay period
EPOCH = dt.date(1970, 1, 1)
FIRST_SECOND = (FIRST_DAY - EPOCH).days * DAY

# Days on which the public holiday's rates and rosters hold, besides Sundays.
HOLIDAYS = {dt.date(2026, 10, 31), dt.date(2026, 12, 25), dt.date(2026, 12, 26), dt.date(2027, 1, 1)}
AUTUMN_BREAK = (dt.date(2026, 10, 26), dt.date(2026, 10, 30))


def stream(seed: int, *names: object) -> Random:
    """A source of chance of its own: what one part draws does not shift another part's draws."""
    return Random("/".join(str(part) for part in (seed, *names)))


def _last_sunday(year: int, month: int) -> int:
    last = dt.date(year, month, 31)
    last -= dt.timedelta(days=(last.weekday() + 1) % 7)
    return (last - EPOCH).days * DAY + HOUR


SUMMERS = [(_last_sunday(year, 3), _last_sunday(year, 10)) for year in (2025, 2026, 2027, 2028)]


def offset(t: int) -> int:
    """Seconds that local time is ahead of UTC."""
    for begin, end in SUMMERS:
        if begin <= t < end:
            return 7_200
    return 3_600


def wall(day: int, seconds: float) -> int:
    """The instant at which the clock on the wall shows `seconds` after midnight of `day`."""
    shown = FIRST_SECOND + day * DAY + int(seconds)
    return shown - 7_200 if offset(shown - 3_600) == 7_200 else shown - 3_600


def midnight(day: int) -> int:
    return wall(day, 0)


def day_of(t: int) -> int:
    return (t + offset(t) - FIRST_SECOND) // DAY


def clock_of(t: int) -> int:
    """Seconds after local midnight, as the clock shows them."""
    return (t + offset(t)) % DAY


def date_of(day: int) -> dt.date:
    return FIRST_DAY + dt.timedelta(days=day)


def period_of(t: int) -> str:
    """The pay period (a calendar month) in which an instant falls."""
    return date_of(day_of(t)).strftime("%Y-%m")


def free_day(day: int) -> bool:
    """Saturday, Sunday or a public holiday."""
    return day % 7 >= 5 or date_of(day) in HOLIDAYS


def autumn_break(day: int) -> bool:
    return AUTUMN_BREAK[0] <= date_of(day) <= AUTUMN_BREAK[1]


_DATES: dict[int, str] = {}


def iso(t: float, utc: bool = False) -> str:
    """RFC 3339, with the local offset or as UTC."""
    t = int(t)
    ahead = 0 if utc else offset(t)
    days, seconds = divmod(t + ahead, DAY)
    date = _DATES.get(days)
    if date is None:
        date = _DATES[days] = (EPOCH + dt.timedelta(days=days)).isoformat()
    minutes, seconds = divmod(seconds, 60)
    zone = "Z" if utc else ("+02:00" if ahead == 7_200 else "+01:00")
    return f"{date}T{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}{zone}"
