"""Whoever has no key is refused before what it sends is read, or at least before it is decoded (R39, R40)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from brimful.api import quick_json
from brimful.api.quick_json import VALUES_MAX
from brimful.billing.keys import make_secret
from tests.api.behind import connected, request
from tests.api.routes import BELOW, PUBLIC, ROUTES, Route
from tests.api.wire import Wire
from tests.builders.held import SOON_S
from tests.builders.http import Caller, acc, key_for, serving_api
from tests.builders.world import World, small_world

ACCOUNT = "acc_" + "0" * 32
BATCH = f"/v1/accounts/{ACCOUNT}/spends/batch"
WRITES = [route for route in ROUTES if route.verb != "GET"]
# JSON that is neither a batch nor quickly decoded.
NESTED = b"[" + b"[]," * 20_000 + b"[]]"


@pytest.fixture
async def url(world: World) -> AsyncIterator[str]:
    """The API of a small world."""
    await small_world(world)
    async with serving_api(world, with_worker=False) as url:
        yield url


async def heads_answer(url: str, path: str, *headers: tuple[bytes, bytes]) -> bytes:
    """The answer to a head whose body does not come."""
    sent = request(path, [(b"content-type", b"application/json"), *headers], b"x" * 100)
    async with connected(url) as (reader, writer):
        writer.write(sent.removesuffix(b"x" * 100))
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), SOON_S)
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        return head + await reader.readexactly(length)


def without_date(answer: bytes) -> bytes:
    """All that it says but for when."""
    return b"\r\n".join(one for one in answer.split(b"\r\n") if not one.startswith(b"date"))


@pytest.mark.parametrize(
    "key",
    [None, b"Bearer brm_nothing", b"Basic eA==", b"Bearer", b"bearer  ", b"Bearer \xe9"],
)
async def test_r40_who_has_no_key_is_told_so_before_the_body_comes(
    url: str, key: bytes | None
) -> None:
    """By the answer of the route, to the byte."""
    headers = [] if key is None else [(b"authorization", key)]
    told = without_date(await heads_answer(url, BATCH, *headers))
    assert told.startswith(b"HTTP/1.1 401") and told.endswith(b"}")
    async with connected(url) as (reader, writer):
        writer.write(b"GET /v1/whoami HTTP/1.1\r\nconnection: close\r\n\r\n")
        asked = without_date(await asyncio.wait_for(reader.read(), SOON_S))
    assert asked.replace(b"connection: close\r\n", b"") == told


def unread(url: str, routes: list[Route]) -> None:
    """What is no JSON, or of no kind that is taken: it is not looked at."""
    wire = Wire(url)
    try:
        for route in routes:
            path = (BELOW + route.path).replace("{", "").replace("}", "")
            answer = wire.send(route.verb, path, None, body=b"{")
            assert (answer.status, answer.code) == (401, "not_authenticated"), route
    finally:
        wire.close()


async def test_r40_no_route_reads_what_comes_without_a_key(url: str) -> None:
    """Every command, whatever it was sent."""
    assert len(WRITES) > 40
    await asyncio.to_thread(unread, url, WRITES)


async def test_r29_r45_what_needs_no_key_is_read(url: str) -> None:
    """A link's token and a gateway's event are in a body, so that each is looked at."""
    wire = Wire(url)

    def ask() -> None:
        for verb, path in PUBLIC - {("MOUNT", "/docs-assets")}:
            if verb != "POST":
                continue
            answer = wire.send(verb, path.replace("{gateway}", "testbank"), None, body=b"{")
            assert answer.status == 400, path

    await asyncio.to_thread(ask)
    wire.close()


async def test_r39_what_is_no_route_is_told_as_before(url: str) -> None:
    """Without a key as with one."""
    wire = Wire(url)

    def ask() -> list[tuple[int, str | None]]:
        nothing = wire.send("POST", "/v1/nothing", None, body=b"{")
        wrong = wire.send("PATCH", "/v1/accounts/acc_1", None, body=b"{")
        return [(one.status, one.code) for one in (nothing, wrong)]

    told = await asyncio.to_thread(ask)
    wire.close()
    assert told == [(404, "not_found"), (405, "method_not_allowed")]


@pytest.mark.parametrize("reads", [None, True])
async def test_r40_a_batch_is_read_for_whom_may_command(
    url: str, world: World, reads: bool | None
) -> None:
    """Not even its first bytes are waited for: four megabytes for each connection are much to keep."""
    secret = await key_for(world, "Agency", read_only=True) if reads else make_secret()
    path = f"/v1/accounts/{acc(world, 'Agency')}/spends/batch"
    told = await heads_answer(url, path, (b"authorization", b"Bearer %s" % secret.encode()))
    assert told.startswith(b"HTTP/1.1 403" if reads else b"HTTP/1.1 401")


class Decoded:
    """Counts what is decoded, and by what."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.quickly = self.slowly = 0
        quick, slow = quick_json.decoded, quick_json.Request.json

        def quickly(body: bytes) -> Any:
            self.quickly += 1
            return quick(body)

        async def slowly(request: Any) -> Any:
            self.slowly += 1
            return await slow(request)

        monkeypatch.setattr(quick_json, "decoded", quickly)
        monkeypatch.setattr(quick_json.Request, "json", slowly)


@pytest.mark.parametrize(
    ("reads", "told"), [(None, (401, "not_authenticated")), (True, (403, "read_only_key"))]
)
async def test_r40_a_batch_is_decoded_for_whom_may_command(
    url: str, world: World, monkeypatch: pytest.MonkeyPatch, reads: bool | None, told: Any
) -> None:
    """A key that could be one and is none is looked up first; one that may only read is told so."""
    counted = Decoded(monkeypatch)
    secret = await key_for(world, "Agency", read_only=True) if reads else make_secret()
    one = Caller(url, secret)
    kind = {"Content-Type": "application/json"}
    path = f"/v1/accounts/{acc(world, 'Agency')}/spends/batch"
    for content in (NESTED, b"{", b'{"spends": []}'):
        answer = await one.http.post(path, content=content, headers=kind)
        assert (answer.status_code, answer.json()["code"]) == told
    await one.close()
    assert (counted.quickly, counted.slowly) == (0, 0)


async def test_r39_a_large_body_of_very_many_values_is_not_decoded_twice(
    url: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is quick finds fault with it: that is the answer, as the other would take a second. With as many
    values as a batch may have the other is asked, and what is wrong with one spend is said of it alone."""
    await world.stock("Agency", credits=10)
    counted = Decoded(monkeypatch)
    one = Caller(url, await key_for(world, "Agency"))
    path = f"/v1/accounts/{acc(world, 'Agency')}/spends/batch"
    kind = {"Content-Type": "application/json"}
    hostile = b'{"spends": [' + b"[]," * VALUES_MAX + b"[]"
    told = await one.http.post(path, content=hostile, headers=kind)
    assert (told.status_code, told.json()["code"]) == (400, "malformed_json")
    assert (counted.quickly, counted.slowly) == (1, 0)
    spends = b",".join(b'{"key": "%04d%s", "credits": 0}' % (n, b"x" * 150) for n in range(2_000))
    odd = b'{"spends": [{"key": "k", "credits": NaN}, {"key": "a", "credits": 1}, %s]}' % spends
    told = await one.http.post(path, content=odd, headers=kind)
    await one.close()
    assert len(odd) > 256 * 1024 and counted.slowly == 1
    statuses = [said["status"] for said in told.json()["data"]]
    assert statuses == ["refused", "done"] + ["refused"] * 2_000
