"""R39, R40, R42: webhook endpoints and deliveries over HTTP."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.builders.hooks import Receiver, pauses_pass, receiving
from tests.builders.http import Caller, acc, caller, serving_api
from tests.builders.world import World, small_world


@contextlib.asynccontextmanager
async def asking(world: World, name: str | None) -> AsyncIterator[tuple[Receiver, Caller]]:
    """Somebody's server, and one who asks the API in the name of an account."""
    async with (
        receiving() as receiver,
        serving_api(world, with_worker=False) as url,
        caller(world, url, name) as call,
    ):
        yield receiver, call


def below(world: World, name: str | None) -> str:
    """The path of an account."""
    return f"/v1/accounts/{acc(world, name)}"


async def opened(call: Caller, path: str, **body: Any) -> dict[str, Any]:
    """Open an endpoint."""
    reply = await call.post(f"{path}/webhook-endpoints", body)
    assert reply.status_code == 201, reply.text
    answer: dict[str, Any] = reply.json()
    return answer


async def test_r39_an_endpoint_is_opened_tried_changed_and_taken_away(world: World) -> None:
    """Its secret is shown when it is made and nowhere else."""
    await small_world(world, clients=0)
    path = below(world, "Agency")
    async with asking(world, "Agency") as (receiver, call):
        made = await opened(call, path, url=receiver.url, kinds=["paused", "auto_billed"])
        hook = f"{path}/webhook-endpoints/{made['id']}"
        assert made["secret"].startswith("whsec_")
        assert (made["kinds"], made["enabled"]) == (["auto_billed", "paused"], True)
        shown = (await call.get(hook)).json()
        assert shown == {name: made[name] for name in made if name != "secret"}
        assert (await call.get(f"{path}/webhook-endpoints")).json() == {"data": [shown]}

        tried = await call.post(f"{hook}/test", None)
        await world.settle()
        assert tried.status_code == 201 and tried.json()["kind"] == "webhook_test"
        event = receiver.got[0].verified(made["secret"])
        assert (event["type"], event["data"]["account_id"]) == (
            "webhook_test",
            acc(world, "Agency"),
        )
        assert receiver.got[0].id == tried.json()["notice_id"]

        off = {"url": receiver.url, "enabled": False}
        changed = (await call.http.put(hook, json=off)).json()
        assert (changed["enabled"], changed["disabled_because"]) == (False, "owner")
        refused = await call.post(f"{hook}/test", None)
        assert (refused.status_code, refused.json()["code"]) == (
            409,
            "webhook_endpoint_disabled",
        )
        on = (await call.http.put(hook, json={"url": receiver.url})).json()
        assert (on["enabled"], on["disabled_because"], on["kinds"]) == (True, None, None)

        assert (await call.http.delete(hook)).status_code == 204
        assert (await call.http.delete(hook)).status_code == 404
        assert (await call.get(hook)).status_code == 404
        [listed] = (await call.get(f"{path}/webhook-deliveries")).json()["data"]
        assert (listed["state"], listed["endpoint_id"]) == ("sent", made["id"])


async def test_r42_a_secret_is_rotated_with_an_overlap(world: World) -> None:
    """Two signatures while both are good; without overlap the old one is gone at once."""
    await small_world(world, clients=0)
    path = below(world, "Agency")
    async with asking(world, "Agency") as (receiver, call):
        made = await opened(call, path, url=receiver.url)
        hook = f"{path}/webhook-endpoints/{made['id']}"
        second = (await call.post(f"{hook}/rotate", {})).json()
        assert second["secret"] != made["secret"] and second["old_secret_until"]
        await call.post(f"{hook}/test", None)
        await world.settle()
        assert receiver.got[0].verified(made["secret"]) == receiver.got[0].verified(
            second["secret"]
        )
        third = (await call.post(f"{hook}/rotate", {"overlap_hours": 0})).json()
        assert third["old_secret_until"] is None
        await call.post(f"{hook}/test", None)
        await world.settle()
        assert receiver.got[1].headers["webhook-signature"].count("v1,") == 1
        assert receiver.got[1].verified(third["secret"])


