"""Keys of requests, and pages (R39)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.api.dump import dump
from tests.builders.http import Caller, acc, caller, serving_api
from tests.builders.world import World, small_world


@pytest.fixture
async def agency(world: World) -> AsyncIterator[Caller]:
    """The agency's own key, on a served world."""
    await small_world(world)
    async with serving_api(world) as url, caller(world, url, "Agency") as one:
        yield one


async def commands(world: World) -> dict[str, tuple[str, dict[str, Any], dict[str, Any]]]:
    """Each command that takes a key: its path, a body, and another body."""
    agency, client = acc(world, "Agency"), acc(world, "Client 1")
    one, two = [await world.package("Agency", price, credits=50) for price in (900, 800)]
    owner = {"owner_name": "O", "owner_email": "o@example.com"}
    return {
        "account": (f"/v1/accounts/{agency}/accounts", {"name": "A", **owner}, {"name": "B", **owner}),
        "spend": (f"/v1/accounts/{agency}/spends", {"credits": 5}, {"credits": 6}),
        "hold": (f"/v1/accounts/{agency}/holds", {"credits": 5}, {"credits": 6}),
        "purchase": (
            f"/v1/accounts/{client}/purchases",
            {"package_id": f"pkg_{one.hex}"},
            {"package_id": f"pkg_{two.hex}"},
        ),
        "quantity": (
            f"/v1/accounts/{client}/purchases",
            {"package_id": f"pkg_{one.hex}"},
            {"package_id": f"pkg_{one.hex}", "quantity": 2},
        ),
        "chatbot": (f"/v1/accounts/{agency}/chatbots", {"external_id": "a"}, {"external_id": "b"}),
        "allotment": (f"/v1/accounts/{client}/allotments", {"credits": 3}, {"credits": 4}),
    }  # fmt: skip


async def test_r39_an_outcome_is_replayed_and_another_body_is_an_error(
    agency: Caller, world: World
) -> None:
    """One after another and all at once: one effect; under the same key nothing else is done."""
    await world.stock("Agency", credits=1_000, chatbots=5)
    for which, (path, body, other) in (await commands(world)).items():
        key = f"same-{which}"
        first = await agency.post(path, body, key)
        assert first.is_success, first.text
        await world.settle()
        before = await dump(world.db)
        again = await asyncio.gather(*(agency.post(path, body, key) for _ in range(5)))
        assert [one.json() for one in again] == [first.json()] * 5, which
        assert {one.status_code for one in again} == {first.status_code}
        wrong = await agency.post(path, other, key)
        assert (wrong.status_code, wrong.json()["code"]) == (409, "idempotency_key_reused")
        await world.settle()
        assert await dump(world.db) == before, which
        assert (await agency.post(path, other, f"fresh-{which}")).is_success


async def test_r39_twins_at_the_same_instant_have_one_effect(agency: Caller, world: World) -> None:
    """Ten of the same, none before: all are told of the same object."""
    await world.stock("Agency", credits=1_000, chatbots=5)
    asked = await commands(world)
    tables = {"account": "account", "spend": "spend", "hold": "credit_hold", "purchase": "purchase", "chatbot": "chatbot", "allotment": "transfer"}  # fmt: skip
    for which, table in tables.items():
        path, body, _ = asked[which]
        count = f"select count(*) from {table}"
        if which == "allotment":
            count += " where kind = 'allotment'"
        before = await world.db.fetchval(count)
        twins = await asyncio.gather(*(agency.post(path, body, f"twin-{which}") for _ in range(10)))
        # Who would wait longer than it may is told so, and of what: a busy machine is no second effect.
        assert {answer.status_code for answer in twins} <= {200, 201, 202}, which
        assert len({answer.json()["id"] for answer in twins}) == 1
        await world.settle()
        after = await agency.post(path, body, f"twin-{which}")
        assert (after.status_code in (200, 201), after.json()["id"]) == (
            True,
            twins[0].json()["id"],
        )
        assert await world.db.fetchval(count) == before + 1


async def test_r39_a_refusal_is_evaluated_anew(agency: Caller, world: World) -> None:
    """The key of what was refused is free: with stock, a card or a seat, it is done."""
    own = f"/v1/accounts/{acc(world, 'Agency')}"
    client = f"/v1/accounts/{acc(world, 'Client 1')}"
    await world.auto_billing("Agency", enabled=False)
    asked = [
        (f"{own}/spends", {"credits": 5}, "insufficient_credits"),
        (f"{own}/chatbots", {"external_id": "a"}, "insufficient_chatbots"),
        (f"{client}/allotments", {"credits": 5}, "insufficient_credits"),
    ]
    for key, (path, body, code) in enumerate(asked):
        refused = await agency.post(path, body, f"again-{key}")
        assert (refused.status_code, refused.json()["code"]) == (402, code)
    await world.stock("Agency", credits=100, chatbots=1)
    for key, (path, body, _) in enumerate(asked):
        done = await agency.post(path, body, f"again-{key}")
        assert done.is_success, done.text
    assert (await world.credits("Agency")).free == 90


