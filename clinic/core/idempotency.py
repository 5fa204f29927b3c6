"""A retry never doubles: the first answer to a key is kept and given again (API.md §1, RULES §2).

The key's row is inserted before anything else in the verb's transaction, so two who send the same key at once wait for
each other in the database. A business refusal is an answer too and is kept; plain validation errors are not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import psycopg
from psycopg.types.json import Jsonb

from clinic.core import db
from clinic.core.access import Actor
from clinic.core.errors import Conflict, Refusal
from clinic.core.i18n import lazy_gettext as _


class KeyReused(Refusal):
    code, status = "idempotency_key_reused", 422
    title = _("This idempotency key was used for another request.")


class InProgress(Conflict):
    code, stored = "idempotency_in_progress", False
    title = _("The first request with this idempotency key is still running.")


@dataclass(slots=True)
class Answer:
    """What a face answered: kept byte for byte."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    replayed: bool = False


CLAIM = """
INSERT INTO idempotency_key (tenant_id, caller, key, fingerprint)
VALUES (%(tenant)s, %(caller)s, %(key)s, %(fingerprint)s)
ON CONFLICT DO NOTHING RETURNING true AS claimed
"""
STORED = """
SELECT fingerprint, status, headers, body FROM idempotency_key
 WHERE tenant_id = %(tenant)s AND caller = %(caller)s AND key = %(key)s
"""
STORE = """
UPDATE idempotency_key SET status = %(status)s, headers = %(headers)s, body = %(body)s
 WHERE tenant_id = %(tenant)s AND caller = %(caller)s AND key = %(key)s
"""


@db.action
def once(
    key: str,
    fingerprint: bytes,
    *,
    by: Actor,
    do: Callable[[], Answer],
    refuse: Callable[[Refusal], Answer],
) -> Answer:
    """Do it once per (clinic, caller, key), or answer what was answered then.

    *do* calls the verb and makes the answer in the same transaction; *refuse* words a business refusal.
    Raises ``KeyReused`` (422) for another request under the key, ``InProgress`` (409) when the first takes too long.
    """
    mine: Mapping[str, object] = {"caller": by.caller, "key": key, "fingerprint": fingerprint}
    try:
        claimed, _savepoint = db.send((CLAIM, mine), ("SAVEPOINT once", {}))
    except psycopg.errors.LockNotAvailable:
        raise InProgress from None
    if not claimed:
        return _replay(db.row(STORED, **mine), fingerprint)
    try:
        answer = do()
    except Refusal as refusal:
        if not refusal.stored:
            raise
        db.session.expire_all()
        db.driver().execute("ROLLBACK TO SAVEPOINT once")
        answer = refuse(refusal)
    kept = {**mine, "status": answer.status, "headers": Jsonb(answer.headers), "body": answer.body}
    db.send((STORE, kept), last=True)
    return answer


def _replay(stored: object, fingerprint: bytes) -> Answer:
    if stored is None:  # the first was taken back between our two looks: let the caller try again
        raise InProgress
    if bytes(stored.fingerprint) != fingerprint:  # type: ignore[attr-defined]
        raise KeyReused
    return Answer(stored.status, bytes(stored.body), dict(stored.headers), replayed=True)  # type: ignore[attr-defined]
