"""How the clinic writes times, people, phones and money: for pages, messages and the labels of the JSON face alike.

Times are those of the clinic's wall, or of the location's whose zone is given. The language is the reader's.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from babel.dates import format_date, format_interval, format_skeleton, get_timezone_location
from babel.numbers import format_currency

from clinic.core import i18n, tenancy
from clinic.core.i18n import gettext, ngettext

MONTHS_UNTIL = 2  # years: smaller children are counted in months
SKELETONS = {"short": "MMMEd", "month": "yMMMM", "weekday": "EEEE", "year": "yMMMEd"}

Zone = ZoneInfo | str | None


def instant(value: datetime | str, zone: Zone = None) -> datetime:
    """The same moment as the wall clock shows it in *zone*; ``ValueError`` for a time without a zone."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if moment.tzinfo is None:
        raise ValueError("a time without a zone is no moment")
    return moment.astimezone(_zone(zone))


def at(value: datetime | str, zone: Zone = None, form: str = "short") -> str:
    """``Mon 23 Nov, 09:30``; *form* is that of ``day``."""
    moment = instant(value, zone)
    return gettext("%(day)s, %(time)s", day=day(moment.date(), form), time=clock(moment.time()))


def clocks(form: str = "short") -> Callable[[datetime], str]:
    """``at`` for a list: the reader's language is asked for once. Takes times in the zone that they are shown in."""
    pattern, locale = gettext("%(day)s, %(time)s"), i18n.formats_of(i18n.locale())
    return lambda moment: (
        pattern
        % {
            "day": _written(moment.date(), form, locale),
            "time": moment.strftime("%H:%M"),
        }
    )


def day(value: datetime | date | str, form: str = "short", zone: Zone = None) -> str:
    """A date: ``short`` Mon 23 Nov, ``medium`` 23 Nov 2026, ``full`` Monday 23 November 2026, ``year`` Mon 23 Nov 2026,
    ``month`` November 2026, ``weekday`` Monday, ``iso`` 2026-11-23.
    """
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    if isinstance(value, datetime):
        value = instant(value, zone).date()
    if form == "iso":
        return value.isoformat()
    return _written(value, form, i18n.formats_of(i18n.locale()))


@lru_cache(maxsize=4096)
def _written(value: date, form: str, locale: str) -> str:
    # Kept, because a list of slots names the same few days again and again, and Babel takes a tenth of a millisecond.
    if form in SKELETONS:
        midnight = datetime.combine(value, time(), ZoneInfo("UTC"))
        return format_skeleton(SKELETONS[form], midnight, locale=locale)
    return format_date(value, form, locale=locale)


@lru_cache(maxsize=512)
def _dates(first: date, last: date, locale: str) -> str:
    return format_interval(first, last, skeleton="yMMMd", locale=locale)


def dates(first: date, last: date) -> str:
    """``23–29 Nov 2026``."""
    return _dates(first, last, i18n.formats_of(i18n.locale()))


def clock(value: datetime | time | str, zone: Zone = None) -> str:
    """``09:30``. Twenty-four hours in every language: columns line up, and nobody asks "morning or evening?"."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if "T" in value else time.fromisoformat(value)
    if isinstance(value, datetime):
        value = instant(value, zone).time()
    return value.strftime("%H:%M")


def span(start: datetime, end: datetime, zone: Zone = None) -> str:
    """``09:30–10:00``."""
    return f"{clock(start, zone)}–{clock(end, zone)}"


def zone_name(zone: Zone = None) -> str:
    """``Bogotá time``: what to call the zone that times are in."""
    city = get_timezone_location(_zone(zone), locale=i18n.locale(), return_city=True)
    return gettext("%(city)s time", city=city)


def duration(minutes: float) -> str:
    """``20 min``, ``1 h 20 min``."""
    hours, rest = divmod(round(minutes), 60)
    if not hours:
        return gettext("%(minutes)d min", minutes=rest)
    if not rest:
        return gettext("%(hours)d h", hours=hours)
    return gettext("%(hours)d h %(minutes)d min", hours=hours, minutes=rest)


def age(born: date, on: date) -> str:
    """``42 years`` on the day *on* (the clinic's today, which the view gives); small children in months."""
    months = max((on.year - born.year) * 12 + on.month - born.month - (on.day < born.day), 0)
    if months < MONTHS_UNTIL * 12:
        return ngettext("%(num)d month", "%(num)d months", months)
    return ngettext("%(num)d year", "%(num)d years", months // 12)


def initials(name: str) -> str:
    """Two letters for a mark: ``Ana María Pérez`` gives ``AP``."""
    words = [word for word in name.split() if word[:1].isalpha()]
    picked = words[:1] + words[1:][-1:]
    return "".join(word[0] for word in picked).upper() or "?"


def phone(number: str, country: str | None = None) -> str:
    """An E.164 number as people of the clinic's country write it; abroad with its country code."""
    tenant = tenancy.current()
    home = country or (tenant.country if tenant else None)
    try:
        parsed = phonenumbers.parse(number, home)
    except phonenumbers.NumberParseException:
        return number
    national = home is not None and parsed.country_code == phonenumbers.country_code_for_region(home)
    form = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(parsed, form.NATIONAL if national else form.INTERNATIONAL)


def money(amount: Decimal | int | str, currency: str | None = None) -> str:
    """An amount in units of *currency* (the clinic's if left out)."""
    tenant = tenancy.current()
    return format_currency(
        Decimal(amount), currency or (tenant.currency if tenant else "USD"), locale=i18n.locale()
    )


def _zone(zone: Zone) -> ZoneInfo:
    if isinstance(zone, ZoneInfo):
        return zone
    if zone:
        return ZoneInfo(zone)
    tenant = tenancy.current()
    return tenant.zone if tenant else ZoneInfo("UTC")
