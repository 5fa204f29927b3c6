"""What time it is: the database's clock decides what "now" and "today" are (RULES §4).

Pure code takes ``now`` as an argument; nobody else asks the machine's clock.
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from clinic.core import db


def now() -> datetime:
    """The transaction's time in UTC."""
    moment: datetime = db.row("SELECT now() AS now").now
    return moment


def today(zone: ZoneInfo) -> date:
    """Today's date in *zone*."""
    return now().astimezone(zone).date()
