"""R31, R37, R46 over HTTP: cancel, change, release, keep, close; and what is answered afterwards."""

from typing import Any
from uuid import UUID

import httpx

from brimful.usecases.answers import Bought, ChatbotCreated
from tests.builders.http import acc, key_for, serving_api
from tests.builders.world import World, small_world

Answers = dict[str, Any]


class Api:
    """The API as one account's key sees it."""

    def __init__(self, http: httpx.AsyncClient, secret: str) -> None:
        self._http, self._secret, self._count = http, secret, 0

    async def ask(
        self,
        verb: str,
        path: str,
        body: object = None,
        *,
        status: int = 200,
        key: str | None = None,
    ) -> Answers:
        """One request, with the status that is expected."""
        self._count += 1
        headers = {
            "Authorization": f"Bearer {self._secret}",
            "Idempotency-Key": key or f"{self._secret[-4:]}-{self._count}",
        }
        answer = await self._http.request(
            verb, f"/v1/accounts/{path}", json=body, headers=headers, timeout=30
        )
        assert answer.status_code == status, answer.text
        found: Answers = answer.json()
        return found


async def client_on_a_plan(world: World) -> tuple[str, str]:
    """A client with a plan and a chatbot; the ids of two larger and smaller plans, as the API has."""
    await small_world(world)
    await world.stock("Agency", credits=50_000, chatbots=9)
    plan = await world.package("Agency", 3_000, credits=1_000, chatbots=2, interval="month")
    assert isinstance(await world.buy("Client 1", plan), Bought)
    assert isinstance(await world.create_chatbot("Client 1", "bot"), ChatbotCreated)
    large = await world.package("Agency", 9_000, credits=5_000, chatbots=5, interval="month")
    small = await world.package("Agency", 1_000, credits=100, chatbots=1, interval="month")
    await world.settle()
    return f"pkg_{large.hex}", f"pkg_{small.hex}"


async def test_r31_r37_a_subscription_over_http(world: World) -> None:
    """Cancelled and resumed, previewed, upgraded once for its key, downgraded and dropped."""
    large, small = await client_on_a_plan(world)
    me = acc(world, "Client 1")
    async with (
        serving_api(world) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http,
    ):
        api = Api(http, await key_for(world, "Client 1"))
        [held] = (await api.ask("GET", f"{me}/subscriptions"))["data"]
        one = f"{me}/subscriptions/{held['id']}"
        assert (await api.ask("POST", f"{one}/cancel"))["ends_at_period_end"] is True
        assert (await api.ask("GET", one))["state"] == "active"
        assert (await api.ask("POST", f"{one}/resume"))["ends_at_period_end"] is False
        body = {"subscription_id": held["id"], "package_id": large}
        told = await api.ask("POST", f"{me}/previews/change", body)
        assert (told["change"], told["charge_minor"], told["possible"]) == ("upgrade", 6_000, True)
        assert (told["credits_now"], told["chatbots_now"]) == (4_000, 3)
        up = {"package_id": large}
        done = await api.ask("POST", f"{one}/change", up, key="up")
        assert (done["status"], done["subscription"]["package_id"]) == ("done", large)
        again = await api.ask("POST", f"{one}/change", up, key="up")
        assert again["purchase_id"] == done["purchase_id"]
        conflict = await api.ask(
            "POST", f"{one}/change", {"package_id": small}, key="up", status=409
        )
        assert conflict["code"] == "idempotency_key_reused"
        gone = {"subscription_id": f"sub_{UUID(int=1).hex}", "package_id": small}
        for path, asked in (
            (f"{me}/previews/change", gone),
            (f"{me}/subscriptions/{gone['subscription_id']}/change", {"package_id": small}),
        ):
            unknown = await api.ask("POST", path, asked, status=404)
            assert unknown["code"] == "not_found"
        down = await api.ask("POST", f"{one}/change", {"package_id": small})
        assert (down["status"], down["purchase_id"]) == ("recorded", None)
        assert down["subscription"]["next_package_id"] == small
        assert (await api.ask("POST", f"{one}/resume"))["next_package_id"] is None
        pack = (await api.ask("GET", f"{me}/offers"))["data"][0]["id"]
        wrong = await api.ask("POST", f"{one}/change", {"package_id": pack}, status=404)
        assert wrong["code"] == "unknown_plan"
    merchant = (await world.account("Agency")).merchant_ref
    assert world.taken(merchant) == [3_000, 6_000]