async def test_r42_a_delivery_that_was_given_up_is_sent_again(world: World) -> None:
    """Under the id that it had, by whoever owns the endpoint; the list pages from the newest."""
    await small_world(world, clients=0)
    path = below(world, None)
    async with asking(world, None) as (receiver, call):
        await opened(call, path, url=receiver.url, subtree=True)
        receiver.then(500)
        await world.spend("Agency", 25)
        await world.settle()
        await world.db.execute("update webhook_delivery set state = 'dead', tries = 10")
        [dead] = (await call.get(f"{path}/webhook-deliveries")).json()["data"]
        assert (dead["state"], dead["last_status"], dead["last_error"]) == (
            "dead",
            500,
            "http_500",
        )
        again = await call.post(f"{path}/webhook-deliveries/{dead['id']}/resend", None)
        assert (again.status_code, again.json()["state"], again.json()["tries"]) == (
            200,
            "due",
            0,
        )
        await pauses_pass(world)
        assert [one.id for one in receiver.got] == [dead["notice_id"]] * 2

        await world.spend("Agency", 2_000)
        await world.settle()
        page = (await call.get(f"{path}/webhook-deliveries?limit=1")).json()
        rest = (await call.get(f"{path}/webhook-deliveries?after={page['next']}")).json()
        assert [one["state"] for one in page["data"] + rest["data"]] == ["sent", "sent"]
        assert rest["data"][0]["id"] == dead["id"] and rest["next"] is None


GOOD = "http://127.0.0.1:9/x"
BAD = [
    ({"url": "http://example.com/"}, 422, "https"),
    ({"url": "https://10.0.0.1/"}, 422, "public"),
    ({"url": "https://user:pass@example.com/"}, 422, "password"),
    ({"url": "nonsense"}, 422, "https://"),
    ({"url": ""}, 422, "url"),
    ({"url": "https://example.com/\u0000"}, 422, "NUL"),
    ({"url": "https://example.com/" + "x" * 500}, 422, "url"),
    ({"url": 7}, 422, "url"),
    ({}, 422, "url"),
    ({"url": GOOD, "kinds": []}, 422, "kinds"),
    ({"url": GOOD, "kinds": ["nonsense"]}, 422, "nonsense"),
    ({"url": GOOD, "kinds": "auto_billed"}, 422, "kinds"),
    ({"url": GOOD, "subtree": "yes"}, 422, "subtree"),
    ({"url": GOOD, "secret": "whsec_x"}, 422, "secret"),
    ({"url": GOOD, "subtree": True}, 403, "sell"),
    ({"url": "http://127.0.0.1:9/taken"}, 409, "already"),
]


@pytest.mark.parametrize("production", [False, True])
async def test_r39_bad_input_is_refused_and_changes_nothing(world: World, production: bool) -> None:
    """Each in words; in production this machine is no place for webhooks either."""
    await small_world(world)
    path = f"{below(world, 'Client 1')}/webhook-endpoints"
    async with serving_api(world, with_worker=False) as url, caller(world, url, "Client 1") as call:
        made = await opened(call, below(world, "Client 1"), url="http://127.0.0.1:9/taken")
        other = await opened(call, below(world, "Client 1"), url="http://127.0.0.1:9/other")
        if production:
            settings = world.engine.settings.model_copy(update={"production": True})
            world.engine.settings = settings
            for at in (GOOD, "https://127.0.0.1/", "https://[::1]/"):
                reply = await call.post(path, {"url": at})
                assert (reply.status_code, reply.json()["code"]) == (422, "invalid_request")
            return
        for body, status, word in BAD:
            replies = [
                await call.post(path, body),
                await call.http.put(f"{path}/{other['id']}", json=body),
            ]
            for reply in replies:
                assert reply.status_code == status, (body, reply.text)
                assert word in reply.json()["detail"], (body, reply.text)
        for hours in (-1, 169, 1.5, "1", None):
            reply = await call.post(f"{path}/{made['id']}/rotate", {"overlap_hours": hours})
            assert reply.status_code == 422
        kept = (await call.get(path)).json()["data"]
        assert [one["id"] for one in kept] == [made["id"], other["id"]]
        assert all(one["old_secret_until"] is None for one in kept)
