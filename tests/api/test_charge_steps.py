"""R26, R39 over HTTP: amounts that no card can pay are told so, and nothing changes."""

from tests.builders.http import acc, caller, serving_api
from tests.builders.world import World


async def test_r26_a_price_between_the_steps_is_invalid(world: World) -> None:
    """KWD 1.255: what to give instead is in the answer."""
    await world.open("Shop", sells=True, currency="KWD")
    path = f"/v1/accounts/{acc(world, 'Shop')}/packages"
    body = {"kind": "additional_credits", "name": "A pack", "credits": 100, "currency": "KWD"}
    async with serving_api(world) as url, caller(world, url, "Shop") as shop:
        wrong = await shop.post(path, {**body, "price_minor": 1_255})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_request")
        assert "steps of KWD 0.010; give a multiple of 10" in wrong.json()["detail"]
        assert (await shop.get(path)).json()["data"] == []
        made = await shop.post(path, {**body, "price_minor": 1_250})
        assert (made.status_code, made.json()["price_minor"]) == (201, 1_250)
