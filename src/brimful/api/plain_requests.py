"""Plain spends and questions for a balance as they arrive: read by hand, if they are plain and good.

About anything else nothing is said here: it goes the way of all requests, and what is to be said is said
there. So what is read may be far narrower than what is good.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, NamedTuple
from uuid import UUID

import msgspec

from brimful.api import ids
from brimful.api.batch import Item, hash_of
from brimful.api.requests import WAIT_MS_MAX
from brimful.billing.keys import hash_of as hash_of_secret
from brimful.billing.keys import is_well_formed
from brimful.db.ids import read_id
from brimful.domain.money import MAX_CREDITS

# A plain spend's body is far smaller; what is larger is for the application to read or to refuse.
PLAIN_BODY_MAX = 1_024

_PATH = re.compile(rf"/v1/accounts/acc_({ids.HEX})/spends")
_LINE = re.compile(rf"POST /v1/accounts/acc_({ids.HEX})/spends HTTP/1\.1".encode())
_BEGINS = b"POST /v1/accounts/acc_"
_BALANCE_LINE = re.compile(rb"GET /v1/accounts/acc_(%s)/balance HTTP/1\.1" % ids.HEX.encode())
_BALANCE_BEGINS = b"GET /v1/accounts/acc_"
_KEY = re.compile(ids.KEY.encode())
# Each of these may be there at most once.
_READ = frozenset((b"authorization", b"content-type", b"idempotency-key", b"content-length"))
# Whatever these say, the answer is the same, and so is where the request ends.
_UNREAD = frozenset((b"host", b"user-agent", b"accept", b"accept-encoding", b"accept-language"))
_KEPT = (b"connection", b"keep-alive")
# Lines of visible characters and spaces: nothing that one reader takes for an end, and another does not.
_LINES = re.compile(rb"[\x21-\x7e][\x20-\x7e]+(?:\r\n[\x21-\x7e][\x20-\x7e]+)+")

Headers = Iterable[tuple[bytes, bytes]]


class PlainSpend(NamedTuple):
    """A spend that is plain and well-formed, by whomever it was sent."""

    secret_hash: bytes
    account_id: UUID
    key: str
    body_hash: bytes
    credits: int
    wait_ms: int | None


class PlainBalance(NamedTuple):
    """The question what an account holds, well-formed, by whomever it was sent."""

    secret_hash: bytes
    account_id: UUID


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    credits: Annotated[int, msgspec.Meta(ge=1, le=MAX_CREDITS)]
    wait_ms: Annotated[int, msgspec.Meta(ge=0, le=WAIT_MS_MAX)] | None = None


_body_of = msgspec.json.Decoder(_Body).decode


def account_of(path: str) -> UUID | None:
    """The account whose spends are at this path; None where something else is."""
    place = _PATH.fullmatch(path)
    return None if place is None else read_id(place[1])


def read(account_id: UUID, headers: Headers, body: bytes | bytearray) -> PlainSpend | None:
    """What is asked for, with a POST of this whole body and headers with lower-case names, if it is plain
    and well-formed."""
    of: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _READ:
            if name in of:
                return None
            of[name] = value
    return _plain(account_id, of, body)


def read_whole(data: bytes) -> PlainSpend | PlainBalance | None:
    """What is asked for by bytes that came at once: None, too, unless they are one request and no more, in
    which no reader that takes it finds another end, account, key or amount (RFC 9112)."""
    if data.startswith(_BEGINS):
        return _spend(data)
    if data.startswith(_BALANCE_BEGINS):
        return _balance(data)
    return None


def _spend(data: bytes) -> PlainSpend | None:
    head, _, body = data.partition(b"\r\n\r\n")
    found = _head(head, _LINE)
    if found is None or len(body) > PLAIN_BODY_MAX:
        return None
    account_id, of = found
    if of.get(b"content-length") != b"%d" % len(body):
        return None
    return _plain(account_id, of, body)


def _balance(data: bytes) -> PlainBalance | None:
    head, ends, behind = data.partition(b"\r\n\r\n")
    found = _head(head, _BALANCE_LINE)
    if found is None or not ends or behind:
        return None
    account_id, of = found
    secret = _secret(of)
    if secret is None or of.get(b"content-length", b"0") != b"0":
        return None
    return PlainBalance(hash_of_secret(secret), account_id)


def _head(head: bytes, first: re.Pattern[bytes]) -> tuple[UUID, dict[bytes, bytes]] | None:
    """The account in the first line of a request, and those of its headers that are read."""
    if not _LINES.fullmatch(head):
        return None
    lines = iter(head.split(b"\r\n"))
    place = first.fullmatch(next(lines))
    if place is None:
        return None
    of: dict[bytes, bytes] = {}
    for line in lines:
        name, _, value = line.partition(b": ")
        name = name.lower()
        if name in _READ:
            if name in of:
                return None
            of[name] = value
        elif name not in _UNREAD and (name, value) != _KEPT:
            return None
    return read_id(place[1].decode("ascii")), of


def _secret(of: Mapping[bytes, bytes]) -> str | None:
    """The API key that was sent, if it could be one."""
    bearer = of.get(b"authorization", b"")
    secret = bearer[7:].decode("latin-1")
    return secret if bearer.startswith(b"Bearer ") and is_well_formed(secret) else None


def _plain(
    account_id: UUID, of: Mapping[bytes, bytes], body: bytes | bytearray
) -> PlainSpend | None:
    key = of.get(b"idempotency-key", b"")
    if not _KEY.fullmatch(key) or of.get(b"content-type") != b"application/json":
        return None
    try:
        asked = _body_of(body)
    except ValueError:
        return None
    secret = _secret(of)
    if secret is None:
        return None
    key_text = key.decode("ascii")
    body_hash = hash_of(Item(key_text, None, asked.credits, None, None))
    return PlainSpend(
        hash_of_secret(secret), account_id, key_text, body_hash, asked.credits, asked.wait_ms
    )
