"""Every form that makes something carries a key of its own, made with the page: a double click makes it once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.booking.test_desk_book import address

FORMS = {
    "a visit": (address, "/appointments/new"),
    "a walk-in": (lambda north: "/queue/walk-in", "/queue/walk-in"),
    "a patient": (lambda north: "/patients/new", "/patients/new"),
    "a wish": (lambda north: "/desk/waiting/new", "/desk/waiting/new"),
}


@pytest.mark.parametrize("what", FORMS)
def test_the_form_carries_a_key_and_each_page_another(page: Any, north: Any, what: str) -> None:
    where, form = FORMS[what]
    ana = page("ana")
    keys = [ana.get(where(north)).form(form).find('[name="idempotency_key"]').get("value") for _ in range(2)]
    assert all(keys)
    assert keys[0] != keys[1]


def test_a_patients_wish_carries_one_too(carla: Any) -> None:
    assert carla.get("/my/waiting/new").form("/my/waiting/new").find('[name="idempotency_key"]').get("value")
