"""When each API key was last used, and how often: noted in memory and written in batches, at most half a second late.

A row updated by every request would make requests of one key wait for each other (RULES §7).
"""

from __future__ import annotations

import threading
import uuid
from collections import Counter

from sqlalchemy import Engine

from clinic.core import aside, log

LATE = 0.5
"""Seconds."""

USED = """
UPDATE api_key SET last_used_at = now() WHERE tenant_id = %(tenant)s AND id = %(key)s
"""
COUNTED = """
INSERT INTO api_key_day AS d (tenant_id, key_id, day, requests)
SELECT tenant_id, id, (now() AT TIME ZONE 'utc')::date, %(requests)s FROM api_key
 WHERE tenant_id = %(tenant)s AND id = %(key)s
ON CONFLICT (tenant_id, key_id, day) DO UPDATE SET requests = d.requests + excluded.requests
"""


class Usage:
    """The uses noted by this process and not yet written."""

    def __init__(self, pool: Engine) -> None:
        self.pool = pool
        self.lock = threading.Lock()
        self.noted: Counter[tuple[uuid.UUID, uuid.UUID]] = Counter()
        self.timer: threading.Timer | None = None

    def note(self, tenant_id: uuid.UUID, key_id: uuid.UUID) -> None:
        """Remember one request of a key; it is written within half a second."""
        with self.lock:
            self.noted[tenant_id, key_id] += 1
            if self.timer is None:
                self.timer = threading.Timer(LATE, self.write)
                self.timer.daemon = True
                self.timer.start()

    def write(self) -> None:
        """Write what was noted. What cannot be written is forgotten: a count is not worth a queue."""
        with self.lock:
            noted, self.noted, self.timer = self.noted, Counter(), None
        try:
            with aside.connection(self.pool) as connection:
                # In order of their ids, so that two processes never wait for each other crosswise.
                for (tenant_id, key_id), requests in sorted(noted.items()):
                    key = {"tenant": tenant_id, "key": key_id, "requests": requests}
                    with connection.transaction(), connection.pipeline():
                        connection.execute("SELECT set_tenant(%(tenant)s)", key)
                        connection.execute(USED, key)
                        connection.execute(COUNTED, key)
        except Exception as error:  # noqa: BLE001 - nobody waits for the answer
            log.get("clinic.usage").warning(
                "uses of keys were not noted", exc_info=error, count=noted.total()
            )
