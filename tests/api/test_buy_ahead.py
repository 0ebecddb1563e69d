"""R33, R39: the settings of buying ahead by the API, and what is wrong with a body."""

import pytest

from tests.builders.http import acc, caller, serving_api
from tests.builders.world import World, small_world

GOOD = {"threshold_credits": 1_000, "target_credits": 5_000, "given_by": "Ann", "terms": "Fill it."}


async def test_r33_a_threshold_set_by_the_api_buys_at_once(world: World) -> None:
    """The answer is the settings as they are now; what is missing is bought by the engine itself."""
    await small_world(world, clients=0)
    path = f"/v1/accounts/{acc(world, 'Agency')}/auto-billing"
    async with (
        serving_api(world, with_worker=False) as url,
        caller(world, url, "Agency") as one,
    ):
        shown = (await one.get(path)).json()
        assert [shown[name] for name in ("threshold_credits", "target_credits", "forecast")] == [
            None, None, False,
        ]  # fmt: skip
        answer = await one.http.put(f"{path}/threshold", json=GOOD)
        body = {"enabled": True, "renewals": True, "given_by": "Ann"}
        both = (await one.http.put(f"{path}/forecast", json=body)).json()
        await world.settle()
        off = {"threshold_credits": None, "target_credits": None}
        last = (await one.http.put(f"{path}/threshold", json=off)).json()
    assert answer.status_code == 200 and answer.json()["target_credits"] == 5_000
    assert (both["threshold_credits"], both["forecast"], both["forecast_renewals"]) == (
        1_000, True, True,
    )  # fmt: skip
    assert (last["threshold_credits"], last["forecast"]) == (None, True)
    assert world.taken() == [3_000]


@pytest.mark.parametrize(
    ("path", "change", "status", "code"),
    [
        ("threshold", {"target_credits": 999}, 422, "invalid_request"),
        ("threshold", {"target_credits": None}, 422, "invalid_request"),
        ("threshold", {"threshold_credits": None}, 422, "invalid_request"),
        ("threshold", {"threshold_credits": 0}, 422, "invalid_request"),
        ("threshold", {"threshold_credits": 1.5}, 422, "invalid_request"),
        ("threshold", {"target_credits": 10**13}, 422, "invalid_request"),
        ("threshold", {"given_by": ""}, 402, "name_required"),
        ("forecast", {"enabled": "yes"}, 422, "invalid_request"),
        ("forecast", {"enabled": True, "renewals": 1}, 422, "invalid_request"),
        ("forecast", {"enabled": True}, 402, "name_required"),
    ],
)
async def test_r33_what_is_wrong_is_said_and_changes_nothing(
    world: World, path: str, change: dict[str, object], status: int, code: str
) -> None:
    """A clear problem, and no row of settings or consent."""
    await small_world(world, clients=0)
    async with serving_api(world, with_worker=False) as url, caller(world, url, "Agency") as one:
        body = {**GOOD, **change} if path == "threshold" else change
        answer = await one.http.put(
            f"/v1/accounts/{acc(world, 'Agency')}/auto-billing/{path}", json=body
        )
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await world.db.fetchval("select count(*) from buy_ahead") == 0
    assert await world.db.fetchval("select count(*) from consent where what <> 'auto_billing'") == 0


async def test_r33_r40_a_client_is_told_that_it_does_not_sell(world: World) -> None:
    """403 with a stable code, by its own key and by its seller's."""
    await small_world(world)
    async with serving_api(world, with_worker=False) as url:
        for whose in ("Client 1", "Agency"):
            async with caller(world, url, whose) as one:
                path = f"/v1/accounts/{acc(world, 'Client 1')}/auto-billing/threshold"
                answer = await one.http.put(path, json=GOOD)
                assert (answer.status_code, answer.json()["code"]) == (403, "seller_cannot_sell")
