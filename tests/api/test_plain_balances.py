"""The short way of a question for a balance says what the long way says, and goes no further (R39, R40)."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator

import pytest
from hypothesis import assume, given, settings

from brimful.api.plain_requests import PlainBalance, read_whole
from brimful.billing.keys import hash_of, make_secret
from brimful.db.ids import read_id
from tests.api.behind import Teapot, answer_of, behind, connected, question
from tests.api.test_whole_spends import Read, almost
from tests.builders.held import blocked, until
from tests.builders.http import acc, key_for, serving_api, serving_app
from tests.builders.world import World, small_world

SECRET = make_secret()
HEX = "0123456789abcdef" * 2
PATH = f"/v1/accounts/acc_{HEX}/balance"
WHO = ("platform", "Agency", "a reader", "Client 1", "Other", "revoked", "unknown", "mistyped")
ABOUT = ("Agency", "Client 1", "Other", "Closed", "supply", "platform", "nobody")


def bearer(secret: str) -> tuple[bytes, bytes]:
    """The header that says who asks."""
    return (b"authorization", b"Bearer %s" % secret.encode())


@pytest.fixture
async def asked(world: World) -> tuple[dict[str, str], dict[str, str]]:
    """Secrets by who has them, and paths by what they are about."""
    await small_world(world)
    for name in ("Other", "Closed"):
        await world.open(name, sells=True)
    await world.stock("Agency", credits=100)
    await world.stock("Client 1", credits=7)
    await world.db.execute("update account set state = 'closed' where name = 'Closed'")
    supply = await world.db.fetchval(
        "select account_id from account where supply and tenant_id = $1", world.names["Agency"]
    )
    ids = {"supply": f"acc_{supply.hex}", "nobody": f"acc_{HEX}", "platform": acc(world, None)}
    secrets = {who: await key_for(world, who) for who in ("Agency", "Client 1", "Other")}
    secrets |= {
        "platform": await key_for(world, None),
        "a reader": await key_for(world, "Agency", read_only=True),
        "revoked": await key_for(world, "Agency"),
        "unknown": SECRET,
        "mistyped": f"{SECRET[:-1]}{'1' if SECRET[-1] == '0' else '0'}",
    }
    await world.db.execute(
        "update api_key set revoked_at = now() where secret_hash = $1", hash_of(secrets["revoked"])
    )
    paths = {name: f"/v1/accounts/{ids.get(name) or acc(world, name)}/balance" for name in ABOUT}
    return secrets, paths


async def test_r40_both_ways_answer_alike_to_everybody(
    world: World, asked: tuple[dict[str, str], dict[str, str]]
) -> None:
    """Each key about each account, plainly and with a header too many: to the byte, but for the date."""
    secrets, paths = asked
    seen = set()
    async with (
        serving_api(world, with_worker=False) as url,
        connected(url) as (reader, writer),
    ):
        for who in WHO:
            for about in ABOUT:
                told = []
                for more in ([], [(b"x-request-id", b"1")]):
                    writer.write(question(paths[about], [bearer(secrets[who]), *more]))
                    head = await reader.readuntil(b"\r\n\r\n")
                    length = re.search(rb"content-length: (\d+)", head)
                    assert length is not None
                    body = await reader.readexactly(int(length[1]))
                    told.append((re.sub(rb"date: [^\r]*", b"", head), body))
                assert told[0] == told[1], (who, about)
                seen.add((who, about, int(told[0][0].split()[1])))
    good = {(who, about) for who, about, status in seen if status == 200}
    of_agency = {(who, about) for who in ("Agency", "a reader") for about in ("Agency", "Client 1")}
    anyones = {("platform", about) for about in ("Agency", "Client 1", "Other", "Closed")}
    assert good == of_agency | anyones | {("Client 1", "Client 1"), ("Other", "Other")}


async def test_r40_what_may_be_seen_is_answered_shortly_and_all_else_handed_on(
    world: World, asked: tuple[dict[str, str], dict[str, str]]
) -> None:
    """Behind the short way stands nobody: what it does not answer itself is answered 418."""
    secrets, paths = asked
    async with behind(world) as (handed_on, reader, writer):
        for who, about, short in (
            ("Agency", "Client 1", True),
            ("a reader", "Agency", True),
            ("platform", "Closed", True),
            ("Other", "Client 1", False),
            ("Client 1", "Agency", False),
            ("platform", "supply", False),
            ("platform", "platform", False),
            ("revoked", "Agency", False),
        ):
            before = len(handed_on)
            writer.write(question(paths[about], [bearer(secrets[who])]))
            status, _ = await answer_of(reader)
            assert (status, len(handed_on) - before) == ((200, 0) if short else (418, 1)), who


async def test_r39_everybody_who_asks_at_once_is_told_of_their_own(
    world: World, asked: tuple[dict[str, str], dict[str, str]]
) -> None:
    """Forty connections, whose questions are read together: each hears of the account that it named."""
    secrets, paths = asked
    one_after_another = []

    async def ask(number: int) -> tuple[int, bytes]:
        about = ("Agency", "Client 1")[number % 2]
        async with connected(url) as (reader, writer):
            await begin.wait()
            writer.write(question(paths[about], [bearer(secrets["Agency"])]))
            status, body = await answer_of(reader)
            assert status == 200
            return number % 2, body

    async with serving_api(world, with_worker=False) as url:
        begin = asyncio.Barrier(1)
        for number in range(2):
            one_after_another.append((await ask(number))[1])
        begin = asyncio.Barrier(40)
        told = await asyncio.gather(*(ask(number) for number in range(40)))
    assert one_after_another[0] != one_after_another[1]
    assert all(body == one_after_another[about] for about, body in told)


async def test_r39_what_comes_behind_a_question_waits_for_its_answer(
    world: World, asked: tuple[dict[str, str], dict[str, str]]
) -> None:
    """Two more in one piece, while the first is read; answered in their order."""
    secrets, paths = asked
    first, second = (
        question(paths[about], [bearer(secrets["platform"])]) for about in ("Agency", "Client 1")
    )
    async with (
        serving_app(Teapot(world)) as (url, server),
        connected(url) as (reader, writer),
        held_up(world) as go,
    ):
        writer.write(first)
        await until(lambda: blocked(world.db, 1))
        [connection] = server.server_state.connections
        writer.write(second + first)
        await until(lambda: asyncio.sleep(0, connection._held))
        go.set()
        told = [await answer_of(reader) for _ in range(3)]
    # The two came together, so they were for the server's parser, and what it hands on.
    assert [status for status, _ in told] == [200, 418, 418] and b'"free":93' in told[0][1]


async def test_r24_who_asks_while_the_server_stops_is_answered_and_hung_up_on(
    world: World, asked: tuple[dict[str, str], dict[str, str]]
) -> None:
    """The connection ends with the answer."""
    secrets, paths = asked
    async with (
        serving_app(Teapot(world)) as (url, server),
        connected(url) as (reader, writer),
        held_up(world) as go,
    ):
        writer.write(question(paths["Agency"], [bearer(secrets["Agency"])]))
        await until(lambda: blocked(world.db, 1))
        [connection] = server.server_state.connections
        connection.shutdown()
        go.set()
        told = await reader.read()
    assert told.startswith(b"HTTP/1.1 200") and b"connection: close\r\n" in told


@contextlib.asynccontextmanager
async def held_up(world: World) -> AsyncIterator[asyncio.Event]:
    """No balance can be read until this is set."""
    go, locked = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with world.db.transaction() as tx:
            await tx.execute("lock table balance in access exclusive mode")
            locked.set()
            await go.wait()

    holding = asyncio.create_task(hold())
    await locked.wait()
    try:
        yield go
    finally:
        go.set()
        await holding


@settings(max_examples=300)
@given(almost(question(PATH, [bearer(SECRET)])))
def test_r39_a_question_that_is_read_whole_is_what_the_server_reads(data: bytes) -> None:
    """One request and no more, kept alive, without a body, with the same account and key."""
    plain = read_whole(data)
    # Enough are read, or the property complains.
    assume(plain is not None)
    found = Read(data)
    assert (found.begun, found.whole, found.kept, found.body) == (1, 1, True, b"")
    assert found.line == (b"GET", "1.1")
    account = re.fullmatch(rb"/v1/accounts/acc_([0-9a-f]{32})/balance", found.url)
    [key] = [value for name, value in found.headers if name == b"authorization"]
    assert account is not None
    secret = key.removeprefix(b"Bearer ").decode()
    assert plain == PlainBalance(hash_of(secret), read_id(account[1].decode()))


@pytest.mark.parametrize(
    "more",
    [
        (b"content-length", b"4"),
        (b"content-length", b"00"),
        (b"transfer-encoding", b"chunked"),
        (b"connection", b"close"),
        (b"upgrade", b"websocket"),
        bearer(make_secret()),
    ],
)
def test_r39_a_question_that_might_be_read_otherwise_is_not_read(more: tuple[bytes, bytes]) -> None:
    """Whatever says that there is a body, or what follows, or who asks, but once who asks."""
    whole = question(PATH, [bearer(SECRET)])
    assert read_whole(whole) is not None
    assert read_whole(question(PATH, [bearer(SECRET), (b"content-length", b"0")])) is not None
    assert read_whole(question(PATH, [bearer(SECRET), more])) is None
    assert read_whole(whole[:-2]) is None and read_whole(whole + b"x") is None
