"""The SELECTs that fill the slot engine's facts: the same number of them for one doctor or fifty.

Two pipelines: first whose time is asked about (``whose``: doctors, locations, the visit type), then what stands in
their days (``standing``: rules, what is busy, day records, rooms). Booking reads the second again under its locks.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from clinic.core import db, tenancy
from clinic.core.errors import NotFound
from clinic.schedule.caps import cap_of
from clinic.schedule.facts import Busy, Day, Doctor, Room, RoomUse, Service
from clinic.schedule.hours import Override, Session, WeeklyRule
from clinic.schedule.premises import Premises
from clinic.schedule.timeoff import Block
from clinic.schedule.timetable import Timetable

HOLDING = "status IN ('pending', 'booked', 'confirmed', 'checked_in', 'in_progress', 'completed')"
LONGEST = timedelta(days=1)
"""No visit lasts longer (``service_lasts``): what began more than this before a window cannot reach into it."""

DOCTORS = """
SELECT d.id, d.full_name, d.name_key, d.booking_mode, d.slot_minutes, d.max_appointments_per_day, d.is_active,
       d.version, d.ticket_prefix, now() AS now,
       ARRAY(SELECT l.location_id FROM doctor_location l
              WHERE l.tenant_id = %(tenant)s AND l.doctor_id = d.id) AS location_ids,
       ARRAY(SELECT s.service_id FROM doctor_service s
              WHERE s.tenant_id = %(tenant)s AND s.doctor_id = d.id) AS service_ids,
       EXISTS (SELECT 1 FROM availability a
                WHERE a.tenant_id = %(tenant)s AND a.doctor_id = d.id AND a.is_active)
         OR EXISTS (SELECT 1 FROM one_off_session o
                    WHERE o.tenant_id = %(tenant)s AND o.doctor_id = d.id AND o.is_active)
         OR EXISTS (SELECT 1 FROM date_override v
                    WHERE v.tenant_id = %(tenant)s AND v.doctor_id = d.id AND v.is_active)
         AS has_hours
  FROM doctor d
 WHERE d.tenant_id = %(tenant)s"""
ONE_DOCTOR = " AND d.id = %(doctor_id)s"
THESE = " AND d.id = ANY(%(doctor_ids)s)"
ACTIVE = " AND d.is_active"
OF_SPECIALTY = """ AND EXISTS (
    SELECT 1 FROM doctor_specialty x
      JOIN specialty y ON y.tenant_id = %(tenant)s AND y.id = x.specialty_id
     WHERE x.tenant_id = %(tenant)s AND x.doctor_id = d.id AND y.is_active AND y.id = %(specialty_id)s)"""
OFFERS_SERVICE = """ AND (
    EXISTS (SELECT 1 FROM doctor_service o
             WHERE o.tenant_id = %(tenant)s AND o.doctor_id = d.id AND o.service_id = %(service_id)s)
    OR NOT EXISTS (SELECT 1 FROM doctor_service o WHERE o.tenant_id = %(tenant)s AND o.doctor_id = d.id))"""
ORDER = " ORDER BY d.name_key, d.id"

LOCATIONS = """
SELECT l.id, l.name, l.timezone, l.is_active, l.address, l.city, l.phone
  FROM location l WHERE l.tenant_id = %(tenant)s ORDER BY l.created_at, l.id
"""
SERVICE = """
SELECT id, name, duration_minutes, buffer_before_minutes, buffer_after_minutes, capacity, modality, online_bookable,
       requires_approval, min_notice_minutes, max_days_ahead, cancel_notice_minutes, room_kind, questions, is_active
  FROM service WHERE tenant_id = %(tenant)s AND id = %(service_id)s
"""

RULES = """
SELECT 'weekly' AS kind, a.doctor_id, a.id, a.location_id, a.weekday::int AS weekday, a.start_time, a.end_time,
       a.ends_next_day, a.slot_minutes, a.capacity, a.service_ids, a.valid_from, a.valid_until, a.every_weeks,
       NULL::timestamptz AS starts_at, NULL::timestamptz AS ends_at, false AS all_day, NULL::text AS rrule,
       NULL::text AS reason, NULL::jsonb AS intervals
  FROM availability a
 WHERE a.tenant_id = %(tenant)s AND a.doctor_id = ANY(%(doctors)s) AND a.is_active
   AND (a.valid_until IS NULL OR a.valid_until >= %(first)s) AND (a.valid_from IS NULL OR a.valid_from <= %(last)s)