async def test_r39_a_declined_purchase_is_tried_anew_under_its_key(
    agency: Caller, world: World
) -> None:
    """Declined it is no outcome; with a good card the same request is charged, once."""
    await world.stock("Agency", credits=1_000)
    path, body, _ = (await commands(world))["purchase"]
    await world.card("Client 1", "tok_insufficient_funds")
    declined = await agency.post(path, body, "buy")
    assert (declined.status_code, declined.json()["code"]) == (402, "card_declined")
    await world.card("Client 1", "tok_success_2")
    bought = [await agency.post(path, body, "buy") for _ in range(3)]
    assert [one.status_code for one in bought] == [201] * 3
    assert world.taken() == [900]


async def test_r39_wait_ms_is_not_part_of_the_request(agency: Caller, world: World) -> None:
    """How long the caller waits is its own affair: the same key with another wait is the same."""
    await world.stock("Agency", credits=100)
    path = f"/v1/accounts/{acc(world, 'Agency')}/spends"
    first = await agency.post(path, {"credits": 5, "wait_ms": 100}, "k")
    again = await agency.post(path, {"credits": 5, "wait_ms": 9_000}, "k")
    assert first.json() == again.json()
    assert (await world.credits("Agency")).free == 95


async def test_r39_a_key_belongs_to_the_account_acted_on(agency: Caller, world: World) -> None:
    """The same text for the agency and for its client is two keys; for two commands of one
    account's purchases and chatbots it is one, and an error."""
    await world.stock("Agency", credits=200)
    await world.stock("Client 1", credits=100)
    for name in ("Agency", "Client 1"):
        done = await agency.post(f"/v1/accounts/{acc(world, name)}/spends", {"credits": 5}, "k")
        assert done.json()["balance"] == 95
    path, body, _ = (await commands(world))["allotment"]
    assert (await agency.post(path, body, "one")).is_success
    _, purchase, _ = (await commands(world))["purchase"]
    crossed = await agency.post(f"/v1/accounts/{acc(world, 'Client 1')}/purchases", purchase, "one")
    assert crossed.json()["code"] == "idempotency_key_reused"


async def test_r39_pages_show_everything_once(agency: Caller, world: World) -> None:
    """By cursors of any page size, in one order, the last page without a `next`."""
    await world.stock("Agency", credits=1_000)
    package = await world.package("Agency", 100, credits=1)
    made = 0
    for count in (0, 1, 4, 5):
        while made < count:
            await world.buy("Client 1", package)
            made += 1
        await world.settle()
        read = await check_pages(agency, f"/v1/accounts/{acc(world, 'Client 1')}", count)
        assert read == 4 * sum(max(1, -(-count // size)) for size in (1, 2, 3))


async def check_pages(agency: Caller, base: str, count: int) -> int:
    """Every listing of an account that has so many of everything; how many pages that were."""
    read = 0
    for listing in ("purchases", "charges", "lots", "statement"):
        whole = (await agency.get(f"{base}/{listing}?limit=100")).json()
        assert whole["next"] is None
        assert len(whole["data"]) == count
        for size in (1, 2, 3):
            seen, pages, after = [], 0, ""
            while True:
                page = (await agency.get(f"{base}/{listing}?limit={size}{after}")).json()
                seen += page["data"]
                pages += 1
                if page["next"] is None:
                    break
                assert len(page["data"]) == size
                after = f"&after={page['next']}"
            assert seen == whole["data"]
            assert pages == max(1, -(-count // size))
            read += pages
    return read


async def test_r39_pages_of_accounts_and_bad_cursors(agency: Caller, world: World) -> None:
    """By age for accounts; a cursor of another kind is not there; limits have bounds."""
    for number in range(2, 6):
        await world.open(f"Client {number}", "Agency")
    base = f"/v1/accounts/{acc(world, 'Agency')}"
    first = (await agency.get(f"{base}/accounts?limit=3")).json()
    second = (await agency.get(f"{base}/accounts?limit=3&after={first['next']}")).json()
    names = [one["name"] for one in first["data"] + second["data"]]
    assert names == [f"Client {n}" for n in range(1, 6)]
    assert second["next"] is None
    for wrong in ("pur_" + "0" * 32, "x", "acc_", "0"):
        assert (await agency.get(f"{base}/accounts?after={wrong}")).status_code == 404
    for limit in (0, 101, -1, "x"):
        assert (await agency.get(f"{base}/accounts?limit={limit}")).status_code == 422
