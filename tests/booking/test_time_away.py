"""Leave, blocked time, closed days and public holidays on their pages; who loses their time is the next page."""

from __future__ import annotations

from typing import Any

import pytest

from tests.booking.times import iso, working_day

AWAY, CLOSED = "/desk/time-away", "/desk/closures"


def free(api: Any, north: Any) -> int:
    return len(api.get("/slots", doctor_id=str(north.bose), date=working_day().isoformat()).json["items"])


def whole_day(**more: Any) -> dict[str, Any]:
    return {"first": str(working_day()), **more}


# -- a doctor ----------------------------------------------------------------------------------------------------------


def test_first_whose_time(page: Any, north: Any) -> None:
    mia = page("mia")
    first = mia.get(AWAY)
    assert first.h1 == "Leave and blocked time"
    assert "Whose time?" in first
    shown = mia.get(f"{AWAY}?doctor={north.bose}")
    assert "Nothing is blocked from today on." in shown


def test_whole_days_are_blocked(page: Any, api: Any, north: Any) -> None:
    mia = page("mia")
    typed = whole_day(last=str(working_day(1)), reason="Congress")
    listed = mia.post_form(mia.get(f"{AWAY}?doctor={north.bose}"), typed, form="Save")
    assert "Congress" in listed.tree.one("tbody tr").text
    assert free(api, north) == 0
    (block,) = api.get(f"/doctors/{north.bose}/blocked-times").json["items"]
    assert (block["all_day"], block["reason"]) == (True, "Congress")


def test_or_from_one_time_to_another(page: Any, api: Any, north: Any) -> None:
    mia = page("mia")
    typed = whole_day(begins="09:00", ends="10:00")
    mia.post_form(mia.get(f"{AWAY}?doctor={north.bose}"), typed, form="Save")
    assert free(api, north) == 4


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({}, "first"),
        ({"first": "soon"}, "first"),
        (whole_day(last="2020-01-01"), "last"),
        (whole_day(begins="09:00"), "ends"),
        (whole_day(begins="10:00", ends="09:00"), "last"),
    ],
)
def test_what_cannot_be_is_said_at_the_field(
    page: Any, north: Any, typed: dict[str, Any], field: str
) -> None:
    mia = page("mia")
    again = mia.post_form(mia.get(f"{AWAY}?doctor={north.bose}"), typed, form="Save", status=422)
    assert again.find(f"#{field}-error"), again.errors


def test_what_the_clinic_made_up_for_a_block_is_asked_too(page: Any, api: Any, north: Any) -> None:
    cover = {"type": "string", "title": "Who stands in", "maxLength": 20}
    api.put("/custom-fields/block", {"type": "object", "properties": {"cover": cover}, "required": ["cover"]})
    mia = page("mia")
    asked = mia.get(f"{AWAY}?doctor={north.bose}")
    assert "Who stands in" in asked
    again = mia.post_form(asked, whole_day(reason="Congress"), form="Save", status=422)
    assert again.find("#custom_fields-0-error"), again.errors
    assert again.tree.one("#reason").get("value") == "Congress"
    mia.post_form(again, {"custom_fields.cover": "Dr Tok"}, form="Save")
    (block,) = api.get(f"/doctors/{north.bose}/blocked-times").json["items"]
    assert (block["reason"], block["custom_fields"]) == ("Congress", {"cover": "Dr Tok"})


def test_visits_in_it_lead_to_the_list(page: Any, api: Any, north: Any, book: Any) -> None:
    book()
    mia = page("mia")
    asked = mia.post_form(mia.get(f"{AWAY}?doctor={north.bose}"), whole_day(), form="Save", status=409)
    assert "1 visit is booked in this time" in asked
    assert free(api, north) == 5, "nothing is done yet"
    listed = mia.post_form(asked, {}, form="Save", button="Save and see the list")
    assert listed.h1 == "Visits to move"
    assert "Carla Ruiz Gómez" in listed


def test_removed_with_the_way_back(page: Any, api: Any, north: Any) -> None:
    mia = page("mia")
    listed = mia.post_form(mia.get(f"{AWAY}?doctor={north.bose}"), whole_day(), form="Save")
    (block,) = api.get(f"/doctors/{north.bose}/blocked-times").json["items"]
    gone = mia.post_form(listed, form=f"{AWAY}/{block['id']}/remove")
    assert "The time is free again." in gone
    assert free(api, north) == 6
    mia.post_form(gone, form=f"{AWAY}/{block['id']}/restore")
    assert free(api, north) == 0


def test_a_doctor_takes_out_their_own_time_alone(page: Any, api: Any, north: Any) -> None:
    bose = page("bose")
    own = bose.click(bose.get("/my-day"), "Leave and blocked time")
    bose.post_form(own, {**whole_day(), "doctor": north.tok}, form="Save")
    assert free(api, north) == 0
    body = {"start": iso("09:00"), "end": iso("10:00")}
    tok = api.post(f"/doctors/{north.tok}/blocked-times", body).json["id"]
    token = own.form("Save").find('[name="csrf_token"]').get("value")
    where = f"{AWAY}/{tok}/remove"
    answer = bose.client.post(where, data={"csrf_token": token}, base_url="http://north.localhost")
    assert answer.status_code == 403


# -- the clinic -------------------------------------------------------------------------------------------------------


def test_the_clinic_closes_for_a_day(page: Any, api: Any, north: Any) -> None:
    mia = page("mia")
    assert "No day is closed from today on." in mia.get(CLOSED)
    listed = mia.post_form(mia.get(CLOSED), whole_day(reason="Moving house"), form="Save")
    assert "Moving house" in listed
    assert free(api, north) == 0
    (closure,) = api.get("/closures").json["items"]
    gone = mia.post_form(listed, form=f"{CLOSED}/{closure['id']}/remove")
    assert "Open again." in gone
    assert free(api, north) == 6


def test_public_holidays_are_proposed_and_chosen(page: Any, api: Any, north: Any) -> None:
    proposed = api.get("/closures/proposed").json["items"]
    mia = page("mia")
    shown = mia.get(CLOSED)
    assert [box.get("value") for box in shown.all('input[name="day"]')] == [each["date"] for each in proposed]
    two = [each["date"] for each in proposed[:2]]
    done = mia.post_form(shown, {"day": two}, form="Close on these days")
    assert "Closed on 2 days." in done
    assert [each["start"][:10] for each in api.get("/closures").json["items"]] == two
    left = [box.get("value") for box in done.all('input[name="day"]')]
    assert not set(two) & set(left)


def test_a_holiday_with_visits_leads_to_the_list(
    page: Any, api: Any, book: Any, north: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clinic.schedule import public_holidays

    feast = {working_day(): "Feast"}
    monkeypatch.setattr(public_holidays, "_calendar", lambda country, part, years: feast)
    monkeypatch.setattr(public_holidays, "_part_of", lambda *_given: None)
    book()
    mia = page("mia")
    asked = mia.post_form(mia.get(CLOSED), {}, form="Close on these days", status=409)
    assert "1 visit is booked in this time" in asked
    assert api.get("/closures").json["items"] == []
    listed = mia.post_form(asked, {}, form="Close on these days", button="Save and see the list")
    assert listed.h1 == "Visits to move"
    assert "Feast" in listed


def test_the_page_of_the_day_leads_to_both(page: Any, north: Any) -> None:
    mia = page("mia")
    day = mia.get("/desk/doctor-day")
    assert mia.click(day, "Leave and blocked time").h1 == "Leave and blocked time"
    assert mia.click(day, "Closed days").h1 == "Closed days"
    assert "Closed days" not in page("ana").get("/desk/doctor-day")
