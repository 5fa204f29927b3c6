"""Holds that end without a booking: the place is free, and the waiting list hears of it if somebody waits.

Whoever frees a place writes its event and no more; the worker asks the waiting list (``waitlist.offer``).
"""

from __future__ import annotations


def ended(condition: str) -> str:
    """The statement that deletes the holds of *condition* and answers their ids.

    The event has the hold's id, which is no other event's: a hold ends once.
    """
    return f"""
WITH ended AS (
    DELETE FROM hold WHERE tenant_id = %(tenant)s AND {condition} RETURNING id, doctor_id, date, starts_at, ends_at
), told AS (
    INSERT INTO outbox_event (tenant_id, id, type, object_kind, object_id, object_version, previous)
    SELECT %(tenant)s, e.id, 'place.freed', 'hold', e.id, 1,
           jsonb_build_object(
               'doctor_id', e.doctor_id, 'date', e.date, 'start', e.starts_at, 'end', e.ends_at)
      FROM ended e
     WHERE e.starts_at > now()
       AND EXISTS (SELECT FROM wish w WHERE w.tenant_id = %(tenant)s AND w.status <> 'booked')
)
SELECT id FROM ended
"""
