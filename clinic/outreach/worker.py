"""The worker's work: what is due, one clinic at a time. What there is to do stands in our own tables."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from clinic.booking import freed, holds, zone_changes
from clinic.core import db, entering, log, tenancy
from clinic.core.sealing import seal

AT_ONCE = 500
WORK = {
    "expired_hold": lambda ids: holds.expire(ids=ids),
    "freed": lambda ids: freed.offer(ids=ids),
}
"""What ``due_work`` may answer, and the verb that does it. Each verb may come twice."""


def do_what_is_due() -> int:
    """Do everything that is due now; how many things that was. A fault in one clinic's work stops nobody else's."""
    tenancy.leave()
    db.take_back()
    work: dict[tuple[UUID, str], list[UUID]] = defaultdict(list)
    for due in db.rows("SELECT work, tenant_id, id FROM due_work(%(most)s)", most=AT_ONCE):
        work[due.tenant_id, due.work].append(due.id)
    done = 0
    for (tenant_id, kind), ids in work.items():
        try:
            with entering.acting_in(tenant_id):
                WORK[kind](ids)
            done += len(ids)
        except Exception as error:  # noqa: BLE001 - one clinic's fault stops nobody else's work
            log.get("clinic.worker").error("work failed", exc_info=error, task=kind)
    return done


def seal_every_clinic() -> None:
    """Chain the audit rows of each clinic's finished transactions (RULES §5)."""
    for tenant_id in _clinics():
        with entering.acting_in(tenant_id):
            seal()


def forget_old_keys() -> None:
    """Idempotency answers are kept a day and a little (API.md §1); a booking's key stays with its visit."""
    for tenant_id in _clinics():
        with entering.acting_in(tenant_id):
            db.send(
                (
                    "DELETE FROM idempotency_key WHERE tenant_id = %(tenant)s"
                    " AND created_at < now() - interval '26 hours'",
                    {},
                )
            )
            db.session.commit()


def look_at_zones() -> None:
    """Notice in each clinic when the zone database sets its clocks otherwise than it did: nothing moves silently."""
    for tenant_id in _clinics():
        with entering.acting_in(tenant_id):
            for change in zone_changes.look():
                log.get("clinic.worker").warning(
                    "the clock of a zone is set otherwise", zone=change.zone, visits=len(change.visits)
                )


def _clinics() -> list[UUID]:
    tenancy.leave()
    db.take_back()
    return [found.id for found in db.rows("SELECT id FROM tenant ORDER BY id")]
