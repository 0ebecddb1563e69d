"""R39: what was done under a key is told again, whatever its model costs by then, or if it has no rate."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from brimful.domain.money import MAX_CREDITS
from tests.builders.http import Caller, acc, caller, serving_api
from tests.builders.world import World, small_world

TWO = {"model": "gpt-4", "messages": 2}


@pytest.fixture
async def client(world: World) -> AsyncIterator[Caller]:
    """The client's calls; it has 100 credits, its seller asks for 25 a reply, and nothing is bought."""
    await small_world(world)
    await world.rate("Agency", "gpt-4", 25)
    await world.stock("Agency", credits=100)
    await world.stock("Client 1", credits=100)
    await world.auto_billing("Client 1", enabled=False)
    await world.settle()
    async with (
        serving_api(world, with_worker=False) as url,
        caller(world, url, "Client 1") as one,
    ):
        yield one


async def change(world: World, how: str) -> str:
    """What two replies cost is out of range now, or not known at all; the code that says so."""
    if how == "dearer":
        await world.rate("Agency", "gpt-4", MAX_CREDITS)
        return "invalid_request"
    await world.db.execute("delete from rate")
    return "unknown_model"


@pytest.mark.parametrize("how", ["dearer", "gone"])
async def test_r39_a_spend_by_model_is_replayed_whatever_it_costs_now(
    client: Caller, world: World, how: str
) -> None:
    """And debited once; another body under its key, and another key, are told what is wrong."""
    path = f"/v1/accounts/{acc(world, 'Client 1')}/spends"
    first = await client.post(path, TWO, key="k")
    code = await change(world, how)
    again = await client.post(path, TWO, key="k")
    assert (again.status_code, again.json()) == (200, first.json())
    for body, key in (({**TWO, "messages": 3}, "k"), (TWO, "l")):
        refused = await client.post(path, body, key=key)
        assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert (await world.credits("Client 1")).used == 50


@pytest.mark.parametrize("how", ["dearer", "gone"])
async def test_r39_so_are_those_of_a_batch(client: Caller, world: World, how: str) -> None:
    """Each at its place."""
    path = f"/v1/accounts/{acc(world, 'Client 1')}/spends/batch"

    async def told(*keys: str) -> list[dict[str, Any]]:
        spends = [{"key": key, **TWO} for key in keys]
        answer = await client.post(path, {"spends": [*spends, {"key": "c", "credits": 1}]})
        data: list[dict[str, Any]] = answer.json()["data"]
        return data

    first = await told("a")
    code = await change(world, how)
    again = await told("b", "a", "b")
    assert again[1:2] + again[3:] == first
    assert [one.get("code") for one in again] == [code, None, code, None]
    assert (await world.credits("Client 1")).used == 51
