"""R20, R39: what replies cost at many sellers is looked up at once, however many a batch names."""

from typing import Any

import pytest

from brimful.db.transaction import Database
from tests.builders.http import acc, caller, serving_api
from tests.builders.world import World


async def test_r20_the_rates_of_many_sellers_are_one_statement(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six clients, each of an agency of its own with its own rate, one of them without any: one statement."""
    names = [f"Client {number}" for number in range(6)]
    for number, name in enumerate(names):
        agency = f"Agency {number}"
        await world.open(agency, sells=True)
        await world.stock(agency, credits=1_000)
        if number:
            await world.rate(agency, "gpt-4", number)
            await world.rate(agency, "gpt-5", 900)
        await world.open(name, agency)
        await world.stock(name, credits=100)
    await world.settle()
    sent: list[str] = []
    fetch = Database.fetch

    async def noting(self: Database, query: str, *args: Any, **how: Any) -> Any:
        if "from rate" in query:
            sent.append(query)
        return await fetch(self, query, *args, **how)

    monkeypatch.setattr(Database, "fetch", noting)
    spends = [
        {"key": str(number), "model": "gpt-4", "messages": 2, "account_id": acc(world, name)}
        for number, name in enumerate(names)
    ]
    async with (
        serving_api(world, with_worker=False) as url,
        caller(world, url, None) as platform,
    ):
        answer = await platform.post(
            f"/v1/accounts/{acc(world, None)}/spends/batch", {"spends": spends}
        )
    data = answer.json()["data"]
    assert [one.get("code") for one in data] == ["unknown_model", *[None] * 5]
    assert [one["credits"] for one in data[1:]] == [2, 4, 6, 8, 10]
    assert len(sent) == 1
