"""The coded values that every clinic knows from the start: the system's lookups, by kind, as code and label.

Labels are English in the database and translated when they are shown.
"""

from __future__ import annotations


def N_(text: str) -> str:  # noqa: N802 - the name that collects strings for translation
    """Mark *text* for the catalogues; the database keeps the English."""
    return text


OWN_KINDS = ("document_types", "genders", "appointment_types", "cancel_reasons", "insurers")
"""Kinds to which a clinic may add values of its own."""

READ_ONLY_KINDS = ("appointment_statuses", "modalities")
"""Kinds whose values the application itself works by."""

KINDS = (*OWN_KINDS, *READ_ONLY_KINDS)

SYSTEM: dict[str, tuple[tuple[str, str], ...]] = {
    "document_types": (
        ("CC", N_("Citizenship card (Colombia)")),
        ("CE", N_("Foreigner's card (Colombia)")),
        ("TI", N_("Identity card of a minor (Colombia)")),
        ("RC", N_("Birth registration (Colombia)")),
        ("PPT", N_("Temporary protection permit (Colombia)")),
        ("NIT", N_("Tax number (Colombia)")),
        ("PA", N_("Passport")),
        ("DNI", N_("National identity document")),
        ("NIE", N_("Foreigner's number (Spain)")),
        ("NIF", N_("Tax number (Spain)")),
        ("CURP", N_("Population registry code (Mexico)")),
        ("RUT", N_("National number (Chile)")),
        ("CPF", N_("Taxpayer number (Brazil)")),
        ("SSN", N_("Social security number (United States)")),
        ("NHS", N_("NHS number (United Kingdom)")),
        ("NIR", N_("Social security number (France)")),
        ("ID", N_("Identity card")),
        ("OTHER", N_("Another document")),
    ),
    # HL7 FHIR R4, AdministrativeGender: http://hl7.org/fhir/R4/valueset-administrative-gender.html
    "genders": (
        ("female", N_("Female")),
        ("male", N_("Male")),
        ("other", N_("Other")),
        ("unknown", N_("Unknown")),
    ),
    "appointment_types": (
        ("consultation", N_("Consultation")),
        ("first_visit", N_("First visit")),
        ("follow_up", N_("Follow-up")),
        ("check_up", N_("Check-up")),
        ("procedure", N_("Procedure")),
        ("vaccination", N_("Vaccination")),
        ("urgent", N_("Urgent visit")),
        ("walk_in", N_("Walk-in")),
    ),
    "cancel_reasons": (
        ("patient_request", N_("The patient asked for it")),
        ("patient_ill", N_("The patient is ill")),
        ("patient_transport", N_("The patient cannot get here")),
        ("left_before_seen", N_("The patient left before being seen")),
        ("doctor_away", N_("The doctor is away")),
        ("clinic", N_("The clinic cancels")),
        ("rebooked", N_("Booked anew")),
        ("mistake", N_("Booked by mistake")),
        ("other", N_("Another reason")),
    ),
    "insurers": (
        ("self_pay", N_("Pays in person")),
        ("public", N_("Public insurance")),
        ("private", N_("Private insurance")),
    ),
    "appointment_statuses": (
        ("pending", N_("Requested")),
        ("booked", N_("Booked")),
        ("confirmed", N_("Confirmed")),
        ("checked_in", N_("Arrived")),
        ("in_progress", N_("With the doctor")),
        ("completed", N_("Done")),
        ("cancelled", N_("Cancelled")),
        ("rejected", N_("Declined")),
        ("no_show", N_("Did not come")),
    ),
    "modalities": (
        ("in_person", N_("In person")),
        ("video", N_("By video")),
        ("phone", N_("By telephone")),
        ("home", N_("At home")),
    ),
}

RESERVED_SLUGS = frozenset(
    """
    abuse account accounts admin administrator api app apps assets auth autoconfig autodiscover backup billing blog
    board cdn console contact dashboard dev developer developers dns docs download email fhir files ftp help home host
    hostmaster http https imap info internal isatap kiosk legal localhost login logout mail media metrics mx news noc
    ns ns1 ns2 null oauth operator ops owner pages payments platform policy pop pop3 portal postmaster private
    production proxy public register root sandbox secure security signin signup smtp ssh ssl staff staging static
    stats status support sys system sysadmin tenant tenants terms tls undefined unknown upload usenet users uucp vpn
    web webhook webhooks webmail webmaster wpad www www1 www2
    """.split()
)
"""Names that no clinic may take: hosts of the platform, mailboxes that belong to roles (RFC 2142), traps."""
