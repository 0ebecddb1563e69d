"""Ids as the API shows them: a prefix that says what it is, then the hex of the UUID; and keys."""

import re
from uuid import UUID

from brimful.api.problem import Problem, not_found
from brimful.db.ids import read_id

HEX = "[0-9a-f]{32}"
# What a caller chooses to know a request again by: an Idempotency-Key.
KEY = r"[\x21-\x7e]{1,200}"
_HEX = re.compile(HEX)


def show(prefix: str, value: UUID) -> str:
    """An id for an answer."""
    return f"{prefix}_{value.hex}"


def parse(prefix: str, text: str) -> UUID:
    """An id from a path. One that is malformed is simply not there: raises Problem."""
    found = read(prefix, text)
    if found is None:
        raise not_found()
    return found


def parse_body(prefix: str, text: str, field: str) -> UUID:
    """An id from a body; raises Problem, a 422 that names the field."""
    found = read(prefix, text)
    if found is None:
        raise Problem(422, "invalid_request", f"{field}: an id such as {prefix}_… is expected.")
    return found


def read(prefix: str, text: str) -> UUID | None:
    """An id; None for one that is malformed."""
    head, _, tail = text.partition("_")
    if head != prefix or not _HEX.fullmatch(tail):
        return None
    return read_id(tail)
