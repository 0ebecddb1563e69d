"""Plain spends as they arrive: read by hand, if they are plain and good.

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
_KEY = re.compile(ids.KEY.encode())
# Each of these may be there at most once.
_READ = frozenset((b"authorization", b"content-type", b"idempotency-key", b"content-length"))
# Whatever these say, the answer is the same, and so is where the request ends.
_UNREAD = frozenset((b"host", b"user-agent", b"accept", b"accept-encoding", b"accept-language"))
_KEPT = (b"connection", b"keep-alive")
# Lines of visible characters and spaces: nothing that one reader takes for an end, and another does not.
_LINES = re.compile(rb"[\x21-\x7e][\x20-\x7e]+(?:\r\n[\x21-\x7e][\x20-\x7e]+)+")

Headers = Iterable[tuple[bytes, bytes]]


class Plain(NamedTuple):
    """A spend that is plain and well-formed, by whomever it was sent."""

    secret_hash: bytes
    account_id: UUID
    key: str
    body_hash: bytes
    credits: int
    wait_ms: int | None


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    credits: Annotated[int, msgspec.Meta(ge=1, le=MAX_CREDITS)]
    wait_ms: Annotated[int, msgspec.Meta(ge=0, le=WAIT_MS_MAX)] | None = None


_body_of = msgspec.json.Decoder(_Body).decode


def account_of(path: str) -> UUID | None:
    """The account whose spends are at this path; None where something else is."""
    place = _PATH.fullmatch(path)
    return None if place is None else read_id(place[1])


def read(account_id: UUID, headers: Headers, body: bytes | bytearray) -> Plain | None:
    """What is asked for, with a POST of this whole body and headers with lower-case names, if it is plain
    and well-formed."""
    of: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _READ:
            if name in of:
                return None
            of[name] = value
    return _plain(account_id, of, body)


def read_whole(data: bytes) -> Plain | None:
    """The same of bytes that came at once: None, too, unless they are one request and no more, in which no
    reader that takes it finds another end, account, key or amount (RFC 9112)."""
    if not data.startswith(_BEGINS):
        return None
    head, _, body = data.partition(b"\r\n\r\n")
    if not _LINES.fullmatch(head):
        return None
    lines = iter(head.split(b"\r\n"))
    place = _LINE.fullmatch(next(lines))
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
    if of.get(b"content-length") != b"%d" % len(body) or len(body) > PLAIN_BODY_MAX:
        return None
    return _plain(read_id(place[1].decode("ascii")), of, body)


def _plain(account_id: UUID, of: Mapping[bytes, bytes], body: bytes | bytearray) -> Plain | None:
    bearer, key = of.get(b"authorization", b""), of.get(b"idempotency-key", b"")
    if not bearer.startswith(b"Bearer ") or not _KEY.fullmatch(key):
        return None
    if of.get(b"content-type") != b"application/json":
        return None
    try:
        asked = _body_of(body)
    except ValueError:
        return None
    secret = bearer[7:].decode("latin-1")
    if not is_well_formed(secret):
        return None
    key_text = key.decode("ascii")
    body_hash = hash_of(Item(key_text, None, asked.credits, None, None))
    return Plain(
        hash_of_secret(secret), account_id, key_text, body_hash, asked.credits, asked.wait_ms
    )
