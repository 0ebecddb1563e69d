"""R40, R46: what a seller left behind at an account that moves away from it opens nothing any more."""

from uuid import UUID

import httpx

from brimful.billing import keys
from brimful.billing.keys import Principal
from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import Missing
from brimful.usecases.close_account import close_account
from brimful.usecases.issue_key import KeyIssued, issue_key
from tests.api.test_moves import grow
from tests.api.test_subscriptions import Api
from tests.builders.http import acc, key_for, serving_api
from tests.builders.world import World

HOOK = "https://hooks.example.com"


async def issued(api: Api, account: str) -> str:
    """A key of an account, issued with another's."""
    made = await api.ask("POST", f"{account}/api-keys", {}, status=201)
    secret: str = made["secret"]
    return secret


async def known(world: World, secret: str) -> Principal:
    """A key as a request reads it."""
    principal = await keys.authenticate(world.db, secret)
    assert principal is not None
    return principal


async def issue(world: World, by: Principal) -> KeyIssued | Missing | Refuse:
    """Carry out a request for a key of the client, which was made with a key that was read before."""
    return await issue_key(
        world.engine.ctx,
        tenant_id=world.names["Agency"],
        account_id=world.names["Client"],
        read_only=False,
        label="",
        by=by,
        moment=world.engine.now(),
    )


async def hooked(api: Api, account: str, path: str) -> str:
    """An endpoint of an account, opened with somebody's key."""
    opened = await api.ask(
        "POST", f"{account}/webhook-endpoints", {"url": f"{HOOK}/{path}"}, status=201
    )
    endpoint_id: str = opened["id"]
    return endpoint_id


async def test_r40_keys_that_the_old_seller_vouches_for_end_with_a_move(world: World) -> None:
    """Its own, those issued with them, and those of what is below; the platform's and those of whoever
    is above both sellers stay, and so does what the account issued with one of these."""
    await grow(world)
    await world.open("Reseller", "North", sells=True)
    await world.open("Shop", "Reseller")
    reseller, shop = acc(world, "Reseller"), acc(world, "Shop")
    async with (
        serving_api(world) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http,
    ):
        platform = Api(http, await key_for(world, None))
        agency = Api(http, await key_for(world, "Agency"))
        north = Api(http, await key_for(world, "North"))
        stays = [await issued(platform, reseller), await issued(agency, reseller)]
        stays += [await issued(Api(http, stays[0]), shop)]
        ends = [await issued(north, reseller), await issued(north, shop)]
        ends += [await issued(Api(http, ends[0]), reseller), await issued(Api(http, ends[0]), shop)]
        asked = {"seller_id": acc(world, "South"), "given_by": "X"}
        assert (await agency.ask("POST", f"{reseller}/move", asked))["moved"] is True
        for secrets, status in ((stays, 200), (ends, 401)):
            for secret in secrets:
                mine = {"Authorization": f"Bearer {secret}"}
                assert (await http.get("/v1/whoami", headers=mine)).status_code == status
        await north.ask("GET", acc(world, "North"))
    [told] = [n for n in await world.notices("Reseller") if n["kind"] == "move_done"]
    assert "4 and 0 of them" in told["body"]


async def test_r40_endpoints_that_the_old_seller_opened_or_changed_end_with_a_move(
    world: World,
) -> None:
    """Where it said what is sent, or knows with what it is signed; the others go on."""
    await grow(world)
    client = acc(world, "Client")
    async with (
        serving_api(world) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http,
    ):
        agency = Api(http, await key_for(world, "Agency"))
        north = Api(http, await key_for(world, "North"))
        mine = Api(http, await issued(agency, client))
        stays = await hooked(mine, client, "mine")
        await hooked(north, client, "north")
        turned = await hooked(mine, client, "turned")
        rotated = await hooked(mine, client, "rotated")
        paths = f"{client}/webhook-endpoints"
        await north.ask("PUT", f"{paths}/{turned}", {"url": f"{HOOK}/elsewhere"})
        await north.ask("POST", f"{paths}/{rotated}/rotate", {})
        asked = {"seller_id": acc(world, "South"), "given_by": "X"}
        await agency.ask("POST", f"{client}/move", asked)
        assert [one["id"] for one in (await mine.ask("GET", paths))["data"]] == [stays]


async def test_r40_a_key_sent_again_does_not_show_who_has_left(world: World) -> None:
    """North opened an account, which moved away: its request, sent again, finds nothing there."""
    await grow(world)
    async with (
        serving_api(world) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http,
    ):
        agency = Api(http, await key_for(world, "Agency"))
        north = Api(http, await key_for(world, "North"))
        body = {"name": "New", "owner_name": "N", "owner_email": "n@example.com"}
        path = f"{acc(world, 'North')}/accounts"
        made = await north.ask("POST", path, body, status=201, key="k")
        assert await north.ask("POST", path, body, status=201, key="k") == made
        asked = {"seller_id": acc(world, "South"), "given_by": "X"}
        await agency.ask("POST", f"{made['id']}/move", asked)
        gone = await north.ask("POST", path, body, status=404, key="k")
    assert gone["code"] == "not_found"


async def test_r40_r46_a_key_is_issued_only_for_who_is_there_still(world: World) -> None:
    """Between the look at a request's key and what it asks for, the account closed, or moved away."""
    await grow(world)
    north, south = [await known(world, await key_for(world, name)) for name in ("North", "South")]

    async def issued_keys() -> list[UUID]:
        rows = await world.db.fetch(
            "select key_id from api_key where account_id = $1", world.names["Client"]
        )
        return [row["key_id"] for row in rows]

    first = await issue(world, north)
    assert isinstance(first, KeyIssued)
    assert isinstance(await issue(world, south), Missing)
    account = await world.account("Client")
    await close_account(
        world.engine.ctx,
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        given_by="X",
        moment=world.engine.now(),
    )
    refused = await issue(world, north)
    assert isinstance(refused, Refuse) and refused.reason is Reason.account_closed
    assert await issued_keys() == [first.key_id]


async def test_r40_r46_a_key_that_ends_with_a_move_issues_none_after_it(world: World) -> None:
    """North has a key of its client, with which it asks for another one; between the look at that key
    and what is asked for, the client moves away. Nothing would end the other key any more."""
    await grow(world)
    client = acc(world, "Client")
    async with (
        serving_api(world) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http,
    ):
        agency = Api(http, await key_for(world, "Agency"))
        planted = await issued(Api(http, await key_for(world, "North")), client)
        stays = await issued(agency, client)
        asks = {secret: await known(world, secret) for secret in (planted, stays)}
        await agency.ask(
            "POST", f"{client}/move", {"seller_id": acc(world, "South"), "given_by": "X"}
        )
        assert isinstance(await issue(world, asks[planted]), Missing)
        assert isinstance(await issue(world, asks[stays]), KeyIssued)
