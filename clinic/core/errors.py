"""Refusals: every no that the clinic says has a class, a stable code and a sentence for people.

A verb raises a refusal; the doors turn it into a page or into ``application/problem+json`` (RFC 9457). Nobody searches
a message to learn what happened. A database constraint says no in our words when a refusal is marked with ``means``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from clinic.core.i18n import lazy_gettext as _


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field: an RFC 6901 pointer into the body (or ``/name`` of a query parameter)."""

    pointer: str
    code: str
    message: str

    @property
    def field(self) -> str:
        """The form field that the pointer means: its first segment."""
        return self.pointer.lstrip("/").split("/", 1)[0]


class Refusal(Exception):
    """The base of all refusals.

    ``code`` is stable and for machines, ``title`` is a sentence for people, ``status`` the HTTP status of the answer.
    ``stored``: a business refusal is an answer worth keeping under an idempotency key (RULES §2.8).
    """

    code: str = "refused"
    status: int = 422
    title: Any = _("This cannot be done.")
    stored: bool = False

    def __init__(
        self,
        detail: Any = None,
        *,
        code: str | None = None,
        errors: Sequence[FieldError] = (),
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.detail = detail if detail is not None else self.title
        if code is not None:
            self.code = code
        self.errors = list(errors)
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})
        super().__init__(self.code)

    def __str__(self) -> str:
        return str(self.detail)


class Malformed(Refusal):
    code, status, title = "malformed", 400, _("The request could not be read.")


class Unauthorized(Refusal):
    code, status, title = "unauthorized", 401, _("Please sign in.")


class Forbidden(Refusal):
    code, status, title = "forbidden", 403, _("You do not have the right to do this.")
    on_record = False
    """Whether whoever raises it has put the try on record; if not, the door does."""


class NotFound(Refusal):
    code, status, title = "not_found", 404, _("Nothing here has that name.")


class NotAllowed(Refusal):
    code, status, title = "method_not_allowed", 405, _("This address does not answer that method.")


class Conflict(Refusal):
    code, status, title, stored = "conflict", 409, _("This does not fit what is already there."), True


class Gone(Refusal):
    code, status, title, stored = "gone", 410, _("This is no longer there."), True


class Stale(Refusal):
    code, status, title = "stale_version", 412, _("Somebody changed this meanwhile. Load it again.")


class TooLarge(Refusal):
    code, status, title = "too_large", 413, _("This is larger than one mebibyte.")


class UnsupportedType(Refusal):
    code, status, title = "unsupported_media_type", 415, _("Send application/json.")


class Invalid(Refusal):
    """Plain validation: never stored under a key. ``code`` is the fields' own if they all agree."""

    code, status, title = "validation_error", 422, _("Some of what was sent cannot be used.")

    def __init__(self, errors: Sequence[FieldError] | FieldError, detail: Any = None, **more: Any) -> None:
        listed = [errors] if isinstance(errors, FieldError) else list(errors)
        codes = {error.code for error in listed}
        more.setdefault("code", codes.pop() if len(codes) == 1 else "validation_error")
        super().__init__(
            detail if detail is not None else (listed[0].message if len(listed) == 1 else None),
            errors=listed,
            **more,
        )


class Unprocessable(Refusal):
    """A business rule says no: 422, stored under an idempotency key like a success."""

    status, stored = 422, True


class TooMany(Refusal):
    code, status, title = "rate_limited", 429, _("Too many requests. Wait a moment.")


class Unavailable(Refusal):
    code, status, title = (
        "unavailable",
        503,
        _("The service is busy or away for a moment. Try again shortly."),
    )

    def __init__(self, detail: Any = None, **more: Any) -> None:
        more.setdefault("headers", {"Retry-After": "2"})
        super().__init__(detail, **more)


MEANINGS: dict[str, type[Refusal]] = {}
R = TypeVar("R", bound=type[Refusal])


def means(*constraints: str) -> Callable[[R], R]:
    """Say in our words what the database means when one of these constraints refuses a row."""

    def mark(refusal: R) -> R:
        for constraint in constraints:
            MEANINGS[constraint] = refusal
        return refusal

    return mark


def invalid(pointer: str, code: str, message: Any) -> Invalid:
    """One field error as a refusal."""
    return Invalid(FieldError(pointer, code, str(message)))
