"""Ids as the API shows them: a prefix that says what it is, then the hex of the UUID."""

from uuid import UUID

from brimful.api.problem import Problem, not_found


def show(prefix: str, value: UUID) -> str:
    """An id for an answer."""
    return f"{prefix}_{value.hex}"


def parse(prefix: str, text: str) -> UUID:
    """An id from a path. One that is malformed is simply not there."""
    found = _parse(prefix, text)
    if found is None:
        raise not_found()
    return found


def parse_body(prefix: str, text: str, field: str) -> UUID:
    """An id from a body; raises a 422 problem that names the field."""
    found = _parse(prefix, text)
    if found is None:
        raise Problem(422, "invalid_request", f"{field}: an id such as {prefix}_… is expected.")
    return found


def _parse(prefix: str, text: str) -> UUID | None:
    head, _, tail = text.partition("_")
    if head != prefix or len(tail) != 32 or not all(c in "0123456789abcdef" for c in tail):
        return None
    return UUID(hex=tail)
