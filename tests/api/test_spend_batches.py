"""Batches of spends: each answered by itself, in order, as it would have been alone (R2, R16, R39, R40)."""

import json
from typing import Any

import pytest

from brimful.api.batch import SPENDS_MAX, Item, hash_of
from brimful.api.limits import BATCH_BODY_MAX
from brimful.api.requests import Spend
from tests.api.dump import dump
from tests.builders.http import Caller, acc, caller
from tests.builders.world import World


def path_of(world: World, name: str | None) -> str:
    """Where an account's batches go."""
    return f"/v1/accounts/{acc(world, name)}/spends/batch"


async def told(one: Caller, path: str, *spends: Any, wait_ms: int = 0) -> list[dict[str, Any]]:
    """The answers to a batch."""
    answer = await one.post(path, {"spends": [*spends], "wait_ms": wait_ms})
    assert answer.status_code == 200, answer.text
    data: list[dict[str, Any]] = answer.json()["data"]
    assert len(data) == len(spends)
    return data


def seen(data: list[dict[str, Any]]) -> list[Any]:
    """What is left of each that is done, the code of each other."""
    return [one["balance"] if one["status"] == "done" else one["code"] for one in data]


async def test_r39_each_is_answered_by_itself_in_order(agency: Caller, world: World) -> None:
    """Done, refused, replayed and malformed ones beside each other; a problem says what is wrong."""
    await world.open("Other agency", sells=True)
    mine, client = acc(world, "Agency"), acc(world, "Client 1")
    data = await told(
        agency, path_of(world, "Agency"),
        {"key": "a", "credits": 60},
        {"key": "b", "credits": 60},
        {"key": "c", "credits": 30, "account_id": mine},
        {"key": "a", "credits": 60},
        {"key": "a", "credits": 1},
        {"key": "a", "model": "gpt-4", "account_id": client},
        {"key": "d", "model": "gpt-5", "account_id": client},
        {"key": "e", "model": "gpt-4", "messages": 2, "account_id": client},
        {"key": "f", "credits": 0},
        {"key": "g", "credits": 1.0},
        {"key": "h h", "credits": 1},
        {"key": "i"},
        {"key": "j", "credits": 1, "extra": 1},
        {"key": "k", "credits": True},
        {"key": "l", "credits": 1, "account_id": acc(world, "Other agency")},
        {"key": "l", "credits": 1, "account_id": "acc_" + "0" * 32},
        {"key": "l", "credits": 1, "account_id": "nonsense"},
        {"key": "m", "credits": 10},
    )  # fmt: skip
    assert seen(data) == [
        40, "insufficient_credits", 10, 40, "idempotency_key_reused", 25, "unknown_model",
        "insufficient_credits", *["invalid_request"] * 6, "not_found", "not_found",
        "invalid_request", 0,
    ]  # fmt: skip
    assert data[0] == data[3] and data[14] == data[15]
    assert [one["credits"] for one in data if one["status"] == "done"] == [60, 30, 60, 25, 10]
    assert data[8]["problem"]["status"] == 422 and "credits" in data[8]["problem"]["detail"]
    assert ((await world.credits("Agency")).used, (await world.credits("Client 1")).used) == (
        100,
        25,
    )


async def test_r39_half_a_character_in_one_is_said_of_it_alone(
    agency: Caller, world: World
) -> None:
    """In a model, a key or the name of a field: no 5xx, and the one beside them is done."""
    half = "\ud800"
    spends = [
        {"key": "a", "model": half},
        {"key": half, "credits": 1},
        {half: 1},
        {"key": "b", "credits": 1},
    ]
    answer = await agency.http.post(
        path_of(world, "Agency"),
        content=json.dumps({"spends": spends}),
        headers={"Content-Type": "application/json"},
    )
    assert seen(answer.json()["data"]) == [
        "invalid_request",
        "invalid_request",
        "invalid_request",
        99,
    ]
    named_last = [{"key": "c", "credits": 1}, {"key": "d", "credits": 1, half: 1}]
    assert seen(await told_of(agency, world, named_last)) == [98, "invalid_request"]


