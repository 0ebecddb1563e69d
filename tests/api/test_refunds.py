"""R25, R39, R40 over HTTP: refunds, disputes and debts, and who sees them."""

import httpx

from brimful.usecases.answers import Bought
from brimful.usecases.set_move import MoveSet
from tests.api.test_moves import grow
from tests.api.test_subscriptions import Api
from tests.builders.http import acc, key_for, serving_api
from tests.builders.moving import move
from tests.builders.reversals import bought, charge_of, dispute, refund_elsewhere
from tests.builders.world import World


async def test_r25_r39_a_seller_refunds_its_client_over_http(world: World) -> None:
    """Previewed, made once for its key, listed for both; the client's own key cannot."""
    charge = await bought(world)
    client, charge_id = acc(world, "Client 1"), f"chg_{charge['charge_id'].hex}"
    async with (
        serving_api(world) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http,
    ):
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


async def test_r25_r46_a_seller_refunds_a_client_that_is_closed_over_http(world: World) -> None:
    """Its credits went back when it was closed; its money goes back when its seller says so, and what
    went back beyond them is let go of."""
    charge = await bought(world, spent=1_200)
    client, charge_id = acc(world, "Client 1"), f"chg_{charge['charge_id'].hex}"
    async with (
        serving_api(world) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http,
    ):
        agency = Api(http, await key_for(world, "Agency"))
        await agency.ask("POST", f"{client}/close", {"given_by": "X"})
        seen = await agency.ask("POST", f"{client}/previews/refund", {"charge_id": charge_id})
        assert (seen["amount_minor"], seen["credits"]) == (1_500, 1_800)
        path = f"{client}/charges/{charge_id}/refunds"
        made = await agency.ask("POST", path, {"amount_minor": 1_500}, status=201)
        assert made["status"] == "succeeded"
        await refund_elsewhere(world, charge["payment_id"], 1_000)
        [debt] = (await agency.ask("GET", f"{acc(world, 'Agency')}/client-debts"))["data"]
        assert debt["credits"] == 1_200
        done = await http.post(
            f"/v1/accounts/{client}/debts/{debt['id']}/clear",
            headers={"Authorization": f"Bearer {await key_for(world, 'Agency')}"},
            json={"given_by": "X"},
        )
        assert done.status_code == 204
    assert await world.db.fetchval("select sum(free) from lot") == 1_800


async def test_r25_r40_debts_are_shown_to_the_seller_who_clears_them(world: World) -> None:
    """1,200 of 3,000 credits for $25.00 were used: $10.00 worth, until the seller lets go of it."""
    charge = await bought(world, spent=1_200)
    await refund_elsewhere(world, charge["payment_id"], 2_500)
    agency_id, client = acc(world, "Agency"), acc(world, "Client 1")
    async with (
        serving_api(world) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http,
    ):
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
    async with (
        serving_api(world) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http,
    ):
        agency = Api(http, await key_for(world, "Agency"))
        [listed] = (await agency.ask("GET", f"{client}/disputes"))["data"]
        assert (listed["state"], listed["amount_minor"]) == ("open", 2_500)
        assert listed["charge_id"] == charge_id
        told = await agency.ask("POST", f"{client}/charges/{charge_id}/refunds", {}, status=409)
        assert told["code"] == "charge_disputed"
        balance = await agency.ask("GET", f"{client}/balance")
        assert (balance["credits"]["free"], balance["credits"]["held"]) == (0, 3_000)


async def owes(world: World, seller: str, buyer: str = "Client") -> str:
    """A buyer has 3,000 credits of a seller for $25.00 and uses 1,200, and the payment is refunded. The
    debt that is left."""
    pack = await world.package(seller, 2_500, credits=3_000, name=f"Pack of {seller}")
    assert isinstance(await world.buy(buyer, pack), Bought)
    await world.settle()
    await world.spend(buyer, 1_200)
    charge = await charge_of(world, buyer)
    await refund_elsewhere(world, charge["payment_id"], 2_500)
    debt_id = await world.db.fetchval(
        "select debt_id from reversal where seller_id = $1 and missing = 1200", world.names[seller]
    )
    return f"dbt_{debt_id.hex}"


