"""R10, R27, R44 over HTTP: pages that bring nothing any more say what it is."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from brimful.db.transaction import Database
from brimful.usecases.save_card import remove_card
from tests.builders.http import Caller, acc, caller, serving_api
from tests.builders.stripe_world import BACK, StripeWorld, running_stripe_world
from tests.builders.world import World


@pytest.fixture
async def at_stripe(db: Database, tmp_path: Path) -> AsyncIterator[StripeWorld]:
    """The platform alone."""
    async with running_stripe_world(db, tmp_path / "mail") as made:
        yield made


async def completed(shop: Caller, path: str, card: str = "tok_success") -> dict[str, Any]:
    """The token of a page on which the owner has saved a card of testbank's."""
    page = (await shop.post(f"{path}-method-pages", {"return_url": BACK, "given_by": "Ann"})).json()
    async with httpx.AsyncClient(trust_env=False, timeout=60) as visitor:
        assert (await visitor.post(page["url"], data={"token": card})).status_code == 303
    return {"token": page["token"]}


async def test_r27_the_page_of_a_card_that_was_removed_is_used_up(world: World) -> None:
    """By its owner, or because another took its place: the token is refused, and nothing changes."""
    world.engine.pages = world.engine.gateway  # type: ignore[assignment]
    await world.open("Shop", sells=True)
    client = await world.open("Client", "Shop")
    async with serving_api(world) as url, caller(world, url, "Shop") as shop:
        path = f"/v1/accounts/{acc(world, 'Client')}/payment"
        first = await completed(shop, path)
        assert (await shop.post(f"{path}-methods", first)).status_code == 201
        assert (await shop.post(f"{path}-methods", first)).status_code == 201, "as it is on file"
        second = await completed(shop, path, "tok_success")
        assert (await shop.post(f"{path}-methods", second)).status_code == 201
        replaced = await shop.post(f"{path}-methods", first)
        [on_file] = (await shop.get(f"{path}-methods")).json()["data"]
        await remove_card(
            world.engine.ctx,
            tenant_id=client.tenant_id,
            account_id=client.account_id,
            method_id=await world.db.fetchval(
                "select method_id from payment_method where removed_at is null"
            ),
            moment=world.engine.now(),
        )
        removed = await shop.post(f"{path}-methods", second)
        for answer in (replaced, removed):
            assert (answer.status_code, answer.json()["code"]) == (409, "card_removed")
            assert "Ask for a new page" in answer.json()["detail"]
        assert (await shop.get(f"{path}-methods")).json()["data"] == []
    assert on_file["role"] == "primary"


async def test_r10_r44_no_page_connects_an_account_that_is_closed(at_stripe: StripeWorld) -> None:
    """The seller is told what it is; its client, who asks for a page of a card, hears nothing of it."""
    world = at_stripe
    shop = await world.open("Shop", sells=True)
    await world.open("Client", "Shop")
    world.server.hooks.deauthorize(shop.merchant_ref)
    async with serving_api(world) as url, caller(world, url, "Shop") as own:
        ask = {"return_url": BACK}
        told = await own.post(f"/v1/accounts/{acc(world, 'Shop')}/onboarding-pages", ask)
        assert (told.status_code, told.json()["code"]) == (409, "gateway_account_closed")
        async with caller(world, url, "Client") as client:
            path = f"/v1/accounts/{acc(world, 'Client')}/payment-method-pages"
            heard = await client.post(path, {**ask, "given_by": "Ann"})
        assert (heard.status_code, heard.json()["code"]) == (503, "gateway_unavailable")
        world.server.hooks.authorize(shop.merchant_ref)
        again = await own.post(f"/v1/accounts/{acc(world, 'Shop')}/onboarding-pages", ask)
        assert again.status_code == 201