async def told_of(one: Caller, world: World, spends: list[Any]) -> list[dict[str, Any]]:
    """The answers to what JSON may say and a client's library would not send."""
    answer = await one.http.post(
        path_of(world, "Agency"),
        content=json.dumps({"spends": spends}),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 200, answer.text
    data: list[dict[str, Any]] = answer.json()["data"]
    return data


async def test_r39_nothing_that_is_nested_deeply_is_a_mistake_of_ours(
    agency: Caller, world: World
) -> None:
    """As an account's id, at any depth at which it can be read: said of it alone, or of the body."""
    for depth in (10, *range(880, 1_000, 2)):
        nested = "[" * depth + "]" * depth
        answer = await agency.http.post(
            path_of(world, "Agency"),
            content=f'{{"spends": [{{"key": "a", "credits": 1, "account_id": {nested}}}]}}',
            headers={"Content-Type": "application/json"},
        )
        assert answer.status_code in (200, 400, 422), (depth, answer.text)


async def test_r39_a_key_is_one_spend_alone_or_in_a_batch(agency: Caller, world: World) -> None:
    """Sent again the other way, it is told what it did, and nothing is debited again."""
    single = path_of(world, "Agency").removesuffix("/batch")
    first = (await agency.post(single, {"credits": 5}, "alone")).json()
    [again] = await told(agency, path_of(world, "Agency"), {"key": "alone", "credits": 5})
    assert (again["id"], again["balance"]) == (first["id"], 95)
    [batched] = await told(agency, path_of(world, "Agency"), {"key": "batched", "credits": 7})
    after = (await agency.post(single, {"credits": 7}, "batched")).json()
    assert (after["id"], after["balance"]) == (batched["id"], 88)
    other = await agency.post(single, {"credits": 8}, "batched")
    assert other.json()["code"] == "idempotency_key_reused"


async def test_r39_a_key_for_two_spends_is_taken_by_the_first(agency: Caller, world: World) -> None:
    """Also where that is refused; the same key of another account is another key. So no call of the ledger
    has two of one key, for which all of an account would be settled one by one."""
    client = acc(world, "Client 1")
    data = await told(
        agency, path_of(world, "Agency"),
        {"key": "a", "credits": 1_000}, {"key": "a", "credits": 1},
        {"key": "a", "credits": 1, "account_id": client}, {"key": "a", "credits": 2, "account_id": client},
        {"key": "a", "credits": 1, "account_id": client},
    )  # fmt: skip
    reused = "idempotency_key_reused"
    assert seen(data) == ["insufficient_credits", reused, 49, reused, 49]
    assert (await world.credits("Agency")).used == 0
    # What was done under a key before is told, wherever in the batch it stands.
    data = await told(
        agency, path_of(world, "Client 1"), {"key": "a", "credits": 7}, {"key": "a", "credits": 1}
    )
    assert seen(data) == [reused, 49]


@pytest.mark.parametrize(
    "body", [{"credits": 3}, {"model": "gpt-4"}, {"model": 'Ü "x"', "messages": 4}]
)
def test_r39_both_ways_know_a_request_by_the_same_hash(body: dict[str, Any]) -> None:
    """Of credits, of a model, of a model with signs that JSON escapes."""
    item = Item("key", None, body.get("credits"), body.get("model"), body.get("messages"))
    assert hash_of(item) == Spend.model_validate(body).hash("spend")


async def test_r16_what_is_short_in_a_batch_is_bought_and_done(
    agency: Caller, world: World
) -> None:
    """Two of three are short: one charge for both; the answer says done, as for a single spend."""
    await world.auto_billing("Agency")
    spends = [{"key": f"reply-{n}", "credits": 60} for n in range(3)]
    data = await told(agency, path_of(world, "Agency"), *spends, wait_ms=30_000)
    assert [one["status"] for one in data] == ["done"] * 3, data
    assert seen(data)[0] == 40
    assert world.taken() == [1_000]
    assert (await world.credits("Agency")).free == 2_000 + 100 - 180


async def test_r20_what_takes_longer_is_pending_and_debited_once_when_sent_again(
    agency: Caller, world: World
) -> None:
    """Nobody who hears "pending" was debited; the credits arrive, and the same batch is done."""
    await world.auto_billing("Agency")
    spends = [{"key": "one", "credits": 60}, {"key": "two", "credits": 60}]
    world.desk.faults.close_gate("confirm")
    data = await told(agency, path_of(world, "Agency"), *spends)
    assert seen(data) == [40, "auto_billing_pending"]
    world.desk.faults.open_gate("confirm")
    await world.settle()
    assert (await world.credits("Agency")).used == 60
    for _ in range(2):
        data = await told(agency, path_of(world, "Agency"), *spends)
        assert [one["status"] for one in data] == ["done", "done"]
    assert (await world.credits("Agency")).used == 120


async def test_r40_a_batch_reaches_no_further_than_its_path_and_key(
    agency: Caller, world: World
) -> None:
    """The client's path is the client's alone, though the agency's key may name both; the platform
    names each account."""
    mine = {"key": "one", "credits": 1, "account_id": acc(world, "Agency")}
    assert seen(await told(agency, path_of(world, "Client 1"), mine)) == ["not_found"]
    assert seen(await told(agency, path_of(world, "Client 1"), {"key": "a", "credits": 1})) == [49]
    url = str(agency.http.base_url)
    async with caller(world, url, "Client 1") as client, caller(world, url, None) as platform:
        assert (await client.post(path_of(world, "Agency"), {"spends": [mine]})).status_code == 404
        assert seen(await told(client, path_of(world, "Client 1"), mine)) == ["not_found"]
        nobody = {"key": "one", "credits": 1}
        data = await told(platform, path_of(world, None), mine, nobody)
        assert seen(data) == [99, "invalid_request"]
        assert "account_id" in data[1]["problem"]["detail"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "invalid_request"),
        ({"spends": []}, 422, "invalid_request"),
        ({"spends": {"key": "a", "credits": 1}}, 422, "invalid_request"),
        ({"spends": [{"key": "a", "credits": 1}, 7]}, 422, "invalid_request"),
        ({"spends": [{"key": "a", "credits": 1}], "extra": 1}, 422, "invalid_request"),
        ({"spends": [{"key": "a", "credits": 1}], "wait_ms": -1}, 422, "invalid_request"),
        ({"spends": [{"key": "a", "credits": 1}] * (SPENDS_MAX + 1)}, 422, "invalid_request"),
        ({"spends": ["x" * BATCH_BODY_MAX]}, 413, "too_large"),
    ],
    ids=["nothing", "empty", "no_list", "no_object", "extra", "wait", "too_many", "too_large"],
)
async def test_r39_a_batch_that_is_none_is_refused_whole(
    agency: Caller, world: World, body: dict[str, Any], status: int, code: str
) -> None:
    """One problem, and nothing changed, whatever else was in it."""
    before = await dump(world.db)
    answer = await agency.post(path_of(world, "Agency"), body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert await dump(world.db) == before


async def test_r2_r39_ten_thousand_in_one_call(agency: Caller, world: World) -> None:
    """Of two accounts with 100 and 50 credits: so many are done, in order, and all the others refused
    for the reason that one alone hears."""
    spends = [
        {"key": f"k{n}", "credits": 1, "account_id": acc(world, ("Agency", "Client 1")[n % 2])}
        for n in range(SPENDS_MAX)
    ]
    data = await told(agency, path_of(world, "Agency"), *spends, wait_ms=0)
    assert seen(data[0::2])[:101] == [*range(99, -1, -1), "insufficient_credits"]
    assert seen(data[1::2])[:51] == [*range(49, -1, -1), "insufficient_credits"]
    assert {one["code"] for one in data if one["status"] != "done"} == {"insufficient_credits"}
    assert ((await world.credits("Agency")).free, (await world.credits("Client 1")).free) == (0, 0)
