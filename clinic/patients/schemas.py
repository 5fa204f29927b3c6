"""What a JSON body about a patient looks like, and what is answered (API.md §5)."""

from __future__ import annotations

import re
import uuid
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, RootModel, model_validator

from clinic.core import external, tenancy
from clinic.core.access import Actor
from clinic.core.fields import (
    DocumentNumber,
    Email,
    FreeObject,
    Language,
    Line,
    LongText,
    Name,
    Phone,
    Positive,
    Search,
)
from clinic.core.i18n import lazy_gettext as _
from clinic.core.parsing import Parsed, Wrong
from clinic.core.schema import Body, Listing, Partial, Record, Reply
from clinic.core.text import Text
from clinic.core.times import Date, Instant
from clinic.patients import opening
from clinic.patients.queries import Record as Found
from clinic.patients.record import PARTS
from clinic.patients.schemas_parts import Confidentiality, Consent, EmergencyContact, GuardianGiven, Needs

BLOOD_GROUPS = ("A+", "A-", "B+", "B-", "AB+", "AB-", "O+", "O-")
OLDEST = 150
FileNumber = Annotated[Positive, Field(le=999_999_999)]
"""Numbers are given out from the largest on, so the last that there is may be nobody's: others must come after it."""
Given = Annotated[str, Text(64, least=1)]
"""A code or an id of a list; the verb finds the code."""


def blood_group_of(text: str) -> str:
    """``AB+`` of any of its spellings. ``Wrong("invalid_choice")`` otherwise."""
    written = re.sub(r"\s", "", text).upper().replace("0", "O").replace("−", "-").replace("–", "-")
    if written not in BLOOD_GROUPS:
        raise Wrong("invalid_choice", _("Write a blood group such as O+ or AB-."))
    return written


def _once(words: list[str]) -> list[str]:
    return list(dict.fromkeys(words))


Words = Annotated[list[Annotated[str, Text(100, least=1)]], Field(max_length=50), AfterValidator(_once)]


class PatientFields(Body):
    """The fields of a patient, each of which may be left out."""

    file_number: FileNumber | None = Field(None, description="The next one, if left out.")
    first_name: Name | None = None
    middle_name: Name | None = None
    last_name: Name | None = None
    second_last_name: Name | None = None
    full_name: Annotated[str, Text(255, least=1)] | None = Field(None, description="May replace the parts.")
    birth_date: Date | None = None
    age: Annotated[int, Field(ge=0, le=OLDEST)] | None = Field(
        None, description="In place of the birth date."
    )
    gender: Given | None = Field(None, description="A code of `/lookups/genders`, or its id.")
    document_type: Given | None = Field(None, description="A code of `/lookups/document_types`, or its id.")
    document_number: DocumentNumber | None = None
    phone: Phone | None = None
    phone_alt: Phone | None = None
    email: Email | None = None
    address: Line | None = None
    city: Annotated[str, Text(100)] | None = None
    blood_group: Annotated[str, Parsed(blood_group_of, {"enum": list(BLOOD_GROUPS)})] | None = None
    allergies: Words | None = None
    emergency_contact: EmergencyContact | None = None
    insurer: Line | None = None
    insurer_number: Annotated[str, Text(64)] | None = None
    consents: Annotated[list[Consent], Field(max_length=50)] | None = None
    preferred_language: Language | None = None
    preferred_channel: Literal["email", "sms", "whatsapp", "phone", "none"] | None = None
    guardians: Annotated[list[GuardianGiven], Field(max_length=10)] | None = None
    needs: Needs | Words | None = None
    confidential: Confidentiality | None = None
    notes: LongText | None = None
    tags: Words | None = None
    external_ids: external.ExternalIds | None = None
    custom_fields: FreeObject | None = None

    @model_validator(mode="after")
    def _nothing_written_is_nothing(self) -> PatientFields:
        """An empty line clears a field, as it does in a form."""
        for name in self.model_fields_set:
            if getattr(self, name) == "":
                setattr(self, name, None)
        return self

    def given(self) -> dict[str, Any]:
        """The fields that were sent, as the verbs take them: plain objects inside."""
        return {name: _plain(value, name) for name, value in super().given().items()}


def _plain(value: Any, name: str) -> Any:
    if isinstance(value, Body):
        return value.model_dump(mode="json", exclude_unset=True)
    if isinstance(value, list) and value and isinstance(value[0], Body):
        if name == "guardians":  # ids stay ids: they are looked up
            return [each.model_dump() for each in value]
        return [each.model_dump(mode="json", exclude_unset=True) for each in value]
    return value


