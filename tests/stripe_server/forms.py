"""Forms as Stripe's SDK sends them: `a[b][0]=c` becomes `{"a": {"b": ["c"]}}`."""

import re
from typing import Any
from urllib.parse import parse_qsl

from tests.stripe_server.errors import invalid

DEPTH_MAX = 12


def decode(text: str) -> dict[str, Any]:
    """The nested values of a form or of a query; every leaf is a string. Raises StripeError."""
    nested: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        path = _path(name)
        place = nested
        for part in path[:-1]:
            deeper = place.setdefault(part, {})
            if not isinstance(deeper, dict):
                raise invalid(f"Invalid form: {name}", param=name)
            place = deeper
        if path[-1] == "":  # `expand[]=x`, the form that curl users know
            path[-1] = str(len(place))
        place[path[-1]] = value
    return {name: _lists(value) for name, value in nested.items()}


def _path(name: str) -> list[str]:
    """`a[b][0]` as its parts. Raises StripeError when it is no such name."""
    match = re.fullmatch(r"([^\[\]]+)((?:\[[^\[\]]*\])*)", name)
    if match is None:
        raise invalid(f"Invalid parameter name: {name}", param=name)
    path = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
    if len(path) > DEPTH_MAX:
        raise invalid("Parameters are nested too deep.", param=match[1])
    return path


def _lists(value: Any) -> Any:
    """Objects whose names count from 0 are lists."""
    if not isinstance(value, dict):
        return value
    inner = {name: _lists(part) for name, part in value.items()}
    if inner and all(name.isdigit() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner
