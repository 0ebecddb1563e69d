"""What the SDK's types list, so that a table of ours can be held against them."""

import typing
from typing import Any


def literals(owner: Any, field: str) -> set[str]:
    """The texts that a field of one of the SDK's classes may have."""
    return set(_texts(owner.__annotations__[field]))


def _texts(kind: Any) -> list[str]:
    if typing.get_origin(kind) is typing.Literal:
        return list(typing.get_args(kind))
    return [text for inner in typing.get_args(kind) for text in _texts(inner)]
