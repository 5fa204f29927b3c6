"""Many proposals answered with one press: each by itself, so that one that cannot be does not keep the others."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from clinic.booking import proposals
from clinic.core.access import Actor
from clinic.core.errors import Refusal


def confirm_all(ids: Sequence[uuid.UUID], *, by: Actor) -> tuple[int, list[str]]:
    """Move every visit to the time that is proposed for it; how many were moved, and why the others were not."""
    moved, refused = 0, []
    for id in ids:
        try:
            proposals.confirm(id=id, by=by)
        except Refusal as refusal:
            refused.append(str(refusal.detail))
        else:
            moved += 1
    return moved, list(dict.fromkeys(refused))