UNION ALL
SELECT 'override', o.doctor_id, o.id, o.location_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, o.date, NULL, NULL,
       NULL, NULL, NULL, NULL, NULL, o.intervals
  FROM date_override o
 WHERE o.tenant_id = %(tenant)s AND o.doctor_id = ANY(%(doctors)s) AND o.is_active
   AND o.date BETWEEN %(first)s AND %(last)s
UNION ALL
SELECT 'session', s.doctor_id, s.id, s.location_id, NULL, NULL, NULL, NULL, s.slot_minutes, s.capacity, s.service_ids,
       NULL, NULL, NULL, s.starts_at, s.ends_at, NULL, NULL, NULL, NULL
  FROM one_off_session s
 WHERE s.tenant_id = %(tenant)s AND s.doctor_id = ANY(%(doctors)s) AND s.is_active
   AND s.ends_at > %(low)s AND s.starts_at < %(high)s
UNION ALL
SELECT 'block', b.doctor_id, b.id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       b.starts_at, b.ends_at, b.all_day, b.rrule, b.reason, NULL
  FROM blocked_time b
 WHERE b.tenant_id = %(tenant)s AND b.doctor_id = ANY(%(doctors)s) AND b.is_active
   AND b.until_at > %(low)s AND b.starts_at < %(high)s
UNION ALL
SELECT 'closure', NULL, c.id, c.location_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       c.starts_at, c.ends_at, c.all_day, c.rrule, c.reason, NULL
  FROM closure c
 WHERE c.tenant_id = %(tenant)s AND c.is_active AND c.until_at > %(low)s AND c.starts_at < %(high)s
"""
BUSY = f"""
SELECT extract(epoch FROM a.starts_at)::bigint AS start, extract(epoch FROM a.ends_at)::bigint AS until, a.id,
       a.place::int AS place, a.buffer_before_minutes::int AS before, a.buffer_after_minutes::int AS after,
       false AS held, a.doctor_id
  FROM appointment a
 WHERE a.tenant_id = %(tenant)s AND a.doctor_id = ANY(%(doctors)s) AND a.{HOLDING}
   AND a.starts_at >= %(since)s AND a.starts_at < %(high)s
UNION ALL
SELECT extract(epoch FROM h.starts_at)::bigint, extract(epoch FROM h.ends_at)::bigint, h.id, h.place::int,
       h.buffer_before_minutes::int, h.buffer_after_minutes::int, true, h.doctor_id
  FROM hold h
 WHERE h.tenant_id = %(tenant)s AND h.doctor_id = ANY(%(doctors)s) AND h.expires_at > now()
   AND h.starts_at >= %(since)s AND h.starts_at < %(high)s
"""
DAYS = """
SELECT doctor_id, date, is_present, max_appointments, booked
  FROM doctor_day
 WHERE tenant_id = %(tenant)s AND doctor_id = ANY(%(doctors)s) AND date BETWEEN %(first)s AND %(last)s
"""
ROOMS = f"""
SELECT r.id, r.location_id, r.kind, r.name,
       ARRAY(SELECT ARRAY[extract(epoch FROM a.starts_at)::bigint::text, extract(epoch FROM a.ends_at)::bigint::text,
                          a.doctor_id::text, a.id::text]
               FROM appointment a
              WHERE a.tenant_id = %(tenant)s AND a.room_id = r.id AND a.room_id IS NOT NULL AND a.{HOLDING}
                AND a.starts_at >= %(since)s AND a.starts_at < %(high)s
              UNION ALL
             SELECT ARRAY[extract(epoch FROM h.starts_at)::bigint::text, extract(epoch FROM h.ends_at)::bigint::text,
                          h.doctor_id::text, h.id::text]
               FROM hold h
              WHERE h.tenant_id = %(tenant)s AND h.room_id = r.id AND h.expires_at > now()
                AND h.starts_at >= %(since)s AND h.starts_at < %(high)s) AS uses
  FROM room r
 WHERE r.tenant_id = %(tenant)s AND r.is_active AND (r.kind = %(room_kind)s OR r.id = %(room_id)s)
 ORDER BY r.id
