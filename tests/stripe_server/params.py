"""Which parameters the real API knows: read from the SDK's own typed parameter modules.

Nothing here is written by hand. A request's parameters are checked against the `TypedDict` of its
verb, recursively: unknown and missing names, whole numbers, booleans, enumerations, lists. What
passes comes out typed (`"12"` becomes 12).
"""

import re
import sys
import types
from functools import cache
from typing import (
    Any,
    ForwardRef,
    Literal,
    NotRequired,
    Required,
    Union,
    get_args,
    get_origin,
)

import typing_extensions
from stripe import params as sdk
from stripe._request_options import RequestOptions
from stripe._stripe_object import UntypedStripeObject

from tests.stripe_server.errors import StripeError, invalid

OPTIONS = frozenset(RequestOptions.__annotations__)
INTEGER = re.compile(r"-?\d{1,15}")
TEXT_MAX = 5_000


def check(kind: str, given: dict[str, Any]) -> dict[str, Any]:
    """The parameters as the verb `kind` ("PaymentIntentCreateParams") types them.

    Raises StripeError (400) for what Stripe would refuse.
    """
    return _object(_named(kind), given, "")


@cache
def _named(kind: str) -> Any:
    """The SDK's class; `checkout.SessionCreateParams` is in a package of its own."""
    place: Any = sdk
    for part in kind.split("."):
        place = getattr(place, part)
    return place


@cache
def fields(kind: Any) -> dict[str, tuple[Any, bool]]:
    """The names of a TypedDict with their types, and whether each must be given."""
    found = {}
    for name, annotation in kind.__annotations__.items():
        if name in OPTIONS:
            continue
        must = True
        while get_origin(annotation) in (NotRequired, Required, typing_extensions.NotRequired):
            must = get_origin(annotation) is Required
            (annotation,) = get_args(annotation)
        found[name.rstrip("_") if name == "from_" else name] = (_open(annotation, kind), must)
    return found


def _open(annotation: Any, kind: Any) -> Any:
    """What a quoted type stands for, in the words of its module."""
    while isinstance(annotation, ForwardRef | str):
        text = annotation if isinstance(annotation, str) else annotation.__forward_arg__
        annotation = eval(text, vars(sys.modules[kind.__module__]))
    return annotation


def _object(kind: Any, given: Any, at: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise invalid("Invalid object", param=at)
    known = fields(kind)
    typed = {}
    for name, value in given.items():
        path = f"{at}[{name}]" if at else name
        if name not in known:
            raise invalid(
                f"Received unknown parameter: {path}", code="parameter_unknown", param=path
            )
        typed[name] = _value(known[name][0], value, path, kind)
    for name, (_, must) in known.items():
        if must and name not in typed:
            path = f"{at}[{name}]" if at else name
            raise invalid(f"Missing required param: {path}.", code="parameter_missing", param=path)
    return typed


def _value(annotation: Any, value: Any, at: str, kind: Any) -> Any:
    annotation = _open(annotation, kind)
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return _one_of(get_args(annotation), value, at, kind)
    if origin is Literal or origin is typing_extensions.Literal:
        return _literal(get_args(annotation), value, at)
    if origin is list:
        if not isinstance(value, list):
            raise invalid("Invalid array", param=at)
        (inner,) = get_args(annotation)
        return [_value(inner, item, f"{at}[{n}]", kind) for n, item in enumerate(value)]
    if typing_extensions.is_typeddict(annotation):
        return _object(annotation, value, at)
    if origin in (dict, UntypedStripeObject):
        if not isinstance(value, dict):
            raise invalid("Invalid hash", param=at)
        inner = (get_args(annotation) or (str, str))[-1]
        return {name: _value(inner, item, f"{at}[{name}]", kind) for name, item in value.items()}
    return _leaf(annotation, value, at)


def _one_of(choices: tuple[Any, ...], value: Any, at: str, kind: Any) -> Any:
    """The first type that fits; an object's complaint says more than that of another choice."""
    complaints: list[StripeError] = []
    if (str in choices) and isinstance(value, str) and not any(c in (int, bool) for c in choices):
        return _leaf(str, value, at)
    for choice in choices:
        try:
            return _value(choice, value, at, kind)
        except StripeError as complaint:
            complaints.append(complaint)
    telling = ("parameter_unknown", "parameter_missing")
    raise next((c for c in complaints if c.error.get("code") in telling), complaints[-1])


def _literal(choices: tuple[Any, ...], value: Any, at: str) -> Any:
    if value in choices:
        return value
    words = ", ".join(str(choice) for choice in choices)
    raise invalid(f"Invalid {at}: must be one of {words}", param=at)


def _leaf(annotation: Any, value: Any, at: str) -> Any:
    if not isinstance(value, str):
        raise invalid(f"Invalid string: {value}", param=at)
    if value == "":
        raise invalid(
            f"You passed an empty string for '{at}'. We assume empty values are an attempt to "
            f"unset a parameter; however '{at}' cannot be unset. You should remove '{at}' from "
            "your request or supply a non-empty value.",
            code="parameter_invalid_empty",
            param=at,
        )
    if annotation is int:
        if not INTEGER.fullmatch(value):
            raise invalid(f"Invalid integer: {value}", code="parameter_invalid_integer", param=at)
        return int(value)
    if annotation is bool:
        if value not in ("true", "false"):
            raise invalid(f"Invalid boolean: {value}", param=at)
        return value == "true"
    if len(value) > TEXT_MAX:
        raise invalid(f"Invalid string: {at} is too long", param=at)
    return value
