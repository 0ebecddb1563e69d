"""R39: holds of credits over HTTP."""

from collections.abc import AsyncIterator

import pytest

from tests.builders.http import Caller, acc, caller, serving_api
from tests.builders.world import World, small_world


@pytest.fixture
async def platform(world: World) -> AsyncIterator[Caller]:
    """The platform's own key, on a served world in which a client has 100 credits."""
    await small_world(world)
    await world.auto_billing("Client 1", enabled=False)
    await world.stock("Agency", credits=1_000)
    await world.stock("Client 1", credits=100)
    async with serving_api(world) as url, caller(world, url, None) as one:
        yield one


async def test_r39_held_captured_and_shown(platform: Caller, world: World) -> None:
    """A reply is streamed: held before, charged after; the balance, a list and the statement show it."""
    own = f"/v1/accounts/{acc(world, 'Client 1')}"
    placed = await platform.post(f"{own}/holds", {"credits": 60}, "reply-1")
    assert placed.status_code == 201
    hold = placed.json()
    assert (hold["status"], hold["held"], hold["captured"], hold["balance"]) == ("held", 60, 0, 40)
    assert (await platform.get(f"{own}/balance")).json()["credits"]["held"] == 60
    path = f"{own}/holds/{hold['id']}"
    assert (await platform.get(path)).json() == hold
    for _ in range(2):
        captured = await platform.post(f"{path}/capture", {"credits": 25})
        assert captured.status_code == 200
        told = captured.json()
        assert (told["status"], told["held"], told["captured"]) == ("captured", 0, 25)
        assert told["balance"] == 75
    other = await platform.post(f"{path}/capture", {"credits": 26})
    assert (other.status_code, other.json()["code"]) == (409, "hold_captured")
    assert (await platform.post(f"{path}/release", {})).status_code == 409
    second = (await platform.post(f"{own}/holds", {"credits": 10}, "reply-2")).json()
    await platform.post(f"{own}/holds/{second['id']}/release", {})
    page = (await platform.get(f"{own}/holds?limit=1")).json()
    assert [one["status"] for one in page["data"]] == ["released"]
    rest = (await platform.get(f"{own}/holds?limit=1&after={page['next']}")).json()
    assert [one["id"] for one in rest["data"]] == [hold["id"]] and rest["next"] is None
    statement = (await platform.get(f"{own}/statement?resource=credits")).json()["data"]
    of_first = [one["kind"] for one in statement if one["operation_id"] == hold["id"]]
    assert of_first == ["unhold", "capture", "hold"]


async def test_r39_refused_and_too_large(platform: Caller, world: World) -> None:
    """More than there is is refused as a spend is, and can be read; a capture beyond it leaves it."""
    own = f"/v1/accounts/{acc(world, 'Client 1')}"
    refused = await platform.post(f"{own}/holds", {"credits": 101}, "reply-1")
    assert (refused.status_code, refused.json()["code"]) == (402, "insufficient_credits")
    hold = (await platform.post(f"{own}/holds", {"credits": 60}, "reply-2")).json()
    path = f"{own}/holds/{hold['id']}"
    large = await platform.post(f"{path}/capture", {"credits": 101})
    assert (large.status_code, large.json()["code"]) == (402, "capture_too_large")
    assert large.json()["facts"] == {"credits": 101, "held": 60}
    assert (await platform.get(path)).json() == hold
    assert (await platform.get(f"{own}/spends/spd_{hold['id'][4:]}")).status_code == 404
    assert (await platform.post(f"{path}/capture", {"credits": 0})).status_code == 422
    captured = await platform.post(f"{path}/capture", {"credits": 100})
    assert captured.json()["balance"] == 0


async def test_r46_a_closed_account_ends_its_hold_and_places_none(
    platform: Caller, world: World
) -> None:
    """The work goes on to its end; nothing new begins."""
    own = f"/v1/accounts/{acc(world, 'Client 1')}"
    hold = (await platform.post(f"{own}/holds", {"credits": 60}, "reply-1")).json()
    assert (await platform.post(f"{own}/close", {"given_by": "Its owner"})).is_success
    placed = await platform.post(f"{own}/holds", {"credits": 1}, "reply-2")
    assert (placed.status_code, placed.json()["code"]) == (403, "account_closed")
    captured = await platform.post(f"{own}/holds/{hold['id']}/capture", {"credits": 25})
    assert captured.json()["captured"] == 25
