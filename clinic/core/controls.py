"""What is pressed most, drawn here and not by a macro: a queue has a hundred buttons, and a macro costs ten times as
much. As ``ui.button`` and ``ui.post`` in templates; what they take stands in ``templates/ui/README.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import g
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup, escape

Attributes = Callable[[Mapping[str, Any]], Markup]


class Controls:
    """Buttons. *icon* draws pictures, *attributes* writes keyword arguments, *new_key* makes idempotency keys."""

    def __init__(
        self, icon: Callable[[str], Markup], attributes: Attributes, new_key: Callable[[], str]
    ) -> None:
        self._icon, self._attributes, self._new_key = icon, attributes, new_key

    def button(
        self,
        label: Any,
        href: str | None = None,
        kind: str = "secondary",
        type: str = "submit",
        picture: str | None = None,
        size: str | None = None,
        key: str | None = None,
        picture_only: bool = False,
        attrs: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Markup:
        """A button, or a link that looks like one; more keyword arguments become attributes."""
        text = escape(label)
        classes = f"btn btn-{kind}{f' btn-{size}' if size else ''}{' btn-icon' if picture_only else ''}"
        if own := more.pop("class", None):
            classes += f" {escape(own)}"
        written = f' data-hotkey="{escape(key)}" aria-keyshortcuts="{escape(key)}"' if key else ""
        if picture_only:
            written += f' title="{text}"'
        # As plain text: what is added to a Markup is escaped once more.
        if attrs:
            written += str(self._attributes(attrs))
        if more:
            written += str(self._attributes(more))
        hidden = ' class="visually-hidden"' if picture_only else ""
        inside = f"{self._icon(picture) if picture else ''}<span{hidden}>{text}</span>"
        if href:
            drawn = f'<a class="{classes}" href="{escape(href)}"{written}>{inside}</a>'
        else:
            drawn = f'<button class="{classes}" type="{escape(type)}"{written}>{inside}</button>'
        return Markup(drawn)  # noqa: S704 - every part is escaped above

    def post(
        self,
        label: Any,
        action: str,
        kind: str = "secondary",
        picture: str | None = None,
        size: str | None = None,
        key: str | None = None,
        picture_only: bool = False,
        fields: Mapping[str, Any] | None = None,
        idempotent: bool = False,
        form_attrs: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Markup:
        """A change at one press: a form of its own with one button, to which *more* goes; *form_attrs* to the form."""
        hidden = [self.csrf(), self._idempotency() if idempotent else ""]
        hidden += [
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
            for name, value in (fields or {}).items()
        ]
        button = self.button(
            label, kind=kind, picture=picture, size=size, key=key, picture_only=picture_only, **more
        )
        written = self._attributes(form_attrs) if form_attrs else ""
        drawn = f'<form action="{escape(action)}" method="post" class="post"{written}>{"".join(hidden)}{button}</form>'
        return Markup(drawn)  # noqa: S704 - every part is escaped above

    def csrf(self) -> Markup:
        """The token that a form of ours carries; made once a page."""
        token = g.get("csrf_field")
        if token is None or token[0] is not g.get("csrf_token"):
            made = generate_csrf()
            token = g.csrf_field = (g.get("csrf_token"), _hidden("csrf_token", made))
        return token[1]  # type: ignore[no-any-return]

    def _idempotency(self) -> Markup:
        return _hidden("idempotency_key", self._new_key())


def _hidden(name: str, value: str) -> Markup:
    return Markup('<input type="hidden" name="{}" value="{}">').format(name, value)
