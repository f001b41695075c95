"""Reading JSON into dataclasses by pydantic, with our wording of its errors.

    class Lora(JsonObject):
        name: Annotated[str, String()]
        weight: Annotated[float, Number(-4, 4)] = 1.0

    read(Lora, {"name": "ink"})             Lora("ink", 1.0)
    read(Lora, {"name": "ink", "weight": 9})
                                            InvalidField("weight", "“weight” must be a number …")

The dataclasses are plain ones: only `read` checks, their constructors do not. In wordings,
`{field}` stands for the name of the field.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, TypeVar

from pydantic import GetCoreSchemaHandler, TypeAdapter, ValidationError
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from diffusion.protocol.errors import InvalidField

MAX_TEXT_CHARS = 6000
"""Characters of the longest text that anybody may send."""

Kind = TypeVar("Kind")

SHAPE_ERRORS = ("list_shape", "object_shape")

WORDINGS = {
    "missing": "“{field}” is missing.",
    "string_type": "“{field}” must be text.",
    "string_too_long": "“{field}” has {length} characters; {max_length} is the most.",
    "string_unicode": "“{field}” has half a character in it (a lone surrogate).",
    "bool_type": "“{field}” must be true or false.",
}
"""Our wording of pydantic's own error types. All other errors bring their wording with them."""


_adapter: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)


class JsonObject:
    """Base of dataclasses that `read` makes of JSON objects.

    Fields that are null count as absent, and unknown ones are ignored.
    """

    __slots__ = ()

    NOT_AN_OBJECT: ClassVar[str] = "Each of “{field}” must be an object."

    @classmethod
    def fields_in(cls, said: Mapping[str, Any]) -> dict[str, Any]:
        """The fields to check, out of the JSON object."""
        return present(said)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def fields(said: object) -> object:
            if isinstance(said, cls):
                return said
            if not isinstance(said, Mapping):
                raise _worded("object_shape", cls.NOT_AN_OBJECT)
            return cls.fields_in(said)

        return core_schema.no_info_before_validator_function(fields, handler(source))


def present(said: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a JSON object that are not null."""
    return {name: value for name, value in said.items() if value is not None}


def read(kind: type[Kind], value: object) -> Kind:
    """Check JSON and make a `kind` of it. Raises InvalidField for the first field at fault."""
    try:
        return _adapter(kind).validate_python(value)  # type: ignore[no-any-return]
    except ValidationError as error:
        raise _invalid_field(error) from None


def write(
    value: JsonObject, *, leave_out: set[str] | None = None, skip_defaults: bool = False
) -> dict[str, Any]:
    """The JSON object that `read` makes the same value of, without the fields in `leave_out`."""
    return _adapter(type(value)).dump_python(  # type: ignore[no-any-return]
        value,
        mode="json",
        by_alias=True,
        exclude=leave_out,
        exclude_defaults=skip_defaults,
        warnings=False,
    )


def _invalid_field(error: ValidationError) -> InvalidField:
    """The first of pydantic's errors in our wording."""
    first = error.errors(include_url=False)[0]
    context = first.get("ctx", {})
    raised = context.get("error")
    if isinstance(raised, InvalidField):
        return raised
    names = [name for name in first["loc"] if isinstance(name, str)]
    wording = WORDINGS.get(first["type"], first["msg"])
    if first["type"] == "string_too_long":
        wording = wording.replace("{length}", str(len(first["input"])))
        wording = wording.replace("{max_length}", str(context["max_length"]))
    if not names:
        return InvalidField(None, wording)
    # A wrong shape is a fault of the body's field, a wrong value one of the innermost field.
    param = names[0] if first["type"] in SHAPE_ERRORS else names[-1]
    return InvalidField(param, wording.replace("{field}", names[-1]))


@dataclass(frozen=True, slots=True)
class String:
    """A text of at most this many characters; None for no limit."""

    max_chars: int | None = MAX_TEXT_CHARS

    def __get_pydantic_core_schema__(self, _source: Any, _: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.str_schema(strict=True, max_length=self.max_chars)


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from `low` to `high`; None is no bound."""

    low: int
    high: int | None

    def __get_pydantic_core_schema__(self, _source: Any, _: GetCoreSchemaHandler) -> CoreSchema:
        bounds = f"{self.low} or more" if self.high is None else f"from {self.low} to {self.high}"
        schema = core_schema.int_schema(strict=True, ge=self.low, le=self.high)
        return _with_wording(schema, f"“{{field}}” must be a whole number {bounds}.")


@dataclass(frozen=True, slots=True)
class Number:
    """A finite number from `low` to `high`."""

    low: float
    high: float

    def __get_pydantic_core_schema__(self, _source: Any, _: GetCoreSchemaHandler) -> CoreSchema:
        schema = core_schema.float_schema(
            strict=True, ge=self.low, le=self.high, allow_inf_nan=False
        )
        bounds = f"from {self.low:g} to {self.high:g}"
        return _with_wording(schema, f"“{{field}}” must be a number {bounds}.")


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false, and nothing that is taken for it."""

    def __get_pydantic_core_schema__(self, _source: Any, _: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.bool_schema(strict=True)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some texts."""

    choices: tuple[str, ...]

    def __get_pydantic_core_schema__(self, _source: Any, _: GetCoreSchemaHandler) -> CoreSchema:
        wording = f"“{{field}}” must be one of {', '.join(self.choices)}."
        return _with_wording(core_schema.literal_schema(list(self.choices)), wording)


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of `low` to `high` entries, which the type beside it checks."""

    high: int
    low: int = 0
    wording: str | None = None

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        def check(value: object) -> object:
            if not isinstance(value, list) or not self.low <= len(value) <= self.high:
                usual = f"“{{field}}” must be a list of at most {self.high}."
                raise _worded("list_shape", self.wording or usual)
            return value

        return core_schema.no_info_before_validator_function(check, handler(source))


@dataclass(frozen=True, slots=True)
class Must:
    """A rule that a value has to meet once its type is right."""

    rule: Callable[[Any], object]
    wording: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        def check(value: object) -> object:
            if not self.rule(value):
                raise _worded("rule", self.wording)
            return value

        return core_schema.no_info_after_validator_function(check, handler(source))


def _with_wording(schema: CoreSchema, wording: str) -> CoreSchema:
    """The schema, whose errors all say the same."""
    return core_schema.custom_error_schema(
        schema,
        custom_error_type="value",
        custom_error_message="{wording}",
        custom_error_context={"wording": wording},
    )


def _worded(kind: str, wording: str) -> PydanticCustomError:
    # The types want literals, to which nothing of a caller's can be added: nothing is here.
    return PydanticCustomError(kind, "{wording}", {"wording": wording})
