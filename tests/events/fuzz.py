"""Whatever may come to an endpoint that anybody can reach: seeded, so that each input comes again.

A gateway that signs in another way gives its own `Signer`; the inputs are of the same sorts.
"""

import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from brimful_testbank.events import sign
from tests.builders.post import SECRET

Headers = list[tuple[bytes, bytes]]
JSON = (b"content-type", b"application/json")
# A signature as a header: of a secret, a body and a Unix time.
Signer = Callable[[str, bytes, int], tuple[bytes, bytes]]
TOLERANCE_S = 300


def signed_by_testbank(secret: str, body: bytes, at_s: int) -> tuple[bytes, bytes]:
    """The header by which testbank signs."""
    return b"testbank-signature", sign(secret, body, at_s).encode()


@dataclass(frozen=True, slots=True)
class Input:
    """A body with its headers; ``bad`` must be refused as no event at all. Others are authentic:
    refused for what they say or of no consequence."""

    sort: str
    body: bytes
    headers: Headers
    bad: bool
    path: str = "/v1/gateways/testbank/events"


class Fuzzer:
    """Makes inputs out of some true and some hostile events."""

    def __init__(
        self, seed: int, events: Sequence[dict[str, Any]], signer: Signer = signed_by_testbank
    ) -> None:
        self.luck = random.Random(seed)
        self._events, self._signer, self._count = events, signer, 0
        self._sorts = (
            self._noise, self._noise, self._altered, self._altered, self._forged, self._untimely,
            self._odd_signature, self._odd_body, self._odd_body, self._astray, self._reshaped,
            self._reshaped, self._hostile,
        )  # fmt: skip

    def next(self) -> Input:
        """One more input."""
        self._count += 1
        return self.luck.choice(self._sorts)()

    def _event(self) -> dict[str, Any]:
        event = dict(self.luck.choice(self._events))
        return {**event, "id": f"{event['id']}_{self._count}"}

    def _body(self) -> bytes:
        return json.dumps(self._event()).encode()

    def _sign(self, body: bytes, *, age_s: int = 0, secret: str = SECRET) -> Headers:
        return [JSON, self._signer(secret, body, int(time.time()) - age_s)]

    def _bytes(self, most: int) -> bytes:
        return self.luck.randbytes(self.luck.randrange(most))

    def _noise(self) -> Input:
        """Bytes with or without a header that could be a signature."""
        name = self._signer(SECRET, b"", 0)[0]
        headers = [JSON, (name, self._bytes(200))] if self.luck.random() < 0.7 else [JSON]
        return Input("noise", self._bytes(2_000), headers, True)

    def _altered(self) -> Input:
        """A signed body in which something was changed, cut off or put in."""
        body = self._body()
        return Input("altered", self._change(body), self._sign(body), True)

    def _change(self, body: bytes) -> bytes:
        at = self.luck.randrange(len(body))
        match self.luck.randrange(4):
            case 0:
                return body[:at] + bytes([body[at] ^ 1 << self.luck.randrange(8)]) + body[at + 1 :]
            case 1:
                return body[:at]
            case 2:
                return body[:at] + self.luck.randbytes(1 + self.luck.randrange(8)) + body[at:]
        return body + self.luck.choice((b" ", b"\n", b"\0", b"}"))

    def _forged(self) -> Input:
        """Signed with another secret."""
        body = self._body()
        secret = self.luck.choice(("", "whsec", SECRET[:-1], SECRET.upper(), SECRET + "0"))
        return Input("forged", body, self._sign(body, secret=secret), True)

    def _untimely(self) -> Input:
        """As it was signed, but too long ago (a replay), or in times to come."""
        body = self._body()
        age = TOLERANCE_S + 5 + self.luck.randrange(10**9)
        return Input("untimely", body, self._sign(body, age_s=self.luck.choice((age, -age))), True)

    def _odd_signature(self) -> Input:
        """A true signature, spoilt."""
        body = self._body()
        name, mark = self._sign(body)[1]
        at = self.luck.randrange(len(mark))
        spoilt = self.luck.choice(
            (
                mark[:at],
                mark[:at] + self.luck.randbytes(3) + mark[at:],
                mark.replace(b"t=", b"t=-"),
                mark.replace(b"t=", b"t=" + b"9" * self.luck.randrange(1, 5_000)),
                mark.replace(b",", b""),
                mark.replace(b"=", b"\xe9="),
                mark.replace(b"v1", b"v0"),
                b"",
            )
        )
        return Input("odd signature", body, [JSON, (name, spoilt)], True)

    def _odd_body(self) -> Input:
        """What is no event, signed by the gateway itself."""
        much = self.luck.randrange(1, 30_000)
        body = self.luck.choice(
            (
                b"", b"null", b"[]", b"1", b'"x"', b"{}", b"NaN", b"{" * much, b"[" * much,
                b"[" * much + b"]" * much, b'{"a":' * much + b"1" + b"}" * much, b"\xff\xfe" + self._body(),
                self._bytes(3_000), self._body().decode().encode("utf-16"), b"\xef\xbb\xbf" + self._body(),
                b"9" * much,  b'{"id": ' + self._body() + b"}",
            )
        )  # fmt: skip
        return Input("odd body", body, self._sign(body), True)

    def _astray(self) -> Input:
        """A true event, too large, at another gateway's endpoint, or as another kind of content."""
        body = self._body()
        headers = self._sign(body)
        if self.luck.random() < 0.2:
            large = b" " * 70_000 + body
            return Input("astray", large, self._sign(large), True)
        if self.luck.random() < 0.5:
            kind = self.luck.choice(
                (b"text/plain", b"", b"\xff", b"application/x-www-form-urlencoded")
            )
            return Input("astray", body, [(b"content-type", kind), headers[1]], True)
        name = self.luck.choice(("stripe", "TESTBANK", "testbank%00", "%ff", "..", "x" * 3_000))
        return Input("astray", body, headers, True, f"/v1/gateways/{name}/events")

    def _reshaped(self) -> Input:
        """Signed, with one value of another kind, or missing: malformed unless it may be so."""
        event = self._event()
        name = self.luck.choice(
            ("id", "kind", "mode", "account", "payment", "amount", "currency", "created")
        )
        odd: Any = self.luck.choice(
            (
                None, True, 1.5, -1, 2**63, 10**400, float("inf"), float("nan"), [], {}, [dict(event)], "",
                "x" * 300, "a\0b", "\ud800", "\u202e", "7",
            )
        )  # fmt: skip
        if self.luck.random() < 0.3:
            del event[name]
        else:
            event[name] = odd
        body = json.dumps(event).encode()
        good = name in event and odd == "7" and name not in ("amount", "created")
        never = name == "created" and odd == -1 and name in event
        return Input("reshaped", body, self._sign(body), not (good or never))

    def _hostile(self) -> Input:
        """Signed and well formed."""
        body = self._body()
        return Input("hostile", body, self._sign(body, age_s=self.luck.randrange(-200, 200)), False)
