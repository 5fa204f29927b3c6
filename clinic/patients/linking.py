"""Whose account a record is: the patient who signs in sees what stands there."""

from __future__ import annotations

import uuid

from clinic.core import audit, db
from clinic.core.access import Actor
from clinic.core.errors import Conflict, NotFound, means
from clinic.core.i18n import lazy_gettext as _

LINK = """
UPDATE patient SET user_id = %(user_id)s, version = version + 1, updated_at = now()
 WHERE tenant_id = %(tenant)s AND id = %(id)s RETURNING id
"""


@means("patient_one_per_user")
class AccountTaken(Conflict):
    code = "account_taken"
    title = _("This account belongs to another patient's record.")


@db.action
def link_user(patient_id: uuid.UUID, *, user_id: uuid.UUID | None, by: Actor) -> None:
    """Give an account its record (None takes it away). Whoever calls has proven that they are one person.

    Raises ``NotFound``, ``AccountTaken``.
    """
    if db.row(LINK, id=patient_id, user_id=user_id) is None:
        raise NotFound
    audit.record("patient.link_user", "patient", patient_id, by=by, patient_id=patient_id)
