"""R29, R39 over HTTP: a payment that its owner confirms, a backup card, and letting auto-billing go on."""

import httpx

from brimful.domain.reason import Refuse
from tests.builders.http import acc, caller, serving_api
from tests.builders.world import World, small_world


async def test_r29_the_platform_asks_for_a_link_and_the_owner_confirms(world: World) -> None:
    """The link needs no key, opens once what it is for, and the one before it is void."""
    await small_world(world, clients=0)
    await world.card("Agency", "tok_authenticate")
    assert isinstance(await world.spend("Agency", 10), Refuse)
    await world.settle()
    path = f"/v1/accounts/{acc(world, 'Agency')}/authentications"
    async with serving_api(world) as url, caller(world, url, None) as platform:
        old = (await platform.post(path, None)).json()["token"]
        made = await platform.post(path, None)
        assert made.status_code == 201
        token = made.json()["token"]
        assert made.json()["url"].endswith(f"/authenticate/{token}")
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as owner:
            void = await owner.post("/v1/authentications", json={"token": old})
            assert (void.status_code, void.json()["code"]) == (404, "not_found")
            opened = (await owner.post("/v1/authentications", json={"token": token})).json()
            assert opened["status"] == "action_required"
            await owner.post(opened["action_url"], json={"complete": True})
            done = (await owner.post("/v1/authentications", json={"token": token})).json()
        assert (done["status"], done["purchase_id"]) == ("delivered", opened["purchase_id"])
        nothing = await platform.post(path, None)
        assert (nothing.status_code, nothing.json()["code"]) == (404, "not_found")
    assert world.taken() == [1_000]


async def test_r40_a_key_that_may_only_read_is_shown_no_link(world: World) -> None:
    """To open it begins a charge. Whoever may command the account is shown what its owner was sent."""
    await small_world(world, clients=0)
    await world.card("Agency", "tok_authenticate")
    assert isinstance(await world.spend("Agency", 10), Refuse)
    await world.settle()
    path = f"/v1/accounts/{acc(world, 'Agency')}/notices"
    async with (
        serving_api(world) as url,
        caller(world, url, "Agency") as agency,
        caller(world, url, "Agency", read_only=True) as reader,
    ):
        [told] = [n for n in (await agency.get(path)).json()["data"] if "bra_" in n["body"]]
        shown = [n for n in (await reader.get(path)).json()["data"] if n["id"] == told["id"]]
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as anybody:
            token = told["body"].split("/authenticate/")[1].split()[0]
            mine = shown[0]["body"].split("/authenticate/")[1].split()[0]
            wrong = await anybody.post("/v1/authentications", json={"token": mine})
            right = await anybody.post("/v1/authentications", json={"token": token})
    assert shown[0]["title"] == told["title"] and mine == "bra_…"
    assert (wrong.status_code, right.json()["status"]) == (404, "action_required")


async def test_r29_a_backup_card_is_saved_listed_and_promoted(world: World) -> None:
    """Each with its role."""
    await small_world(world, clients=0)
    base = f"/v1/accounts/{acc(world, 'Agency')}/payment-methods"
    async with serving_api(world) as url, caller(world, url, "Agency") as agency:
        saved = await agency.post(base, {"token": "tok_success_2", "role": "backup"})
        assert saved.status_code == 201
        listed = (await agency.get(base)).json()["data"]
        assert [(c["role"], c["last4"]) for c in listed] == [
            ("primary", "4242"),
            ("backup", "4444"),
        ]
        promoted = await agency.post(f"{base}/{saved.json()['id']}/promote", None)
        assert promoted.status_code == 204
        listed = (await agency.get(base)).json()["data"]
        assert [c["last4"] for c in listed] == ["4444", "4242"]
        wrong = await agency.post(base, {"token": "tok_success", "role": "spare"})
        assert wrong.status_code == 422


async def test_r29_r30_letting_it_go_on_needs_a_name(world: World) -> None:
    """And an auto-billing that is on."""
    await small_world(world, clients=0)
    await world.card("Agency", "tok_lost_card")
    assert isinstance(await world.spend("Agency", 10), Refuse)
    await world.settle()
    base = f"/v1/accounts/{acc(world, 'Agency')}/auto-billing"
    async with serving_api(world) as url, caller(world, url, "Agency") as agency:
        assert (await agency.get(base)).json()["status"] == "auto_billing_paused"
        assert (await agency.post(f"{base}/resume", {})).status_code == 422
        going = await agency.post(f"{base}/resume", {"given_by": "Owner"})
        assert (going.status_code, going.json()["status"]) == (200, "on")
        await agency.http.put(base, json={"enabled": False})
        refused = await agency.post(f"{base}/resume", {"given_by": "Owner"})
        assert (refused.status_code, refused.json()["code"]) == (402, "auto_billing_off")
