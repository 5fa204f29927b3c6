"""What the register says no with."""

from __future__ import annotations

from clinic.core.errors import Conflict, Forbidden, means
from clinic.core.i18n import lazy_gettext as _


@means("patient_one_per_document")
class DuplicatePatient(Conflict):
    """``extra["existing_id"]``: who it is."""

    code = "duplicate_patient"
    title = _("This person is registered already.")


@means("patient_one_per_file_number")
class FileNumberTaken(Conflict):
    """``extra["existing_id"]``: whose it is."""

    code = "file_number_taken"
    title = _("Another patient has this file number.")


class HasAppointments(Conflict):
    """``extra["appointment_ids"]``: the visits that are still to come."""

    code = "patient_has_appointments"
    title = _("This patient has upcoming visits.")


class Confidential(Forbidden):
    """Opened with a reason, which is recorded (``X-Access-Reason``)."""

    code, on_record = "confidential", True
    title = _("This record is confidential. To open it, say why; your reason is recorded.")
