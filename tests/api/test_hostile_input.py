"""Input meant to hurt (R39): generated from the schema, every field of every command.

Each is a 4xx with a stable code, and the database is as it was before.
"""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.api.dump import dump
from tests.api.routes import GOOD as TEMPLATES
from tests.builders.http import acc, caller, key_for, serving_api
from tests.builders.world import World, small_world

shared = pytest.mark.asyncio(loop_scope="module")
_PREFIX = {
    "offer_id": "pkg_", "plan_id": "pkg_", "subscription_id": "sub_", "chatbot_id": "bot_", "charge_id": "chg_",
    "account_id": "acc_",
}  # fmt: skip
# One good body for each schema of a body, to spoil one field at a time.
GOOD = {
    name: json.loads(
        re.sub(r"\{(\w+)\}", lambda found: _PREFIX[found[1]] + "0" * 32, json.dumps(body))
    )
    for name, body in TEMPLATES.items()
}
HUGE = [2**63, -(2**63) - 1, 10**40, -1, 1.5, 2.0, "1", True]
TEXTS = ["a\0b", "\0", "\ud800", "x" * 5_000]
DEEP = 20_000


class Commands:
    """Every command of the API with its body's schema, and a client with the platform's key."""

    def __init__(self, world: World, http: httpx.AsyncClient, schema: dict[str, Any]) -> None:
        self.world, self.http = world, http
        self.known = schema["components"]["schemas"]
        self.all: list[tuple[str, str, str]] = []
        fill = {
            "account_id": acc(world, "Agency"),
            "child_id": acc(world, "Client 1"),
            "package_id": "pkg_" + "0" * 32,
            "subscription_id": "sub_" + "0" * 32,
            "endpoint_id": "whe_" + "0" * 32,
            "charge_id": "chg_" + "0" * 32,
            "debt_id": "dbt_" + "0" * 32,
            "client_debt_id": "dbt_" + "0" * 32,
            "hold_id": "hld_" + "0" * 32,
            "lease_id": "hld_" + "0" * 32,
            "model": "gpt-4",
        }
        for path, verbs in schema["paths"].items():
            for verb, operation in verbs.items():
                if "requestBody" in operation:
                    body = operation["requestBody"]["content"]["application/json"]["schema"]
                    name = body["$ref"].rsplit("/", 1)[1]
                    self.all.append((verb.upper(), path.format(**fill), name))

    async def refused(self, verb: str, path: str, content: bytes, *allowed: int) -> dict[str, Any]:
        """Send bytes; they must be refused with a problem. Returns it."""
        kind = {"Content-Type": "application/json", "Idempotency-Key": "hostile"}
        answer = await self.http.request(verb, path, content=content, headers=kind)
        told = f"{verb} {path} {content[:200]!r}: {answer.status_code} {answer.text[:300]}"
        assert answer.status_code in allowed, told
        assert answer.headers["content-type"] == "application/problem+json", told
        problem: dict[str, Any] = answer.json()
        assert problem["code"] and problem["detail"], told
        return problem


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def commands(small: World) -> AsyncIterator[Commands]:
    """The commands on a small world, with the platform's key."""
    async with (
        serving_api(small, with_worker=False) as url,
        httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {await key_for(small, None)}"},
            timeout=30,
            trust_env=False,
        ) as http,
    ):
        yield Commands(small, http, (await http.get("/openapi.json")).json())


def types_of(field: dict[str, Any], known: dict[str, Any]) -> set[str]:
    """The JSON types that a field of a schema may have."""
    if "$ref" in field:
        return types_of(known[field["$ref"].rsplit("/", 1)[1]], known)
    found = {field["type"]} if "type" in field else set()
    for option in field.get("anyOf", ()):
        found |= types_of(option, known)
    return found


@shared
async def test_every_body_has_a_good_one(commands: Commands) -> None:
    """A new command's body must be added above, or it would go untested."""
    assert {name for _, _, name in commands.all} == set(GOOD)
    assert len(commands.all) >= 15


