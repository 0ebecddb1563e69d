"""R26, R39 over HTTP: amounts that no card can pay are told so, and nothing changes."""

from tests.builders.http import acc, caller, serving_api
from tests.builders.world import World


async def test_r26_more_than_one_charge_can_be_of_is_refused(world: World) -> None:
    """$1,000,000.00 is no price; two of $600,000.00 are no purchase."""
    await world.open("Shop", sells=True)
    await world.stock("Shop", credits=1_000)
    await world.open("Client", "Shop")
    await world.card("Client")
    path = f"/v1/accounts/{acc(world, 'Shop')}/packages"
    body = {"kind": "additional_credits", "name": "A pack", "credits": 100, "currency": "USD"}
    async with serving_api(world) as url, caller(world, url, "Shop") as shop:
        wrong = await shop.post(path, {**body, "price_minor": 100_000_000})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_request")
        assert "one charge is at most $999,999.99" in wrong.json()["detail"]
        made = (await shop.post(path, {**body, "price_minor": 60_000_000})).json()
        buy = f"/v1/accounts/{acc(world, 'Client')}/purchases"
        refused = await shop.post(buy, {"package_id": made["id"], "quantity": 2}, key="two")
        assert (refused.status_code, refused.json()["code"]) == (402, "charge_too_large")
        assert refused.json()["facts"] == {"most_minor": 99_999_999}


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