async def test_r31_automatic_chatbots_that_are_not_needed_are_shown_and_released(
    world: World,
) -> None:
    """3 bought automatically for a client, which is closed: none of them is needed."""
    await small_world(world)
    await world.stock("Agency", credits=5_000)
    plan = await world.package("Agency", 900, credits=10, chatbots=3, interval="month")
    assert isinstance(await world.buy("Client 1", plan), Bought)
    await world.settle()
    agency, client = acc(world, "Agency"), acc(world, "Client 1")
    async with (
        serving_api(world) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http,
    ):
        api = Api(http, await key_for(world, "Agency"))
        path = f"{agency}/releasable-chatbots"
        [row] = (await api.ask("GET", path))["data"]
        assert (row["chatbots"], row["not_needed"], row["to_release"]) == (3, 0, 0)
        await api.ask("POST", f"{client}/close", {"given_by": "Owner"})
        [row] = (await api.ask("GET", path))["data"]
        assert (row["chatbots"], row["not_needed"], row["to_release"]) == (3, 3, 0)
        one = f"{agency}/subscriptions/{row['subscription_id']}"
        assert (await api.ask("POST", f"{one}/release", {"chatbots": 2}))["release_chatbots"] == 2
        [row] = (await api.ask("GET", path))["data"]
        assert (row["not_needed"], row["to_release"]) == (3, 2)
        much = await api.ask("POST", f"{one}/release", {"chatbots": 4}, status=422)
        assert much["code"] == "invalid_request"
        assert much["detail"] == "Of this subscription's chatbots at most 3 can be released."
        setting = {
            "enabled": True,
            "monthly_limit_minor": "none",
            "given_by": "Owner",
            "release_chatbots": True,
        }
        shown = await api.ask("PUT", f"{agency}/auto-billing", setting)
        assert shown["release_chatbots"] is True
        [row] = (await api.ask("GET", path))["data"]
        assert row["to_release"] == 3


async def test_r46_a_closed_account_can_be_read_and_not_used(world: World) -> None:
    """Its own key ends; its seller reads the statement, closes it again without effect, and can do
    nothing else to it; a client that is closed does not keep its agency open."""
    await client_on_a_plan(world)
    agency, client = acc(world, "Agency"), acc(world, "Client 1")
    async with (
        serving_api(world) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http,
    ):
        own = Api(http, await key_for(world, "Client 1"))
        seller = Api(http, await key_for(world, "Agency"))
        platform = Api(http, await key_for(world, None))
        refused = await seller.ask("POST", f"{agency}/close", {"given_by": "X"}, status=409)
        assert (refused["code"], refused["facts"]) == ("has_clients", {"clients": 1})
        closed = await own.ask("POST", f"{client}/close", {"given_by": "X"})
        await own.ask("GET", client, status=401)
        again = await seller.ask("POST", f"{client}/close", {"given_by": "X"})
        assert closed == again
        assert (await seller.ask("GET", client))["state"] == "closed"
        statement = await seller.ask("GET", f"{client}/statement")
        assert statement["data"][0]["kind"] == "lapse"
        for path, body in (
            ("allotments", {"credits": 1}),
            ("api-keys", {"label": "x"}),
            ("spends", {"credits": 1}),
            ("payment-methods", {"token": "tok_success"}),
        ):
            answer = await seller.ask("POST", f"{client}/{path}", body, status=403)
            assert answer["code"] == "account_closed"
        await seller.ask("POST", f"{agency}/close", {"given_by": "X"})
        below = {"name": "New", "owner_name": "X", "owner_email": "x@example.com"}
        answer = await platform.ask("POST", f"{agency}/accounts", below, status=403)
        assert answer["code"] == "account_closed"
        # A model may have any name, also that of what can be asked of a closed account.
        for path in ("rates/close", "rates/release"):
            answer = await platform.ask("PUT", f"{agency}/{path}", {"credits": 5}, status=403)
            assert answer["code"] == "account_closed", path
        await platform.ask("POST", f"{agency}/close", {"given_by": "X"})


async def test_r31_which_chatbots_to_keep_over_http(world: World) -> None:
    """Chosen and shown; somebody else's, or one that is none, is not there."""
    await client_on_a_plan(world)
    me = acc(world, "Client 1")
    async with (
        serving_api(world) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http,
    ):
        api = Api(http, await key_for(world, "Client 1"))
        [bot] = (await api.ask("GET", f"{me}/chatbots"))["data"]
        kept = await api.ask("PUT", f"{me}/kept-chatbots", {"chatbots": [bot["id"]]})
        assert kept == {"data": [{"id": bot["id"], "state": "active", "keep": True}]}
        nobody = f"bot_{'0' * 32}"
        await api.ask("PUT", f"{me}/kept-chatbots", {"chatbots": [nobody]}, status=404)
        assert (await api.ask("PUT", f"{me}/kept-chatbots", {"chatbots": []}))["data"][0][
            "keep"
        ] is False
