"""R46, R40 over HTTP: who may move an account, to whom, and what is answered."""

import httpx

from brimful.usecases.answers import Bought
from tests.api.test_subscriptions import Api
from tests.builders.http import acc, key_for, serving_api
from tests.builders.world import World


async def grow(world: World) -> None:
    """An agency with two sellers below it, a client of the first, and another agency with a seller."""
    for agency in ("Agency", "Other agency"):
        await world.open(agency, sells=True)
    for name, above in (("North", "Agency"), ("South", "Agency"), ("Foreign", "Other agency")):
        await world.open(name, above, sells=True)
    await world.stock("Agency", credits=5_000, chatbots=5)
    await world.stock("North", credits=5_000, chatbots=5)
    await world.open("Client", "North")
    await world.card("Client")


async def test_r46_r40_only_one_above_both_sellers_moves_an_account(world: World) -> None:
    """The agency and the platform do. North, which sells to it, cannot name South; the client cannot
    move itself; to those above one seller alone, the other does not exist."""
    await grow(world)
    client, south = acc(world, "Client"), {"seller_id": acc(world, "South"), "given_by": "X"}
    nobody = {"seller_id": f"acc_{0:032x}", "given_by": "X"}
    async with (
        serving_api(world) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http,
    ):
        for name, status, code in (
            ("North", 404, "unknown_seller"),
            ("South", 404, "not_found"),
            ("Client", 403, "only_its_seller"),
            ("Other agency", 404, "not_found"),
        ):
            api = Api(http, await key_for(world, name))
            told = await api.ask("POST", f"{client}/move", south, status=status)
            assert told["code"] == code, name
            assert told == await api.ask("POST", f"{client}/move", nobody, status=status)
        agency = Api(http, await key_for(world, "Agency"))
        foreign = {"seller_id": acc(world, "Foreign"), "given_by": "X"}
        told = await agency.ask("POST", f"{client}/move", foreign, status=404)
        assert told == await agency.ask("POST", f"{client}/move", nobody, status=404)
        platform = Api(http, await key_for(world, None))
        told = await platform.ask("POST", f"{client}/move", foreign, status=409)
        assert told["code"] == "another_tenant"
        home = {"seller_id": f"acc_{world.platform.platform_id.hex}", "given_by": "X"}
        told = await platform.ask("POST", f"{client}/move", home, status=409)
        assert told["code"] == "another_tenant"
        assert (await platform.ask("GET", client))["parent_id"] == acc(world, "North")
        done = await agency.ask("POST", f"{client}/move", south)
        assert (done["moved"], done["seller_id"]) == (True, acc(world, "South"))
        # What was North's to see is South's now.
        north, now = (
            Api(http, await key_for(world, "North")),
            Api(http, await key_for(world, "South")),
        )
        await north.ask("GET", client, status=404)
        assert (await now.ask("GET", client))["parent_id"] == acc(world, "South")
        again = await agency.ask("POST", f"{client}/move", south, status=409)
        assert again["code"] == "same_seller"


async def test_r46_a_move_at_period_end_over_http(world: World) -> None:
    """It says when, the account shows it without saying to whom, and it is undone."""
    await grow(world)
    plan = await world.package("North", 3_000, credits=10, chatbots=2, interval="month")
    assert isinstance(await world.buy("Client", plan), Bought)
    client, south = acc(world, "Client"), {"seller_id": acc(world, "South"), "given_by": "X"}
    async with (
        serving_api(world) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http,
    ):
        agency = Api(http, await key_for(world, "Agency"))
        mine = Api(http, await key_for(world, "Client"))
        [held] = (await mine.ask("GET", f"{client}/subscriptions"))["data"]
        for _ in range(2):
            told = await agency.ask("POST", f"{client}/move", south)
            assert (told["moved"], told["moves_at"]) == (False, held["period_ends_at"])
        shown = await mine.ask("GET", client)
        assert shown["moves_at"] == held["period_ends_at"]
        assert acc(world, "South") not in str(shown)
        headers = {"Authorization": f"Bearer {await key_for(world, 'North')}"}
        gone = await http.delete(f"/v1/accounts/{client}/move", headers=headers)
        assert gone.status_code == 204
        assert (await mine.ask("GET", client))["moves_at"] is None
        wrong = await agency.ask("POST", f"{client}/move", {"seller_id": "x"}, status=422)
        assert wrong["code"] == "invalid_request"
