"""The shapes of the JSON face: what bodies and queries are made of, and the envelopes of answers.

``Body`` and ``Query`` refuse unknown fields and take nothing of the wrong kind: a body's ``"true"`` is no truth value,
while a query, being text, is parsed. ``Reply`` describes answers for the document; the answers themselves are plain
dicts that go straight to JSON, and tests hold the one to the other (``CHECK_ANSWERS``).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
)
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, PydanticUndefined, core_schema

from clinic.core.i18n import lazy_gettext as _
from clinic.core.parsing import Wrong
from clinic.core.text import Text

T = TypeVar("T")
DEFAULT_PAGE, LARGEST_PAGE = 50, 200


class Body(BaseModel):
    """A JSON body: unknown fields are refused, nothing is converted, no text is endless."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        str_strip_whitespace=True,
        str_max_length=20_000,
        hide_input_in_errors=True,
    )

    def given(self) -> dict[str, Any]:
        """The fields that were sent, with their clean values: what a PATCH changes (``None`` clears)."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class Nothing(Body):
    """The body of a call that needs none: absent, or an empty object."""


class Partial(Body):
    """A body of which any part may be left out: ``class PatientChange(PatientFields, Partial)``.

    What is left out is not among ``given()``; what may not be empty still refuses ``null``, and a list or an object
    that may is emptied by it.
    """

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        for field in cls.model_fields.values():
            _make_optional(field)
        cls.model_rebuild(force=True)


def _make_optional(field: FieldInfo) -> None:
    if field.default_factory in (list, dict):
        given: Any = Annotated[field.annotation, *field.metadata]
        field.annotation, field.metadata = given | None, [AfterValidator(_or_empty(field.default_factory))]
    # A factory, not a default: the document would else promise null where null is refused.
    field.default, field.default_factory = PydanticUndefined, _nothing


def _or_empty(empty: Any) -> Callable[[Any], Any]:
    return lambda value: empty() if value is None else value


def _nothing() -> None:
    return None


class Query(BaseModel):
    """The parameters of a query: text that is parsed; unknown names are refused."""

    model_config = ConfigDict(
        extra="forbid",
        str_strip_whitespace=True,
        str_max_length=2000,
        allow_inf_nan=False,
        hide_input_in_errors=True,
    )


class Listing(Query):
    """The parameters of every list (API.md §1, *lists*)."""

    limit: int = Field(DEFAULT_PAGE, ge=1, le=LARGEST_PAGE, description="How many at most.")
    cursor: Annotated[str, Text(2000)] | None = Field(
        None, description="The `next_cursor` of the page before; none for the first."
    )


class _Commas:
    """A set of words from one parameter with commas: ``?expand=patient,doctor``."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        choices = get_args(get_args(source)[0])

        def validate(value: Any) -> frozenset[str]:
            if isinstance(value, frozenset):
                return value
            given = ",".join(value) if isinstance(value, list) else str(value)
            words = {word.strip() for word in given.split(",")}
            if not words.issubset(choices):
                raise Wrong("unknown_expand", _("Expand any of: %(choices)s.", choices=", ".join(choices)))
            return frozenset(words)

        return core_schema.no_info_plain_validator_function(validate, metadata={"choices": choices})

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        choices = list(schema.get("metadata", {}).get("choices", ()))
        return {
            "type": "array",
            "items": {"type": "string", "enum": choices},
            "style": "form",
            "explode": False,
            "description": "Put these records beside their ids.",
        }


Expand = Annotated[frozenset[T], _Commas()]
"""``expand: Expand[Literal["patient", "doctor"]] = frozenset()`` in a query."""


class Reply(BaseModel):
    """An answer as the document describes it."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        names = ("Or".join(each.__name__ for each in get_args(param) or (param,)) for param in params)
        return "".join(names) + cls.__name__.split("[")[0].removesuffix("Of")


class Record(Reply):
    """The members of every record (API.md §1 and §4)."""

    id: uuid.UUID
    version: int
    created_at: datetime
    updated_at: datetime
    is_active: bool


class ListOf(Reply, Generic[T]):
    """One page of a list."""

    items: list[T]
    next_cursor: str | None = Field(description="For `?cursor=`; null on the last page.")


class ProblemField(Reply):
    """What is wrong with one field."""

    pointer: str = Field(description="RFC 6901, into the body; `/name` for a query parameter.")
    code: str
    message: str


class Problem(Reply):
    """A problem document (RFC 9457). Some carry more, such as `alternatives` or `existing_id`."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="Leads to a sentence about this code.")
    title: str
    status: int
    detail: str
    code: str = Field(description="Stable, for machines.")
    request_id: str | None
    errors: list[ProblemField] = Field(default_factory=list)


def flawed(model: type[BaseModel], answer: bytes) -> str | None:
    """How *answer* departs from its *model*, without its values; None if it does not. For tests."""
    try:
        model.model_validate_json(answer)
    except ValidationError as error:
        return "; ".join(f"{'.'.join(map(str, wrong['loc']))}: {wrong['type']}" for wrong in error.errors())
    return None