@shared
async def test_r39_integers_out_of_bounds_in_every_field(commands: Commands) -> None:
    """Beyond 64 bits, negative, fractional, a fraction that is whole, a text, a truth value."""
    before, spoilt = await dump(commands.world.db), 0
    for verb, path, name in commands.all:
        for field, schema in commands.known[name]["properties"].items():
            if "integer" not in types_of(schema, commands.known):
                continue
            for value in HUGE:
                body = {**GOOD[name], field: value}
                problem = await commands.refused(verb, path, json.dumps(body).encode(), 422)
                assert problem["code"] == "invalid_request"
                assert field in problem["detail"]
                spoilt += 1
            for raw in ("1e400", "-1e400", "NaN", "Infinity", "9" * 5_000):
                content = json.dumps({**GOOD[name], field: "@"}).replace('"@"', raw).encode()
                await commands.refused(verb, path, content, 400, 422)
    assert spoilt >= 150
    assert await dump(commands.world.db) == before


@shared
async def test_r39_hostile_texts_in_every_field(commands: Commands) -> None:
    """NUL characters, half a character, and more than anybody writes."""
    before, spoilt = await dump(commands.world.db), 0
    for verb, path, name in commands.all:
        for field, schema in commands.known[name]["properties"].items():
            kinds = types_of(schema, commands.known)
            if not kinds & {"string", "array"}:
                continue
            for text in TEXTS:
                body = {**GOOD[name], field: text if "string" in kinds else [text]}
                problem = await commands.refused(verb, path, json.dumps(body).encode(), 422)
                assert problem["code"] == "invalid_request"
                spoilt += 1
        # The name of a field is a text as well.
        for text in TEXTS:
            body = {**GOOD[name], text: 1}
            await commands.refused(verb, path, json.dumps(body).encode(), 422)
    assert spoilt >= 80
    assert await dump(commands.world.db) == before


@shared
async def test_r39_hostile_texts_in_paths_queries_and_headers(commands: Commands) -> None:
    """NUL and half characters there: not found, or invalid; the same for every listing."""
    before, asked = await dump(commands.world.db), 0
    own = f"/v1/accounts/{acc(commands.world, 'Agency')}"
    for text in ("%00", "a%00b", "%ED%A0%80", "%FF", "x" * 5_000, "..%2f..", "%E2%88%9E", "²"):
        for path in (
            f"/v1/accounts/acc_{text}/balance", f"/v1/accounts/{text}", f"{own}/spends/spd_{text}",
            f"{own}/purchases/{text}", f"{own}/notices?after={text}", f"{own}/lots?after=lot_{text}",
            f"{own}/statement?resource={text}", f"{own}/statement?after={text}", f"{own}/lots?limit={text}",
        ):  # fmt: skip
            answer = await commands.http.get(path)
            assert answer.status_code in (404, 422), (path, answer.text)
            assert answer.json()["code"] in ("not_found", "invalid_request")
            asked += 1
        rate = await commands.http.put(f"{own}/rates/{text}", json={"credits": 1})
        assert rate.status_code in (404, 422), text
    for number in (2**63, 10**40, -1, 0, "1e3", "x"):
        for path in (f"{own}/statement?after={number}", f"{own}/notices?limit={number}"):
            assert (await commands.http.get(path)).status_code == 422, path
    assert asked >= 70
    assert await dump(commands.world.db) == before


@shared
async def test_r39_bodies_that_are_not_objects_or_not_json(commands: Commands) -> None:
    """Malformed, of another type, of another kind, deep, empty or huge: for every command."""
    before = await dump(commands.world.db)
    for verb, path, name in commands.all:
        good = json.dumps(GOOD[name]).encode()
        for broken in (b"{", good[:-1], good + b"}", b"\xff" + good, b"{'a': 1}", b"[" * DEEP):
            problem = await commands.refused(verb, path, broken, 400)
            assert problem["code"] == "malformed_json"
        nested = b"[" * DEEP + b"]" * DEEP
        field = json.dumps(next(iter(GOOD[name]))).encode()
        for other in (
            b"",
            b"[]",
            b"null",
            b'"x"',
            b"1",
            b"[%s]" % good,
            b"{%s: %s}" % (field, nested),
        ):
            await commands.refused(verb, path, other, 400, 422)
        too_large = await commands.refused(verb, path, good + b" " * 10_000_000, 413)
        assert too_large["code"] == "too_large"
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
            answer = await commands.http.request(
                verb, path, content=good, headers={"Content-Type": kind, "Idempotency-Key": "k"}
            )
            assert (answer.status_code, answer.json()["code"]) == (415, "not_json")
    assert await dump(commands.world.db) == before