"""


OF_MANY, OF_ONE = "doctor_id = ANY(%(doctors)s)", "doctor_id = %(doctor)s"
ONE_RULES, ONE_BUSY, ONE_DAYS = (sql.replace(OF_MANY, OF_ONE) for sql in (RULES, BUSY, DAYS))
"""The same for one doctor: cheaper to send, and one plan serves everybody. For a list of any length each is planned."""


@dataclass(slots=True)
class Whose:
    """Whose time is asked about: rows of doctors, locations by id, the visit type, and the database's now."""

    doctors: list[Any]
    locations: dict[uuid.UUID, Any]
    service: Service | None
    service_row: Any | None
    now: datetime

    def zone_of(self, doctor: Any) -> ZoneInfo:
        """The zone of the doctor's first location, else of the clinic's first, else the clinic's own."""
        return self.zone_at(self.home_of(doctor))

    def zone_of_all(self) -> ZoneInfo:
        """One zone for a question about several doctors: the first doctor's."""
        return self.zone_of(self.doctors[0]) if self.doctors else tenancy.require().zone

    def home_of(self, doctor: Any) -> uuid.UUID | None:
        """Where a doctor receives when a rule does not say: their first location, else the clinic's first."""
        own = set(doctor.location_ids)
        for location in self.locations.values():
            if location.is_active and (not own or location.id in own):
                return location.id  # type: ignore[no-any-return]
        return None

    def zone_at(self, location_id: uuid.UUID | None) -> ZoneInfo:
        location = self.locations.get(location_id) if location_id else None
        return ZoneInfo(location.timezone) if location else tenancy.require().zone

    def zones_of(self, doctor: Any) -> set[ZoneInfo]:
        """Every zone in which this doctor may receive."""
        return (
            {self.zone_at(id) for id in doctor.location_ids}
            | {self.zone_of(doctor)}
            | {ZoneInfo(location.timezone) for location in self.locations.values() if not doctor.location_ids}
        )


def whose(
    *,
    doctor_ids: Sequence[uuid.UUID] | None = None,
    specialty_id: uuid.UUID | None = None,
    service_id: uuid.UUID | None = None,
    also: Sequence[db.Statement] = (),
) -> tuple[Whose, list[list[Any]]]:
    """The doctors asked about, in the order of their names, with locations and visit type; one round trip.

    Without *doctor_ids*: every active doctor of the specialty, if given, who offers the visit type. An inactive or
    unknown doctor or service is simply not found; who asked by id compares. *also*: more statements to send along.
    """
    sql, params = DOCTORS, dict[str, Any](specialty_id=specialty_id, service_id=service_id)
    if doctor_ids is None:
        sql += ACTIVE
    elif len(doctor_ids) == 1:
        sql, params["doctor_id"] = sql + ONE_DOCTOR, doctor_ids[0]
    else:
        sql, params["doctor_ids"] = sql + THESE, list(doctor_ids)
    if specialty_id:
        sql += OF_SPECIALTY
    if service_id and doctor_ids is None:
        sql += OFFERS_SERVICE
    asked = [(SERVICE, {"service_id": service_id})] if service_id else []
    doctors, locations, *rest = db.send((sql + ORDER, params), (LOCATIONS, {}), *asked, *also)
    services = rest.pop(0) if asked else []
    row = services[0] if services else None
    now = doctors[0].now if doctors else db.row("SELECT now() AS now").now
    return Whose(
        doctors, {found.id: found for found in locations}, service_of(row) if row else None, row, now
    ), rest


def one(doctor_id: uuid.UUID, *, service_id: uuid.UUID | None = None) -> Whose:
    """One doctor by id, or ``NotFound``."""
    found, _ = whose(doctor_ids=[doctor_id], service_id=service_id)
    if not found.doctors:
        raise NotFound
    return found


def service_of(row: Any) -> Service:
    """A visit type as the engine knows it."""
    return Service(
        id=row.id,
        minutes=row.duration_minutes,
        buffer_before=row.buffer_before_minutes,
        buffer_after=row.buffer_after_minutes,
        capacity=row.capacity,
        online_bookable=row.online_bookable,
        min_notice_minutes=row.min_notice_minutes,
        max_days_ahead=row.max_days_ahead,
        room_kind=row.room_kind,
    )


def window(first: date, last: date) -> dict[str, Any]:
    """Bounds of the local dates *first* to *last* in any zone on earth, with a day beside them for what reaches in."""
    low = datetime.combine(first, time(), UTC) - timedelta(days=1, hours=14)
    high = datetime.combine(last, time(), UTC) + timedelta(days=2, hours=14)
    return {
        "low": low,
        "high": high,
        "since": low - LONGEST,
        "first": first - timedelta(days=1),
        "last": last + timedelta(days=1),
    }


