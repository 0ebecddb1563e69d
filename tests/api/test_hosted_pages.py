"""R27, R44 over HTTP: a card by a page of the gateway's, and a seller's account there."""

import httpx

from tests.api.test_subscriptions import Api
from tests.builders.http import acc, key_for, serving_api
from tests.builders.world import World, small_world

BACK = {"return_url": "https://app.example.com/cards?tab=1", "given_by": "Ann"}


async def test_r27_a_card_is_saved_by_a_page_for_its_own_account_alone(world: World) -> None:
    """Asked for, completed by the owner, saved by its token; another account has nothing of it."""
    await small_world(world)
    await world.open("Client 2", "Agency")
    mine, other = acc(world, "Client 2"), acc(world, "Client 1")
    async with (
        serving_api(world) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http,
    ):
        api = Api(http, await key_for(world, "Agency"))
        page = await api.ask("POST", f"{mine}/payment-method-pages", BACK, status=201)
        token = {"token": page["token"]}
        early = await api.ask("POST", f"{mine}/payment-methods", token, status=402)
        assert early["code"] == "card_refused"
        sent = await http.post(page["url"], data={"token": "tok_success"})
        assert sent.headers["location"] == f"{BACK['return_url']}&page={page['token']}"
        stolen = await api.ask("POST", f"{other}/payment-methods", token, status=402)
        assert stolen["code"] == "card_refused"
        saved = await api.ask("POST", f"{mine}/payment-methods", token, status=201)
        assert (saved["brand"], saved["last4"]) == ("visa", "4242")
    [kept] = await world.db.fetch("select * from card_page")
    assert (kept["account_id"], kept["given_by"]) == (world.names["Client 2"], "Ann")


async def test_r44_a_seller_asks_for_the_page_to_connect_its_account(world: World) -> None:
    """Its clients cannot; testbank needs no onboarding and leads back at once."""
    await small_world(world)
    async with (
        serving_api(world) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http,
    ):
        api = Api(http, await key_for(world, "Agency"))
        body = {"return_url": BACK["return_url"]}
        before = (await world.account("Agency")).merchant_ref
        for _ in range(2):
            page = await api.ask(
                "POST", f"{acc(world, 'Agency')}/onboarding-pages", body, status=201
            )
            assert page == {"gateway_account": before, "url": BACK["return_url"]}
        client = f"{acc(world, 'Client 1')}/onboarding-pages"
        assert (await api.ask("POST", client, body, status=403))["code"] == "seller_cannot_sell"
    assert (await world.account("Agency")).merchant_ref == before


async def test_r44_a_way_back_is_an_address(world: World) -> None:
    """Anything else is bad input, and no page is made."""
    await small_world(world)
    async with (
        serving_api(world) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http,
    ):
        api = Api(http, await key_for(world, "Agency"))
        for wrong in ("javascript:alert(1)", "https://a b", "https://", "x" * 3_000, 7, "http://é"):
            told = await api.ask(
                "POST",
                f"{acc(world, 'Client 1')}/payment-method-pages",
                {**BACK, "return_url": wrong},
                status=422,
            )
            assert told["code"] == "invalid_request"
    assert await world.db.fetch("select * from card_page") == []
