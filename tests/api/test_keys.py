"""API keys (R40): hashed at rest, recognised by a prefix, scoped, revoked at once, or read-only."""

import hashlib

import httpx
import pytest

from brimful.billing.keys import is_well_formed, make_secret
from tests.api.test_tenant_walls import digest
from tests.builders.http import acc, caller, key_for, serving_api
from tests.builders.world import World, small_world


async def test_r40_a_key_is_kept_as_a_hash_and_shown_once(world: World) -> None:
    """The database has its prefix and its hash; the list has neither secret nor hash."""
    await small_world(world)
    async with serving_api(world, with_worker=False) as url, caller(world, url, "Agency") as agency:
        path = f"/v1/accounts/{acc(world, 'Agency')}/api-keys"
        made = (await agency.post(path, {"label": "shop"})).json()
        listed = (await agency.get(path)).json()["data"]
    secret = made["secret"]
    assert is_well_formed(secret)
    assert secret.startswith("brm_")
    [row] = await world.db.fetch("select k.*, k::text as whole from api_key k where label = 'shop'")
    assert bytes(row["secret_hash"]) == hashlib.sha256(secret.encode()).digest()
    assert row["prefix"] == secret[:8]
    assert secret not in row["whole"]
    assert secret[8:] not in str(listed)
    assert row["secret_hash"].hex() not in str(listed)
    [shown] = [one for one in listed if one["id"] == made["id"]]
    assert (shown["prefix"], shown["label"], shown["read_only"]) == (secret[:8], "shop", False)


async def test_r40_a_revoked_key_is_refused_at_once(world: World) -> None:
    """Revoked over HTTP, by another key; the revoked one opens nothing any more."""
    await small_world(world)
    async with serving_api(world, with_worker=False) as url, caller(world, url, None) as platform:
        path = f"/v1/accounts/{acc(world, 'Agency')}/api-keys"
        made = (await platform.post(path, {})).json()
        async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
            mine = {"Authorization": f"Bearer {made['secret']}"}
            assert (await http.get("/v1/whoami", headers=mine)).status_code == 200
            gone = await platform.http.delete(f"{path}/{made['id']}")
            assert gone.status_code == 204
            refused = await http.get("/v1/whoami", headers=mine)
        assert (refused.status_code, refused.json()["code"]) == (401, "not_authenticated")
        assert refused.headers["www-authenticate"] == "Bearer"
        again = await platform.http.delete(f"{path}/{made['id']}")
        assert again.status_code == 404


@pytest.mark.parametrize("who", [None, "Agency", "Client 1"])
async def test_r40_a_read_only_key_reads_all_of_its_scope_and_writes_nothing(
    world: World, who: str | None
) -> None:
    """Also on its own account; it cannot make itself a key that may write."""
    await small_world(world)
    async with (
        serving_api(world, with_worker=False) as url,
        caller(world, url, who, read_only=True) as reader,
    ):
        own = acc(world, who or "Agency")
        before = await digest(world.db)
        told = (await reader.get("/v1/whoami")).json()
        assert told == {"account_id": acc(world, who), "read_only": True, "platform": who is None}
        for path in ("balance", "purchases", "notices", "statement", "auto-billing", "api-keys"):
            assert (await reader.get(f"/v1/accounts/{own}/{path}")).status_code == 200
        for path, body in (
            ("spends", {"credits": 1}), ("api-keys", {}), ("purchases", {"package_id": "x"}),
            ("payment-methods", {"token": "tok_success"}), ("previews/spend", {"credits": 1}),
        ):  # fmt: skip
            answer = await reader.post(f"/v1/accounts/{own}/{path}", body, "key")
            assert (answer.status_code, answer.json()["code"]) == (403, "read_only_key")
        off = await reader.http.put(f"/v1/accounts/{own}/auto-billing", json={"enabled": False})
        assert off.status_code == 403
        assert await digest(world.db) == before


async def test_r40_a_key_reaches_its_account_and_what_is_below(world: World) -> None:
    """The platform everything, an agency its clients, a client itself."""
    await small_world(world)
    await world.open("Other", sells=True)
    reach = {
        None: {"Agency", "Client 1", "Other"},
        "Agency": {"Agency", "Client 1"},
        "Client 1": {"Client 1"},
    }
    async with serving_api(world, with_worker=False) as url:
        for who, there in reach.items():
            async with caller(world, url, who) as one:
                seen = {
                    name
                    for name in world.names
                    if (await one.get(f"/v1/accounts/{acc(world, name)}")).status_code == 200
                }
            assert seen == there


async def test_r40_a_mistyped_key_is_refused(world: World) -> None:
    """Any one character changed, or the scheme, or the length."""
    await small_world(world)
    secret = await key_for(world, "Agency")
    async with (
        serving_api(world, with_worker=False) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as http,
    ):
        for at in range(len(secret)):
            other = secret[:at] + ("x" if secret[at] != "x" else "y") + secret[at + 1 :]
            answer = await http.get("/v1/whoami", headers={"Authorization": f"Bearer {other}"})
            assert answer.status_code == 401, at
        for header in (
            f"Basic {secret}", secret, "Bearer", f"Bearer {secret}x", f"Bearer {make_secret()}",
        ):  # fmt: skip
            answer = await http.get("/v1/whoami", headers={"Authorization": header})
            assert answer.status_code == 401, header
        good = await http.get("/v1/whoami", headers={"Authorization": f"Bearer {secret}"})
        assert good.status_code == 200


def test_r40_secrets_do_not_repeat() -> None:
    """A thousand keys, all well formed and different, and so are their last characters."""
    made = [make_secret() for _ in range(1_000)]
    assert all(is_well_formed(one) for one in made)
    assert len({one[8:36] for one in made}) == 1_000
