"""R25, R39, R40 over HTTP: refunds, disputes and debts, and who sees them."""

import httpx

from tests.api.test_subscriptions import Api
from tests.builders.http import acc, key_for, serving_api
from tests.builders.reversals import bought, dispute, refund_elsewhere
from tests.builders.world import World


async def test_r25_r39_a_seller_refunds_its_client_over_http(world: World) -> None:
    """Previewed, made once for its key, listed for both; the client's own key cannot."""
    charge = await bought(world)
    client, charge_id = acc(world, "Client 1"), f"chg_{charge['charge_id'].hex}"
    async with serving_api(world) as url, httpx.AsyncClient(base_url=url, trust_env=False) as http:
        agency = Api(http, await key_for(world, "Agency"))
        mine = Api(http, await key_for(world, "Client 1"))
        path, body = f"{client}/charges/{charge_id}/refunds", {"amount_minor": 1_000}
        told = await mine.ask("POST", path, body, status=403)
        assert told["code"] == "only_its_seller"
        seen = await agency.ask(
            "POST", f"{client}/previews/refund", {"charge_id": charge_id, **body}
        )
        assert seen == {
            "amount_minor": 1_000,
            "currency": "USD",
            "credits": 1_200,
            "lines": [{"line": 1, "credits": 1_200}],
        }
        for _ in range(2):
            made = await agency.ask("POST", path, body, status=201, key="once")
            assert (made["status"], made["amount_minor"]) == ("succeeded", 1_000)
        await agency.ask("POST", path, {"amount_minor": 999}, status=409, key="once")
        for api in (agency, mine):
            [listed] = (await api.ask("GET", f"{client}/refunds"))["data"]
            assert {**listed, "ended_at": None} == {**made, "ended_at": None}
        told = await agency.ask("POST", path, {"amount_minor": 1_501}, status=402)
        assert told["code"] == "refund_too_large"
        await agency.ask("POST", f"{client}/charges/chg_{0:032x}/refunds", body, status=404)
    assert world.desk.bank.payments[charge["payment_id"]]["refunded"] == 1_000


async def test_r25_r40_debts_are_shown_to_the_seller_who_clears_them(world: World) -> None:
    """1,200 of 3,000 credits for $25.00 were used: $10.00 worth, until the seller lets go of it."""
    charge = await bought(world, spent=1_200)
    await refund_elsewhere(world, charge["payment_id"], 2_500)
    agency_id, client = acc(world, "Agency"), acc(world, "Client 1")
    async with serving_api(world) as url, httpx.AsyncClient(base_url=url, trust_env=False) as http:
        agency = Api(http, await key_for(world, "Agency"))
        mine = Api(http, await key_for(world, "Client 1"))
        [debt] = (await agency.ask("GET", f"{agency_id}/client-debts"))["data"]
        assert (debt["credits"], debt["amount_minor"], debt["name"]) == (1_200, 1_000, "Client 1")
        [own] = (await mine.ask("GET", f"{client}/debts"))["data"]
        assert own == debt
        path = f"{client}/debts/{debt['id']}/clear"
        told = await mine.ask("POST", path, {"given_by": "X"}, status=403)
        assert told["code"] == "only_its_seller"
        headers = {"Authorization": f"Bearer {await key_for(world, 'Agency')}"}
        for _ in range(2):
            done = await http.post(
                f"/v1/accounts/{path}", json={"given_by": "The agency"}, headers=headers
            )
            assert done.status_code == 204, done.text
        [debt] = (await agency.ask("GET", f"{agency_id}/client-debts"))["data"]
        assert (debt["credits"], debt["cleared"], debt["cleared_by"]) == (0, 1_200, "The agency")


async def test_r25_disputes_are_listed_and_stop_refunds(world: World) -> None:
    """The bank decides on the money, so the seller cannot give it back twice."""
    charge = await bought(world)
    await dispute(world, charge["payment_id"])
    client, charge_id = acc(world, "Client 1"), f"chg_{charge['charge_id'].hex}"
    async with serving_api(world) as url, httpx.AsyncClient(base_url=url, trust_env=False) as http:
        agency = Api(http, await key_for(world, "Agency"))
        [listed] = (await agency.ask("GET", f"{client}/disputes"))["data"]
        assert (listed["state"], listed["amount_minor"]) == ("open", 2_500)
        assert listed["charge_id"] == charge_id
        told = await agency.ask("POST", f"{client}/charges/{charge_id}/refunds", {}, status=409)
        assert told["code"] == "charge_disputed"
        balance = await agency.ask("GET", f"{client}/balance")
        assert (balance["credits"]["free"], balance["credits"]["held"]) == (0, 3_000)