async def test_r39_ten_megabytes_without_a_length(world: World) -> None:
    """Sent in pieces over a real socket: refused when the limit is passed, or the line is cut."""
    await small_world(world)
    secret = await key_for(world, "Agency")
    before = await dump(world.db)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(160):
            yield b" " * 65_536

    async with (
        serving_api(world, with_worker=False) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http,
    ):
        headers = {
            "Authorization": f"Bearer {secret}",
            "Content-Type": "application/json",
            "Idempotency-Key": "k",
        }
        path = f"/v1/accounts/{acc(world, 'Agency')}/spends"
        try:
            answer = await http.post(path, content=pieces(), headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        except httpx.WriteError:
            pass
        alive = await http.get("/healthz")
        assert alive.json() == {"status": "ok"}
    assert await dump(world.db) == before


@shared
async def test_r1_no_request_can_make_a_circle(commands: Commands) -> None:
    """A parent is in the path and never changes: a body that names one is refused, and there is no
    request to move an account."""
    before = await dump(commands.world.db)
    agency, client = acc(commands.world, "Agency"), acc(commands.world, "Client 1")
    below = f"/v1/accounts/{agency}/accounts"
    for field in (
        "parent_id",
        "id",
        "account_id",
        "ancestors",
        "tenant_id",
        "seller_ref",
        "supply",
    ):
        for value in (agency, client, [agency]):
            body = json.dumps({**GOOD["OpenAccount"], field: value}).encode()
            problem = await commands.refused("POST", below, body, 422)
            assert field in problem["detail"]
    for path in (f"/v1/accounts/{agency}", f"/v1/accounts/{client}"):
        for verb in ("PUT", "PATCH", "POST", "DELETE"):
            await commands.refused(verb, path, json.dumps({"parent_id": client}).encode(), 405)
    # Nor below one that does not sell.
    body = json.dumps(GOOD["OpenAccount"]).encode()
    problem = await commands.refused("POST", f"/v1/accounts/{client}/accounts", body, 403)
    assert problem["code"] == "seller_cannot_sell"
    assert await dump(commands.world.db) == before
    chains = await commands.world.db.fetch("select account_id, ancestors from account")
    assert all(len(set(row["ancestors"])) == len(row["ancestors"]) for row in chains)


async def test_r39_r40_a_key_of_another_tenant(world: World) -> None:
    """It opens nothing here; the same idempotency key of two tenants is two keys."""
    await small_world(world)
    await world.open("Other", sells=True)
    await world.stock("Agency", credits=10)
    await world.stock("Other", credits=10)
    async with (
        serving_api(world, with_worker=False) as url,
        caller(world, url, "Agency") as mine,
        caller(world, url, "Other") as theirs,
    ):
        path = f"/v1/accounts/{acc(world, 'Agency')}/spends"
        before = await dump(world.db)
        foreign = await theirs.post(path, {"credits": 1}, "one")
        assert (foreign.status_code, foreign.json()["code"]) == (404, "not_found")
        assert await dump(world.db) == before
        for who, name in ((mine, "Agency"), (theirs, "Other")):
            own = await who.post(f"/v1/accounts/{acc(world, name)}/spends", {"credits": 3}, "one")
            assert own.json()["balance"] == 7
    assert (await world.credits("Agency")).free == (await world.credits("Other")).free == 7


@shared
async def test_r26_wrong_currencies(commands: Commands) -> None:
    """Not the seller's, not a currency, not three capitals: refused on a package and an account."""
    before = await dump(commands.world.db)
    agency = f"/v1/accounts/{acc(commands.world, 'Agency')}"
    for currency, code in (
        ("EUR", "wrong_currency"), ("XXX", "wrong_currency"), ("usd", "invalid_request"),
        ("US", "invalid_request"), ("ＵＳＤ", "invalid_request"), ("USD\n", "invalid_request"),
    ):  # fmt: skip
        body = json.dumps({**GOOD["PublishPackage"], "currency": currency}).encode()
        assert (await commands.refused("POST", f"{agency}/packages", body, 422))["code"] == code
        if currency != "EUR":
            body = json.dumps({**GOOD["OpenAccount"], "currency": currency}).encode()
            await commands.refused("POST", f"{agency}/accounts", body, 422)
    assert await dump(commands.world.db) == before
