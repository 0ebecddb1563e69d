"""API keys (R40): hashed at rest, recognised by a prefix, revoked at once. What each may do is in
``test_tenant_walls`` and ``test_right_keys``."""

import hashlib

import httpx

from brimful.billing.keys import is_well_formed, make_secret
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
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http:
            mine = {"Authorization": f"Bearer {made['secret']}"}
            assert (await http.get("/v1/whoami", headers=mine)).status_code == 200
            gone = await platform.http.delete(f"{path}/{made['id']}")
            assert gone.status_code == 204
            refused = await http.get("/v1/whoami", headers=mine)
        assert (refused.status_code, refused.json()["code"]) == (401, "not_authenticated")
        assert refused.headers["www-authenticate"] == "Bearer"
        again = await platform.http.delete(f"{path}/{made['id']}")
        assert again.status_code == 404


async def test_r40_a_mistyped_key_is_refused(world: World) -> None:
    """Any one character changed, or the scheme, or the length."""
    await small_world(world)
    secret = await key_for(world, "Agency")
    async with (
        serving_api(world, with_worker=False) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http,
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
