"""Booking at the desk from a free time: somebody known, somebody new, and what happens when it does not go well."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest

from clinic.booking import actions as booking
from clinic.booking import queries, steps
from clinic.booking.asking import Asked
from clinic.core import db
from clinic.core.access import SYSTEM
from tests.booking.times import at, today, working_day


def address(north: Any, clock: str = "09:30", page: str = "new", **more: Any) -> str:
    start = at(clock).astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
    query = {"doctor": north.bose, "start": start, **more}
    return f"/appointments/{page}?" + "&".join(f"{name}={value}" for name, value in query.items())


def visits(north: Any) -> list[Any]:
    return queries.day([north.bose, north.tok], working_day())


def taken(north: Any, clock: str = "09:30") -> Any:
    return booking.book(asked=Asked(doctor_id=north.bose, patient_id=north.dora, start=at(clock)), by=SYSTEM)


BOOK = "/appointments/new"
NEW = {"full_name": "Zoé Núñez", "phone": "300 765 4321"}


def test_books_a_patient_who_was_chosen(page: Any, north: Any, in_north: Any) -> None:
    ana = page("ana")
    form = ana.get(address(north))
    assert form.h1 == "Book 09:30 with Jagadish Bose"
    done = ana.post_form(
        form, {"patient_id": north.carla, "reason": "Cough", "service": north.visit}, form=BOOK
    )
    assert done.url == f"/desk?date={working_day()}"
    assert "Booked: Carla Ruiz Gómez" in done
    (visit,) = visits(north)
    assert (visit.starts_at, visit.reason, visit.service_name, visit.source) == (
        at("09:30"),
        "Cough",
        "Visit",
        "desk",
    )


def test_finds_the_patient_without_scripts(page: Any, north: Any, in_north: Any) -> None:
    ana = page("ana")
    found = ana.post_form(ana.get(address(north)), {"q": "gomez carla"}, form=BOOK, button="Search")
    assert "Carla Ruiz Gómez" in found.tree.one("fieldset").text
    assert found.find('input[name="picked"]').get("value") == str(north.carla)
    ana.post_form(found, {}, form=BOOK)
    assert visits(north)[0].patient_id == north.carla


def test_makes_a_new_patient_on_the_way(page: Any, north: Any, in_north: Any) -> None:
    ana = page("ana")
    assert "Booked: Zoé Núñez" in ana.post_form(ana.get(address(north)), NEW, form=BOOK)
    assert visits(north)[0].patient_phone == "+573007654321"


def test_somebody_new_whom_we_know_is_who_they_are(page: Any, north: Any, in_north: Any) -> None:
    ana = page("ana")
    known = {"full_name": "carla ruiz gomez", "phone": "300 123 45 67"}
    ana.post_form(ana.get(address(north)), known, form=BOOK)
    assert visits(north)[0].patient_id == north.carla


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "Say who the visit is for."),
        ({"q": "carla"}, "Choose the patient from the list, or fill in a new one."),
        ({"full_name": "Zoé Núñez", "phone": "12"}, "This is not a phone number that can be called."),
        ({"full_name": "Zoé Núñez", "phone": "3007654321", "birth_date": "2999-01-01"}, "date in the past"),
        ({"full_name": "Z" * 300, "phone": "3007654321"}, "at most 255"),
        ({"full_name": "Zoé Núñez"}, "phone"),
        ({"full_name": "Zoé", "phone": "3007654321", "reason": "x" * 600}, "at most 500"),
    ],
)
def test_says_what_is_missing_and_keeps_what_was_typed(
    page: Any, north: Any, in_north: Any, typed: dict[str, str], said: str
) -> None:
    ana = page("ana")
    again = ana.post_form(ana.get(address(north)), typed, form=BOOK, status=422)
    assert any(said in error for error in again.errors), again.errors
    assert again.title.startswith("Error:")
    form = again.form(BOOK)
    assert all(form.find(f'[name="{name}"]').get("value") == value for name, value in typed.items())
    assert visits(north) == []


def test_a_lost_race_offers_the_nearest_times_and_keeps_what_was_typed(
    page: Any, north: Any, in_north: Any
) -> None:
    ana = page("ana")
    form = ana.get(address(north))
    taken(north)
    again = ana.post_form(form, {**NEW, "reason": "Cough"}, form=BOOK, status=409)
    assert again.errors == ["Already booked."]
    times = [slot.text for slot in again.all("button.slot")]
    assert times == ["09:00", "10:00", "10:30"]
    assert again.find("#reason").get("value") == "Cough"
    done = ana.post_form(again, {}, form=BOOK, button=again.all("button.slot")[1].get("value"))
    assert "Booked: Zoé Núñez" in done
    assert [visit.starts_at for visit in visits(north) if visit.reason == "Cough"] == [at("10:00")]


def test_goes_beyond_the_capacity_only_with_a_reason(page: Any, north: Any, in_north: Any) -> None:
    ana = page("ana")
    form = ana.get(address(north))
    assert not form.find("#overbook")
    taken(north)
    again = ana.post_form(form, {"patient_id": north.carla}, form=BOOK, status=409)
    again = ana.post_form(again, {"overbook": "y"}, form=BOOK, status=422)
    assert again.errors == ["Say why this goes beyond the capacity."]
    ana.post_form(again, {"overbook": "y", "overbook_reason": "severe pain"}, form=BOOK)
    assert [visit.overbooked for visit in visits(north)] == [False, True]


def test_asks_before_a_patient_is_in_two_places(page: Any, north: Any, in_north: Any) -> None:
    taken(north)
    ana = page("ana")
    db.rows(
        "UPDATE appointment SET doctor_id = %(tok)s WHERE tenant_id = %(tenant)s AND doctor_id = %(bose)s",
        tok=north.tok, bose=north.bose,
    )  # fmt: skip
    db.session.commit()
    again = ana.post_form(ana.get(address(north)), {"patient_id": north.dora}, form=BOOK, status=409)
    assert again.errors == ["The patient already has a visit at this time."]
    ana.post_form(again, {"allow_overlap": "y"}, form=BOOK)
    assert len(visits(north)) == 2


def test_sent_twice_it_is_booked_once(page: Any, north: Any, in_north: Any) -> None:
    ana = page("ana")
    form = ana.get(address(north))
    for _ in range(2):
        done = ana.post_form(form, {"patient_id": north.carla}, form=BOOK)
        assert done.url == f"/desk?date={working_day()}"
    assert len(visits(north)) == 1


def test_can_be_undone_at_one_press(page: Any, north: Any, in_north: Any) -> None:
    ana = page("ana")
    done = ana.post_form(ana.get(address(north)), {"patient_id": north.carla}, form=BOOK)
    ana.post_form(done, {}, form="/cancel")
    assert visits(north) == []


def test_gives_the_next_number_of_a_day(page: Any, north: Any, in_north: Any) -> None:
    ana = page("ana")
    form = ana.get(f"/appointments/new?doctor={north.tok}&date={working_day()}&number=1")
    assert form.h1 == "Next number of Tomás Tok"
    assert "№ 1" in ana.post_form(form, {"patient_id": north.carla}, form=BOOK)


def test_the_form_is_a_part_of_the_board_too(page: Any, north: Any, in_north: Any) -> None:
    ana = page("ana")
    part = ana.fragment(address(north, page="booking-form"))
    assert part.find("#dialog-title").text == "Book 09:30 with Jagadish Bose"
    headers = {"HX-Request": "true"}
    refused = ana.post_form(part, {}, form=BOOK, status=422, headers=headers)
    assert "Say who the visit is for." in refused
    done = ana.post_form(refused, {"patient_id": north.carla}, form=BOOK, headers=headers)
    assert done.find("[data-toast]")
    assert "visits-changed" in done.response.headers["HX-Trigger"]


def test_an_old_page_loses_nothing(page: Any, north: Any, in_north: Any) -> None:
    ana = page("ana")
    form = ana.get(address(north))
    form.find('main input[name="csrf_token"]').attrs["value"] = "of another session"
    again = ana.post_form(form, NEW, form=BOOK, status=422)
    assert again.find("#full_name").get("value") == "Zoé Núñez"
    assert visits(north) == []


@pytest.mark.parametrize("what", ["doctor", "start", "foreign"])
def test_what_was_never_offered_is_not_found(page: Any, north: Any, south: Any, what: str) -> None:
    ana = page("ana")
    wrong = {
        "doctor": address(north, doctor="x"),
        "start": address(north, start="yesterday"),
        "foreign": address(north, doctor=south.bose),
    }
    ana.get(wrong[what], status=404)
    ana.fragment(wrong[what].replace("/new", "/booking-form"), status=404)


def test_nobody_of_another_clinic_is_booked(page: Any, north: Any, south: Any, in_north: Any) -> None:
    ana = page("ana")
    again = ana.post_form(ana.get(address(north)), {"patient_id": south.pierre}, form=BOOK, status=422)
    assert again.errors == ["Nothing here has this id."]
    assert visits(north) == []


def test_a_doctor_books_into_their_own_day_alone(page: Any, north: Any, in_north: Any) -> None:
    bose = page("bose")
    bose.get(f"/appointments/new?doctor={north.tok}&date={working_day()}&number=1", status=404)
    booking.book(asked=Asked(doctor_id=north.bose, patient_id=north.carla, start=at("11:00")), by=SYSTEM)
    form = bose.get(address(north))
    assert bose.post_form(form, {"patient_id": north.carla}, form=BOOK).h1 == "My day"
    assert len(visits(north)) == 2
    again = bose.post_form(
        bose.get(address(north, "10:30")), {"patient_id": north.emil}, form=BOOK, status=422
    )
    assert again.errors == ["Nothing here has this id."], "no patient of Dr Bose's"


def test_a_visitor_books_elsewhere(page: Any, north: Any) -> None:
    assert page().get(address(north)).url.startswith("/login")


def test_answers_the_callers_question(page: Any, north: Any, in_north: Any) -> None:
    taken(north)
    ana = page("ana")
    found = ana.get(f"/appointments/new?date={working_day()}&doctor={north.bose}&part_of_day=morning")
    first = found.all("section.card-flush")[0]
    assert [slot.text for slot in first.all("a.slot")] == ["09:00", "10:00", "10:30", "11:00", "11:30"]
    assert "Nothing free" in ana.get(
        f"/appointments/new?date={working_day()}&doctor={north.bose}&part_of_day=evening"
    )
    assert ana.get(first.find("a.slot").get("href")).h1 == "Book 09:00 with Jagadish Bose"
    assert ana.fragment(f"/appointments/times?date={working_day()}").find("#times")


def test_a_past_time_is_refused(page: Any, north: Any, in_north: Any) -> None:
    ana = page("ana")
    form = ana.get(address(north, start="2020-01-06T14:00Z"))
    again = ana.post_form(form, {"patient_id": north.carla}, form=BOOK, status=422)
    assert again.errors == ["This time has passed."]
    assert today() > at("09:00").replace(year=2020).date()


def test_restored_undo_is_refused_when_the_place_is_gone(page: Any, north: Any, in_north: Any) -> None:
    visit = booking.book(
        asked=Asked(doctor_id=north.bose, patient_id=north.carla, start=at("09:30")), by=SYSTEM
    )
    steps.cancel(id=visit.id, by=SYSTEM)
    taken(north)
    ana = page("ana")
    refused = ana.post_form(ana.get(f"/appointments/{visit.id}"), {}, form="/restore")
    assert "This time has just been taken." in refused


# -- the clinic's own fields --------------------------------------------------------------------------------------

TAXI = {
    "type": "object",
    "properties": {
        "taxi": {"type": "boolean", "title": "Needs a taxi"},
        "km": {"type": "integer", "title": "Kilometres", "minimum": 1},
    },
    "required": ["taxi"],
}


def test_the_clinics_own_fields_are_asked_and_kept(page: Any, north: Any, api: Any) -> None:
    api.put("/custom-fields/appointment", TAXI)
    ana = page("ana")
    typed = {"patient_id": north.carla, "custom_fields.taxi": "yes", "custom_fields.km": "12"}
    ana.post_form(ana.get(address(north)), typed, form=BOOK)
    (visit,) = api.get("/appointments").json["items"]
    assert visit["custom_fields"] == {"taxi": True, "km": 12}
    assert "Needs a taxi Yes" in ana.get(f"/appointments/{visit['id']}").find(".answers").text


def test_what_does_not_fit_the_clinics_schema_is_said_at_the_field(
    page: Any, north: Any, in_north: Any, api: Any
) -> None:
    api.put("/custom-fields/appointment", TAXI)
    ana = page("ana")
    typed = {**NEW, "custom_fields.km": "0"}
    again = ana.post_form(ana.get(address(north)), typed, form=BOOK, status=422)
    assert set(again.errors) == {
        "Needs a taxi: This is required.",
        "Kilometres: This is not what the clinic wants here (minimum).",
    }
    assert again.find('[name="custom_fields.km"]').get("value") == "0"
    assert again.find("#full_name").get("value") == NEW["full_name"]
    assert visits(north) == []
