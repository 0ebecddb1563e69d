"""The endpoint over a bare socket: lengths that lie, bodies that never end, bytes that are no HTTP (R45)."""

import asyncio
import json
import time
from collections.abc import Iterable
from urllib.parse import quote

import pytest

from brimful.api import limits
from tests.api.dump import digest
from tests.builders.held import SOON_S
from tests.builders.post import GOOD, SECRET, Post
from tests.events.fuzz import Fuzzer, Headers, signed_by_testbank
from tests.events.hostile import corpus, open_payments

SEED = 45
INPUTS = 300
PATH = "/v1/gateways/testbank/events"
BODY = json.dumps(GOOD).encode()


def head(length: int | None, headers: Headers, path: str = PATH) -> bytes:
    """The head of a request with a content length, or in chunks."""
    size = b"transfer-encoding: chunked" if length is None else b"content-length: %d" % length
    lines = [b"POST %s HTTP/1.1" % quote(path, safe="/%").encode(), b"host: here", size]
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def signed(body: bytes = BODY) -> Headers:
    """Headers with a true signature."""
    kind = (b"content-type", b"application/json")
    return [kind, signed_by_testbank(SECRET, body, int(time.time()))]


class Wire:
    """One connection."""

    def __init__(self, post: Post) -> None:
        self._host, self._port = post.http.base_url.host, post.http.base_url.port

    async def __call__(
        self, parts: Iterable[bytes], *, pause_s: float = 0, ends: bool = False
    ) -> int:
        """Send parts one after the other; the status that is answered, 0 for none. With ``ends`` our
        side says that nothing more will come."""
        reader, writer = await asyncio.open_connection(self._host, self._port)
        answer = asyncio.create_task(reader.readline())
        try:
            for part in parts:
                if answer.done():
                    break
                writer.write(part)
                await writer.drain()
                if pause_s:
                    await asyncio.wait([answer], timeout=pause_s)
            if ends:
                writer.write_eof()
            line = await asyncio.wait_for(answer, SOON_S)
        except ConnectionError:
            line = b""
        finally:
            answer.cancel()
            writer.close()
        return int(line.split()[1]) if line else 0


async def test_r45_a_length_that_lies_is_a_bad_request(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More is announced than comes, or less, or more than is ever taken; nothing is stored."""
    monkeypatch.setattr(limits, "EVENT_BODY_WITHIN_S", 0.3)
    send, size = Wire(post), len(BODY)
    assert await send([head(size + 50, signed()), BODY]) == 400
    assert await send([head(size + 50, signed()), BODY], ends=True) in (0, 400)
    assert await send([head(size - 50, signed()), BODY]) == 400
    assert await send([head(10**12, signed()), BODY]) == 400
    assert await send([head(-1, signed()), BODY]) == 400
    assert await send([head(None, signed()), b"fffffffff\r\n" + BODY]) == 400
    assert await send([head(None, signed()), b"nothing\r\n" + BODY]) == 400
    assert await post.verdicts() == {}
    assert await send([head(size, signed()), BODY]) == 200
    assert list(await post.verdicts()) == [GOOD["id"]]


async def test_r45_a_body_that_never_ends_is_given_up(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A drop now and then, or more and more: both have an end, and others are served meanwhile."""
    monkeypatch.setattr(limits, "EVENT_BODY_WITHIN_S", 0.5)
    send = Wire(post)
    drops = (BODY[at : at + 1] for at in range(len(BODY)))
    slow = asyncio.create_task(send([head(len(BODY), signed()), *drops], pause_s=0.05))
    piece = b"1000\r\n" + b" " * 4_096 + b"\r\n"
    begun = time.monotonic()
    sent = 0

    def pieces() -> Iterable[bytes]:
        nonlocal sent
        yield head(None, signed())
        while sent < 10_000:
            sent += 1
            yield piece

    assert await send(pieces(), pause_s=0.001) == 400
    assert sent * 4_096 < 100 * limits.EVENT_BODY_MAX
    assert await slow == 400
    assert time.monotonic() - begun < 10
    assert await post.verdicts() == {}


async def test_r45_no_bytes_on_the_wire_make_the_endpoint_fail(post: Post) -> None:
    """The fuzzed inputs as raw bytes, whatever their headers hold."""
    opened = await open_payments(post)
    fuzzer = Fuzzer(SEED, [event for event, _ in await corpus(post, opened)])
    before = await digest(post.world.db, but="gateway_event")
    send = Wire(post)
    statuses = set()
    for _ in range(INPUTS):
        one = fuzzer.next()
        status = await send([head(len(one.body), one.headers, one.path), one.body])
        assert status < 500 and (one.bad or status == 200), (status, one)
        assert not (one.bad and status == 200), one
        statuses.add(status)
    await post.world.settle()
    await post.later(6)
    assert await digest(post.world.db, but="gateway_event") == before
    assert {200, 400} <= statuses <= {0, 200, 400, 404}
