"""R39: what was done under a key is told again, whatever its model costs by then, or if it has no rate."""

from typing import Any

import pytest

from brimful.domain.money import MAX_CREDITS
from tests.builders.http import Caller, acc
from tests.builders.world import World

# All that the client has.
TWO = {"model": "gpt-4", "messages": 2}


async def change(world: World, how: str) -> str:
    """What two replies cost is out of range now, or not known at all; the code that says so."""
    if how == "dearer":
        await world.rate("Agency", "gpt-4", MAX_CREDITS)
        return "invalid_request"
    await world.db.execute("delete from rate")
    return "unknown_model"


@pytest.mark.parametrize("how", ["dearer", "gone"])
async def test_r39_a_spend_by_model_is_replayed_whatever_it_costs_now(
    agency: Caller, world: World, how: str
) -> None:
    """And debited once; another body under its key, and another key, are told what is wrong."""
    path = f"/v1/accounts/{acc(world, 'Client 1')}/spends"
    first = await agency.post(path, TWO, key="k")
    code = await change(world, how)
    again = await agency.post(path, TWO, key="k")
    assert (again.status_code, again.json()) == (200, first.json())
    for body, key in (({**TWO, "messages": 3}, "k"), (TWO, "l")):
        refused = await agency.post(path, body, key=key)
        assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert (await world.credits("Client 1")).used == 50


@pytest.mark.parametrize("how", ["dearer", "gone"])
async def test_r39_so_are_those_of_a_batch(agency: Caller, world: World, how: str) -> None:
    """Each at its place."""
    path = f"/v1/accounts/{acc(world, 'Agency')}/spends/batch"
    client = {"account_id": acc(world, "Client 1")}

    async def told(*keys: str) -> list[dict[str, Any]]:
        spends = [{"key": key, **TWO, **client} for key in keys]
        answer = await agency.post(path, {"spends": [*spends, {"key": "c", "credits": 1}]})
        data: list[dict[str, Any]] = answer.json()["data"]
        return data

    first = await told("a")
    assert [one["status"] for one in first] == ["done", "done"]
    code = await change(world, how)
    again = await told("b", "a", "b")
    assert again[1:2] + again[3:] == first
    assert [one.get("code") for one in again] == [code, None, code, None]
    assert (await world.credits("Client 1")).used == 50