def standing(
    who: Whose, first: date, last: date, *, room_id: uuid.UUID | None = None, days: bool = True
) -> list[db.Statement]:
    """The statements whose rows ``timetables`` takes: rules, busy, days and, if the visit needs one, rooms.

    *days* False: without the days, which whoever asks has read already.
    """
    doctors = [doctor.id for doctor in who.doctors]
    params: dict[str, Any] = window(first, last)
    if len(doctors) == 1:
        order, params["doctor"] = (ONE_RULES, ONE_BUSY, ONE_DAYS), doctors[0]
    else:
        order, params["doctors"] = (RULES, BUSY, DAYS), doctors
    statements: list[db.Statement] = [(sql, params) for sql in (order if days else order[:2])]
    kind = who.service.room_kind if who.service else None
    if kind or room_id:
        statements.append((ROOMS, {**params, "room_kind": kind, "room_id": room_id}))
    return statements


def timetables(
    who: Whose,
    first: date,
    last: date,
    rows: Sequence[list[Any]] | None = None,
    *,
    room_id: uuid.UUID | None = None,
) -> list[Timetable]:
    """A timetable for each doctor of *who* over the local dates *first* to *last*.

    *rows*: what the statements of ``standing`` answered; sent now if not given.
    """
    if rows is None:
        rows = db.send(*standing(who, first, last, room_id=room_id))
    rules, busy, days, *rooms = rows
    by_doctor: dict[Any, list[Any]] = defaultdict(list)
    for rule in rules:
        by_doctor[rule.doctor_id].append(rule)
    busy_of: dict[uuid.UUID, list[Busy]] = defaultdict(list)
    for *busy_columns, doctor_id in busy:
        busy_of[doctor_id].append(Busy(*busy_columns))
    days_of: dict[uuid.UUID, list[Day]] = defaultdict(list)
    for day in days:
        days_of[day.doctor_id].append(Day(day.date, day.is_present, day.max_appointments, day.booked))
    premises = Premises(
        [_block(closure, who.zone_at(closure.location_id)) for closure in by_doctor[None]],
        [Room(room.id, room.location_id, room.kind) for room in (rooms[0] if rooms else ())],
        list(_uses(rooms[0])) if rooms else (),
    )
    return [
        Timetable(
            doctor_of(row, who),
            first,
            last,
            **_hours(row, by_doctor[row.id], who),
            blocks=[_block(rule, who.zone_of(row)) for rule in by_doctor[row.id] if rule.kind == "block"],
            busy=busy_of[row.id],
            days=days_of[row.id],
            premises=premises,
        )
        for row in who.doctors
    ]


def doctor_of(row: Any, who: Whose) -> Doctor:
    """A doctor as the engine knows them."""
    return Doctor(
        id=row.id,
        zone=who.zone_of(row),
        slot_minutes=row.slot_minutes,
        mode=row.booking_mode,
        is_active=row.is_active,
        service_ids=frozenset(row.service_ids) if row.service_ids else None,
        max_per_day=cap_of(row),
        has_hours=row.has_hours,
        location_id=who.home_of(row),
    )


def _hours(doctor: Any, rules: Iterable[Any], who: Whose) -> dict[str, list[Any]]:
    home = who.home_of(doctor)
    hours: dict[str, list[Any]] = {"rules": [], "overrides": [], "sessions": []}
    for rule in rules:
        place = rule.location_id or home
        zone = who.zone_at(place)
        services = frozenset(rule.service_ids) if rule.service_ids else None
        if rule.kind == "weekly":
            hours["rules"].append(
                WeeklyRule(
                    rule.id,
                    rule.weekday,
                    rule.start_time,
                    rule.end_time,
                    zone,
                    place,
                    rule.ends_next_day,
                    rule.slot_minutes,
                    rule.capacity,
                    services,
                    rule.valid_from,
                    rule.valid_until,
                    rule.every_weeks,
                )
            )
        elif rule.kind == "override":
            intervals = tuple(
                (_clock(each["start_time"]), _clock(each["end_time"])) for each in rule.intervals
            )
            hours["overrides"].append(Override(rule.id, rule.valid_from, zone, intervals, rule.location_id))
        elif rule.kind == "session":
            hours["sessions"].append(
                Session(
                    rule.id,
                    rule.starts_at,
                    rule.ends_at,
                    zone,
                    place,
                    rule.slot_minutes,
                    rule.capacity,
                    services,
                )
            )
    return hours


def _block(rule: Any, zone: ZoneInfo) -> Block:
    return Block(
        rule.id,
        rule.starts_at,
        rule.ends_at,
        zone,
        bool(rule.all_day),
        rule.reason,
        rule.rrule,
        rule.location_id,
    )


def _uses(rooms: Iterable[Any]) -> Iterable[RoomUse]:
    for room in rooms:
        for start, end, doctor_id, id in room.uses:
            yield RoomUse(int(start), int(end), room.id, uuid.UUID(doctor_id), uuid.UUID(id))


def _clock(text: str) -> time:
    return time.fromisoformat(text)