async def test_r25_r40_r46_a_debt_stays_its_creditors_when_the_client_moves(world: World) -> None:
    """A client owes North, moves, and owes South. Each sees and clears its own debt, and neither that
    of the other; the client, and those above both, see the two."""
    await grow(world)
    await world.stock("Agency", credits=5_000)
    await world.stock("South", credits=5_000)
    to_north = await owes(world, "North")
    moved = await move(world, "Client", "South")
    assert isinstance(moved, MoveSet) and moved.moved
    await world.card("Client")
    to_south = await owes(world, "South")
    client, north, south = (acc(world, name) for name in ("Client", "North", "South"))

    async with (
        serving_api(world) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http,
    ):
        keys = {
            name: await key_for(world, name)
            for name in ("Client", "North", "South", "Agency", None)
        }

        async def clear(name: str, path: str) -> tuple[int, str | None]:
            answer = await http.post(
                f"/v1/accounts/{path}/clear",
                json={"given_by": name},
                headers={"Authorization": f"Bearer {keys[name]}"},
            )
            return answer.status_code, answer.json()["code"] if answer.content else None

        async def listed(name: str | None, path: str) -> list[str]:
            page = await Api(http, keys[name]).ask("GET", path)
            return [one["id"] for one in page["data"] if one["credits"]]

        assert await listed("South", f"{client}/debts") == [to_south]
        for name in ("Client", "Agency", None):
            assert await listed(name, f"{client}/debts") == [to_south, to_north], name
        for name, seller, debt in (("North", north, to_north), ("South", south, to_south)):
            assert await listed(name, f"{seller}/client-debts") == [debt]
        # Who sells to it now does not let go of what is owed to another, nor by its own list.
        assert await clear("South", f"{client}/debts/{to_north}") == (409, "seller_changed")
        assert await clear("South", f"{south}/client-debts/{to_north}") == (404, "not_found")
        assert await clear("North", f"{north}/client-debts/{to_south}") == (404, "not_found")
        assert await clear("North", f"{client}/debts/{to_north}") == (404, "not_found")
        assert await listed("North", f"{north}/client-debts") == [to_north]
        for _ in range(2):
            assert await clear("North", f"{north}/client-debts/{to_north}") == (204, None)
        assert await listed("Client", f"{client}/debts") == [to_south]
        assert await clear("Client", f"{client}/debts/{to_south}") == (403, "only_its_seller")
        assert await clear("Agency", f"{client}/debts/{to_south}") == (204, None)
        assert await listed(None, f"{client}/debts") == []
    said = await world.db.fetch("select cleared_by from reversal order by debt_id")
    assert [row["cleared_by"] for row in said] == ["North", "Agency"]


async def test_r25_r46_who_owes_a_debt_does_not_clear_it_from_above(world: World) -> None:
    """A reseller owes North, moves away, and North is moved below it: what it owes it owes."""
    await grow(world)
    await world.stock("Agency", credits=5_000)
    await world.open("Reseller", "North", sells=True)
    await world.card("Reseller")
    debt = await owes(world, "North", "Reseller")
    for name, to in (("Reseller", "South"), ("North", "Reseller")):
        moved = await move(world, name, to)
        assert isinstance(moved, MoveSet) and moved.moved, name
    north = acc(world, "North")
    async with (
        serving_api(world) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http,
    ):
        for name, status in (("Reseller", 409), ("South", 204)):
            answer = await http.post(
                f"/v1/accounts/{north}/client-debts/{debt}/clear",
                json={"given_by": name},
                headers={"Authorization": f"Bearer {await key_for(world, name)}"},
            )
            assert answer.status_code == status, name
