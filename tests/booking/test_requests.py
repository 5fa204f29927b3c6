"""What patients asked for and the clinic has to look at: approved, or declined with a reason."""

from __future__ import annotations

from typing import Any

import pytest

from tests.booking.times import iso

LIST = "/desk/requests"


@pytest.fixture
def request_(api: Any, api_of: Any, north: Any) -> str:
    """A visit that a patient asked for: pending."""
    service = api.post("/services", {"name": "Surgery", "duration_minutes": 30, "requires_approval": True})
    body = {"patient_id": str(north.carla), "doctor_id": str(north.bose), "start": iso("09:30")}
    portal = api_of("north", ["appointments:write"])
    made = portal.post("/appointments", {**body, "service_id": service.json["id"], "reason": "Knee"}).json
    assert made["status"] == "pending"
    return str(made["id"])


def test_no_request_waits(page: Any, north: Any) -> None:
    empty = page("ana").get(LIST)
    assert empty.h1 == "Requests"
    assert "No requests" in empty


def test_the_board_leads_there_and_one_press_approves(page: Any, api: Any, request_: str) -> None:
    ana = page("ana")
    assert "1 request" in ana.fragment("/desk/to-do")
    listed = ana.click(ana.get("/desk"), "Requests")
    assert "Carla Ruiz Gómez" in listed
    assert "Knee" in listed
    done = ana.post_form(listed, form=f"/appointments/{request_}/approve")
    assert "Approved: Carla Ruiz Gómez" in done
    assert "No requests" in done
    assert api.get(f"/appointments/{request_}").json["status"] == "booked"


def test_declined_with_a_reason(page: Any, api: Any, request_: str) -> None:
    ana = page("ana")
    done = ana.post_form(
        ana.get(LIST), {"why": "Sees a surgeon first"}, form=f"/appointments/{request_}/reject"
    )
    assert "Declined: Carla Ruiz Gómez" in done
    assert api.get(f"/appointments/{request_}").json["status"] == "rejected"
    assert "Sees a surgeon first" in ana.get(f"/appointments/{request_}").text


def test_as_many_statements_for_none_as_for_one(page: Any, north: Any, statements: Any, request: Any) -> None:
    ana = page("ana")

    def cost() -> int:
        with statements() as seen:
            ana.get(LIST)
        return len(seen.queries)

    cost()
    none = cost()
    request.getfixturevalue("request_")
    assert cost() <= none + 1, "beside the row that says who was looked at"