class NewPatient(PatientFields):
    """A person: a name and one of phone, e-mail, document or a guardian."""


class PatientChange(PatientFields, Partial):
    """The fields to change; null clears one."""

    file_number: FileNumber


class Guardian(Reply):
    """Who answers for the patient."""

    patient_id: uuid.UUID
    name: str
    relation: str | None
    may_book: bool
    may_see: bool


class Patient(Record):
    """A patient as answered. Of a confidential record, lists show who it is and no more."""

    file_number: int
    first_name: str | None
    middle_name: str | None
    last_name: str | None
    second_last_name: str | None
    full_name: str
    birth_date: date | None
    birth_date_is_estimated: bool = Field(description="The age was given, not the date.")
    age: int | None
    gender: str | None
    document_type: str | None
    document_number: str | None
    phone: str | None
    phone_alt: str | None
    email: str | None
    address: str | None
    city: str | None
    blood_group: str | None
    allergies: list[str]
    emergency_contact: dict[str, Any] | None
    insurer: str | None
    insurer_number: str | None
    consents: list[dict[str, Any]]
    preferred_language: str | None
    preferred_channel: str | None
    guardians: list[Guardian]
    needs: dict[str, Any] | list[str] | None
    confidential: dict[str, Any] | None
    notes: str | None
    tags: list[str]
    external_ids: dict[str, str]
    custom_fields: dict[str, Any]


class PatientMade(Patient):
    """A patient made or known, and who else may be the same person."""

    possible_duplicates: list[uuid.UUID]


class PatientBrief(Reply):
    """What a key with `patients:lookup` alone is told."""

    id: uuid.UUID
    first_name: str | None
    age: int | None


class PatientBriefMade(PatientBrief):
    """The same, for one who was made or known."""

    possible_duplicates: list[uuid.UUID]


class PatientShown(RootModel[Patient | PatientBrief]):
    """A patient; to a key with `patients:lookup` alone, the brief one."""


class PatientMadeShown(RootModel[PatientMade | PatientBriefMade]):
    """A patient made or known; to a key with `patients:lookup` alone, the brief one."""


class Patients(Reply):
    """One page of patients."""

    items: list[Patient | PatientBrief]
    next_cursor: str | None = Field(description="For `?cursor=`; null on the last page.")


class PatientList(Listing):
    """The parameters of the list of patients."""

    q: Search | None = Field(None, description="Names, phone, document, e-mail, file number, birth date.")
    document_type: Given | None = None
    document_number: DocumentNumber | None = None
    phone: Phone | None = None
    email: Email | None = None
    birth_date: Date | None = None
    updated_since: Instant | None = Field(None, description="Inclusive; the list is then by change.")
    external_id: external.ExternalId | None = None
    include_inactive: bool = False


FILTERS = ("document_type", "document_number", "phone", "email", "birth_date", "updated_since", "external_id")
SHOWN_OF_CONFIDENTIAL = {*Record.model_fields, *PARTS, "file_number", "full_name", "confidential"}
EMPTY: dict[str, Any] = {
    "birth_date_is_estimated": False, "allergies": [], "consents": [], "guardians": [], "tags": [],
    "external_ids": {}, "custom_fields": {},
}  # fmt: skip
OF_THE_DESK: dict[str, Any] = {"notes": None, "tags": [], "confidential": None}
"""What the clinic wrote for itself."""


def show(found: Found, *, by: Actor, in_list: bool = False) -> dict[str, Any]:
    """A patient's JSON as *by* may see it."""
    row = found.row
    if by.kind == "key" and "patients:read" not in by.scopes:
        return {"id": row.id, "first_name": row.first_name, "age": found.age}
    shown = {name: getattr(row, name) for name in Patient.model_fields if hasattr(row, name)}
    zone = tenancy.require().zone
    shown |= {
        "age": found.age,
        "guardians": [_guardian(each) for each in found.guardians],
        "external_ids": found.external_ids,
        "created_at": row.created_at.astimezone(zone),
        "updated_at": row.updated_at.astimezone(zone),
    }
    if by.is_patient:
        shown |= OF_THE_DESK
    if in_list and opening.is_closed(row, by):
        shown |= {name: EMPTY.get(name) for name in shown if name not in SHOWN_OF_CONFIDENTIAL}
    return shown


def _guardian(row: Any) -> dict[str, Any]:
    return {
        "patient_id": row.guardian_id,
        "name": row.full_name,
        "relation": row.relation,
        "may_book": row.may_book,
        "may_see": row.may_see,
    }
