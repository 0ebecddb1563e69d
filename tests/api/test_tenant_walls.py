"""Tenant walls (R40): every endpoint × role × foreign account, generated from the routes.

What lies outside a key's scope is not read, not changed, and answered to the byte as if it did not
exist.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from brimful.api.app import create_app
from brimful.db.transaction import Database
from tests.builders.http import key_for
from tests.builders.world import World, small_world

NOBODY = "acc_" + "0" * 32
BODIES: dict[str, dict[str, Any]] = {
    "/accounts": {"name": "X", "owner_name": "X", "owner_email": "x@example.com"},
    "/packages": {"kind": "additional_credits", "name": "X", "price_minor": 100, "credits": 10},
    "/rates/{model}": {"credits": 5},
    "/spends": {"credits": 1, "wait_ms": 0},
    "/purchases": {"package_id": "pkg_" + "0" * 32},
    "/chatbots": {"external_id": "x"},
    "/auto-billing": {"enabled": False},
    "/child-limits/{child_id}": {"per_month_minor": 5},
    "/payment-methods": {"token": "tok_success"},
    "/previews/spend": {"credits": 1},
    "/previews/sale": {"credits": 1},
    "/previews/purchase": {"package_id": "pkg_" + "0" * 32},
    "/allotments": {"credits": 1},
    "/api-keys": {"label": "x"},
}
# Who is foreign to whom. Above, beside, below (of another), another tenant's.
FOREIGN = {
    "Agency": ["Other agency", "Other client", None],
    "Client 1": ["Agency", "Client 2", "Other agency", "Other client", None],
    "Other client": ["Other agency", "Agency", "Client 1", None],
}


@dataclass
class Walls:
    """A world with two tenants, and the API over it."""

    world: World
    http: httpx.AsyncClient
    routes: list[tuple[str, str]]


@pytest.fixture
async def walls(world: World) -> AsyncIterator[Walls]:
    """Two agencies, the first with two clients, the second with one."""
    await small_world(world, clients=2)
    await world.open("Other agency", sells=True)
    await world.open("Other client", "Other agency")
    app = create_app(world.engine)
    paths = app.openapi()["paths"]
    routes = [
        (verb.upper(), path)
        for path, verbs in paths.items()
        for verb in verbs
        if path.startswith("/v1/accounts/{account_id}")
    ]
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        yield Walls(world, http, routes)


def name_of(walls: Walls, account: str | None) -> str:
    """The id of an account, or the platform's."""
    found = walls.world.platform.platform_id if account is None else walls.world.names[account]
    return f"acc_{found.hex}"


async def ask(walls: Walls, secret: str, verb: str, path: str, account: str) -> httpx.Response:
    """One call, with a body that would be good."""
    template = path.removeprefix("/v1/accounts/{account_id}")
    filled = path.replace("{account_id}", account).replace("{model}", "gpt-4")
    while "{" in filled:
        head, _, tail = filled.partition("{")
        what = tail.partition("}")[0]
        prefix = {
            "package_id": "pkg", "spend_id": "spd", "purchase_id": "pur", "chatbot_id": "bot",
            "auto_billing_id": "pur", "notice_id": "ntc", "key_id": "key", "method_id": "pmt",
            "child_id": "acc",
        }[what]  # fmt: skip
        filled = f"{head}{prefix}_{'0' * 32}{tail.partition('}')[2]}"
    body = BODIES.get(template, BODIES.get("/packages") if "{package_id}" in path else None)
    return await walls.http.request(
        verb,
        filled,
        headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": "wall"},
        json=body if verb in ("POST", "PUT") else None,
    )


async def digest(db: Database) -> str:
    """Everything in every table, in one value."""
    tables = await db.fetch(
        "select table_name from information_schema.tables where table_schema = 'public' "
        "and table_type = 'BASE TABLE' and table_name not like 'alembic%' order by 1"
    )
    parts = [
        await db.fetchval(
            f"select md5(coalesce(string_agg(t::text, '' order by t::text), '')) from {row['table_name']} t"
        )
        for row in tables
    ]
    return "".join(parts)


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("who", list(FOREIGN))
async def test_r40_what_is_foreign_does_not_exist(walls: Walls, who: str, read_only: bool) -> None:
    """No read, no change, and no difference from an account that was never opened."""
    secret = await key_for(walls.world, who, read_only=read_only)
    before = await digest(walls.world.db)
    probes = 0
    for verb, path in walls.routes:
        nowhere = await ask(walls, secret, verb, path, NOBODY)
        expected = 403 if read_only and verb != "GET" else 404
        assert nowhere.status_code == expected, (verb, path, nowhere.text)
        for foreign in FOREIGN[who]:
            answer = await ask(walls, secret, verb, path, name_of(walls, foreign))
            assert answer.status_code == nowhere.status_code, (verb, path, foreign)
            assert answer.content == nowhere.content, (verb, path, foreign)
            assert dict(answer.headers) == dict(nowhere.headers), (verb, path, foreign)
            probes += 1
    assert probes >= 100
    assert await digest(walls.world.db) == before


async def test_r40_ones_own_and_what_is_below_is_there(walls: Walls) -> None:
    """The walls let through what they should, or the test above would prove nothing."""
    for who, accounts in {
        "Agency": ["Agency", "Client 1"], "Client 1": ["Client 1"], None: ["Agency", "Client 1"],
    }.items():  # fmt: skip
        secret = await key_for(walls.world, who)
        for account in accounts:
            answer = await ask(
                walls, secret, "GET", "/v1/accounts/{account_id}/balance", name_of(walls, account)
            )
            assert answer.status_code == 200


async def test_r40_a_key_is_needed_and_revoked_keys_open_nothing(walls: Walls) -> None:
    """401 without a key, with a wrong one, and with one that was revoked."""
    secret = await key_for(walls.world, "Agency")
    path = f"/v1/accounts/{name_of(walls, 'Agency')}/balance"
    for header in ({}, {"Authorization": "Bearer brm_nothing"}, {"Authorization": "Basic eA=="}):
        assert (await walls.http.get(path, headers=header)).status_code == 401
    mine = {"Authorization": f"Bearer {secret}"}
    assert (await walls.http.get(path, headers=mine)).status_code == 200
    await walls.world.db.execute("update api_key set revoked_at = now()")
    assert (await walls.http.get(path, headers=mine)).status_code == 401


async def test_r40_secrets_are_not_kept(walls: Walls) -> None:
    """Only a prefix and a hash are in the database."""
    secret = await key_for(walls.world, "Agency")
    rows = await walls.world.db.fetch("select k::text as row from api_key k")
    assert all(secret not in row["row"] for row in rows)
