"""The pictures of the pages: which there are, and of which clinic."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import time_machine

from clinic.core.processes import CannotStart
from clinic.demo import screenshots
from clinic.demo.journeys import JOURNEYS, README

ROOT = Path(__file__).parents[2]
STOPS = [stop.name for journey in JOURNEYS for stop in journey.stops]


def test_every_picture_has_a_name_of_its_own() -> None:
    assert [name for name, count in Counter(STOPS).items() if count > 1] == []
    assert set(README) <= set(STOPS)
    assert all(
        width in screenshots.README_SIZES and scheme in screenshots.SCHEMES
        for width, scheme in README.values()
    )


def test_the_first_stop_of_a_journey_says_where_it_is() -> None:
    assert [journey.stops[0].name for journey in JOURNEYS if not journey.stops[0].go] == []


def test_an_unknown_picture_is_refused_before_a_demo_is_made() -> None:
    with pytest.raises(CannotStart, match="no picture desk-by-night"):
        screenshots.run(["desk-by-night"])


@pytest.mark.parametrize(("hour", "slug"), [(9, "south"), (16, "north")])
def test_the_clinic_where_it_is_morning_is_shown(hour: int, slug: str) -> None:
    demo = {"tenants": [{"slug": "north"}, {"slug": "south"}]}
    with time_machine.travel(datetime(2026, 11, 20, hour, tzinfo=UTC)):
        assert screenshots.clinic_by_day(demo)["slug"] == slug


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2026-11-20T09:00", "2026-11-20"),
        ("2026-11-20T17:00", "2026-11-23"),
        ("2026-11-22T09:00", "2026-11-23"),
    ],
)
def test_bookings_are_shown_on_a_day_that_has_time_left(now: str, day: str) -> None:
    with time_machine.travel(datetime.fromisoformat(f"{now}+01:00")):
        assert date.fromisoformat(screenshots.working_day("Europe/Paris")) == date.fromisoformat(day)


def test_the_readme_shows_all_its_pictures_and_they_are_small() -> None:
    shown = set(re.findall(r"docs/screenshots/([\w-]+)\.png", (ROOT / "README.md").read_text("utf-8")))
    folder = ROOT / "docs" / "screenshots"
    assert shown == set(README) == {path.stem for path in folder.glob("*.png")}
    assert max(path.stat().st_size for path in folder.glob("*.png")) < screenshots.HEAVIEST
