"""The short way of a plain spend says what the long way says, and goes no further (R39, R40)."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.api.behind import answer_of, behind, request
from tests.builders.http import acc, key_for, serving_api
from tests.builders.world import World, small_world

# Equal in meaning, but not plain: the long way.
LONG = {"Content-Type": "application/json; charset=utf-8"}
PLAIN = {"Content-Type": "application/json"}


@pytest.fixture
async def agency(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """The agency's calls below its account; it has 100 credits and does not buy automatically."""
    await small_world(world)
    await world.stock("Agency", credits=100)
    await world.auto_billing("Agency", enabled=False)
    async with (
        serving_api(world, with_worker=False) as url,
        httpx.AsyncClient(
            base_url=f"{url}/v1/accounts/{acc(world, 'Agency')}",
            headers={"Authorization": f"Bearer {await key_for(world, 'Agency')}"},
            timeout=30,
            trust_env=False,
        ) as http,
    ):
        yield http


async def both(http: httpx.AsyncClient, body: dict[str, Any], key: str) -> list[Any]:
    """Status, headers that say something, and body, asked one way and then the other."""
    told = []
    for kind in (PLAIN, LONG):
        headers = {**kind, "Idempotency-Key": key}
        answer = await http.post("/spends", content=json.dumps(body), headers=headers)
        kept = {name: value for name, value in answer.headers.items() if name != "date"}
        told.append((answer.status_code, kept, answer.content))
    return told


async def test_r39_both_ways_answer_alike(agency: httpx.AsyncClient, world: World) -> None:
    """Done, another body under its key, short and refused, short and pending: to the byte, but for
    the id of what is tried anew each time."""
    for body, key, status in (
        ({"credits": 60}, "one", 200),
        ({"credits": 61}, "one", 409),
        ({"credits": 60, "wait_ms": 5}, "two", 402),
        ({"credits": 0}, "three", 422),
    ):
        plain, long = await both(agency, body, key)
        assert plain == long and plain[0] == status, (plain, long)
    await world.auto_billing("Agency")
    world.desk.faults.close_gate("confirm")
    plain, long = await both(agency, {"credits": 60, "wait_ms": 0}, "four")
    world.desk.faults.open_gate("confirm")
    assert plain[:2] == long[:2] and plain[0] == 202 and plain[1]["retry-after"] == "2"
    without_id = [{**json.loads(body), "id": ""} for _, _, body in (plain, long)]
    assert without_id[0] == without_id[1]
    assert (await world.credits("Agency")).used == 60


Sent = dict[str, Any]
GOOD: Sent = {"content": b'{"credits": 1}'}
# What makes a spend less than plain, or not good.
NOT_PLAIN: dict[str, Sent] = {
    "a_model": {"content": b'{"model": "gpt-4"}'},
    "an_extra_field": {"content": b'{"credits": 1, "extra": 1}'},
    "a_truth_value": {"content": b'{"credits": true}'},
    "a_fraction": {"content": b'{"credits": 1.0}'},
    "too_many": {"content": b'{"credits": 1000000000001}'},
    "none": {"content": b'{"credits": 0}'},
    "no_object": {"content": b"[1]"},
    "no_json": {"content": b"{"},
    "no_number": {"content": b'{"credits": NaN}'},
    "deep": {"content": b"[" * 100_000},
    "a_long_wait": {"content": b'{"credits": 1, "wait_ms": 60001}'},
    "no_key": {"key": None},
    "a_key_with_a_space": {"key": b"a b"},
    "two_keys": {"more": [(b"idempotency-key", b"other")]},
    "no_secret": {"secret": None},
    "a_wrong_secret": {"secret": "brm_" + "0" * 40},
    "a_readers_secret": {"who": "a reader"},
    "anothers_secret": {"who": "Other"},
    "an_account_that_is_closed": {"account": "Closed"},
    "an_account_above": {"who": "Client 1"},
    "nothing_by_that_name": {"path": "/v1/accounts/acc_" + "0" * 32 + "/spends"},
    "the_platforms_place": {"account": "supply", "who": "platform"},
}


@pytest.mark.parametrize("more", [[], [(b"x-request-id", b"1")]], ids=["whole", "parsed"])
@pytest.mark.parametrize("sent", [GOOD, *NOT_PLAIN.values()], ids=["good", *NOT_PLAIN])
async def test_r40_what_is_not_plain_and_good_is_handed_on_as_it_came(
    world: World, sent: Sent, more: list[tuple[bytes, bytes]]
) -> None:
    """Whatever there is to say is said by the long way; nothing was done by the short one, be it that it was
    read as it came or, for one header too many, by the server's parser."""
    await small_world(world)
    await world.stock("Agency", credits=100)
    for name in ("Other", "Closed"):
        await world.open(name, sells=True)
    await world.db.execute("update account set state = 'closed' where name = 'Closed'")
    supply = await world.db.fetchval(
        "select account_id from account where supply and tenant_id = $1", world.names["Agency"]
    )
    named = f"acc_{supply.hex}" if sent.get("account") == "supply" else None
    account = named or acc(world, sent.get("account", "Agency"))
    who = sent.get("who", "platform" if "account" in sent or "path" in sent else "Agency")
    secrets = {
        "platform": await key_for(world, None),
        "a reader": await key_for(world, "Agency", read_only=True),
    }
    secret = sent.get("secret", secrets.get(who) or await key_for(world, who))
    content: bytes = {**GOOD, **sent}["content"]
    headers = [(b"content-type", b"application/json"), *sent.get("more", []), *more]
    headers += [] if secret is None else [(b"authorization", f"Bearer {secret}".encode())]
    key = sent.get("key", b"one")
    headers += [] if key is None else [(b"idempotency-key", key)]
    handed_on, status = await ask(
        world, sent.get("path", f"/v1/accounts/{account}/spends"), headers, content
    )
    assert handed_on == ([] if sent is GOOD else [content])
    assert status == (200 if sent is GOOD else 418)
    assert (await world.credits("Agency")).used == (1 if sent is GOOD else 0)


async def ask(
    world: World, path: str, headers: list[tuple[bytes, bytes]], content: bytes
) -> tuple[list[bytes], int]:
    """The bodies that were handed on, and the status that was answered, 418 behind the short way."""
    async with behind(world) as (handed_on, reader, writer):
        writer.write(request(path, headers, content))
        status, _ = await answer_of(reader)
        return handed_on, status
