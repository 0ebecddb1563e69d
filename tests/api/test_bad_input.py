"""Bad input: each with its clear error, and nothing changed (R39)."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from brimful.api.app import create_app
from tests.api.test_tenant_walls import digest
from tests.builders.http import key_for
from tests.builders.world import World, small_world


@pytest.fixture
async def agency(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """The agency's calls; paths are below its account."""
    await small_world(world)
    secret = await key_for(world, "Agency")
    base = f"http://test/v1/accounts/acc_{world.names['Agency'].hex}"
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=create_app(world.engine)),
        base_url=base,
        headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": "bad"},
    ) as http:
        yield http


PACKAGE = {"kind": "additional_credits", "name": "P", "price_minor": 100, "credits": 10}
BAD: list[tuple[str, Any, int, str]] = [
    ("/spends", {"credits": 0}, 422, "credits"),
    ("/spends", {"credits": -1}, 422, "credits"),
    ("/spends", {"credits": 1.5}, 422, "credits"),
    ("/spends", {"credits": 1.0}, 422, "credits"),
    ("/spends", {"credits": "1"}, 422, "credits"),
    ("/spends", {"credits": True}, 422, "credits"),
    ("/spends", {"credits": 10**30}, 422, "credits"),
    ("/spends", {"credits": None}, 422, "credits"),
    ("/spends", {}, 422, "credits"),
    ("/spends", {"credits": 1, "model": "gpt-4"}, 422, "credits"),
    ("/spends", {"model": "unknown"}, 422, "unknown"),
    ("/spends", {"credits": 1, "extra": 1}, 422, "extra"),
    ("/spends", [], 422, "body"),
    ("/packages", {**PACKAGE, "price_minor": 0}, 422, "price_minor"),
    ("/packages", {**PACKAGE, "price_minor": -5}, 422, "price_minor"),
    ("/packages", {**PACKAGE, "price_minor": 9.99}, 422, "price_minor"),
    ("/packages", {**PACKAGE, "price_minor": 10**18}, 422, "price_minor"),
    ("/packages", {**PACKAGE, "credits": 0}, 422, "credits"),
    ("/packages", {**PACKAGE, "currency": "EUR"}, 422, "USD"),
    ("/packages", {**PACKAGE, "currency": "usd"}, 422, "currency"),
    ("/packages", {**PACKAGE, "name": ""}, 422, "name"),
    ("/packages", {**PACKAGE, "name": "a\u0000b"}, 422, "NUL"),
    ("/packages", {**PACKAGE, "name": "x" * 201}, 422, "name"),
    ("/packages", {**PACKAGE, "kind": "free"}, 422, "kind"),
    ("/packages", {"kind": "subscription", "name": "S", "price_minor": 5, "credits": 5}, 422, "interval"),
    ("/purchases", {"package_id": "pkg_" + "0" * 32}, 404, "package"),
    ("/purchases", {"package_id": "nonsense"}, 422, "package_id"),
    ("/purchases", {"package_id": "pkg_" + "0" * 32, "quantity": 0}, 422, "quantity"),
    ("/accounts", {"name": "A", "owner_name": "A", "owner_email": "no"}, 422, "owner_email"),
    ("/accounts", {"name": "A", "owner_name": "A", "owner_email": "a@b.c", "zone": "Mars/X"}, 422, "zone"),
    ("/accounts", {"name": "A", "owner_name": "A", "owner_email": "a@b.c", "currency": "XXX"}, 422, "XXX"),
    ("/accounts", {"name": "A", "owner_name": "A", "owner_email": "a@b.c", "parent_id": "x"}, 422, "parent_id"),
    ("/allotments", {"credits": 1}, 403, "seller"),
    ("/payment-methods", {"token": "4242424242424242"}, 422, "token"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body", "status", "word"), BAD)
async def test_r39_bad_input_is_refused_and_changes_nothing(
    agency: httpx.AsyncClient, world: World, path: str, body: Any, status: int, word: str
) -> None:
    """A problem with a stable code and a word on what is wrong; the database is as it was."""
    before = await digest(world.db)
    answer = await agency.post(path, json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["code"]
    assert word in answer.text
    assert await digest(world.db) == before


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "malformed_json"),
        (b"\xff\xfe", "application/json", 400, "malformed_json"),
        (b'{"credits": NaN}', "application/json", 422, "invalid_request"),
        (b'{"credits": 1}', "text/plain", 415, "not_json"),
        (b"a" * 10_000_000, "application/json", 413, "too_large"),
        (b'{"credits": 1, "model": "\x00"}', "application/json", 422, "invalid_request"),
        (b"[" * 50_000, "application/json", 400, "malformed_json"),
    ],
    ids=["cut", "not_utf8", "nan", "text", "ten_megabytes", "nul", "deep"],
)
async def test_r39_bodies_that_are_not_what_they_should_be(
    agency: httpx.AsyncClient, world: World, content: bytes, kind: str, status: int, code: str
) -> None:
    """Refused before anything is done, never with a 5xx."""
    before = await digest(world.db)
    answer = await agency.post("/spends", content=content, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text
    assert answer.json()["code"] == code
    assert await digest(world.db) == before


async def test_r39_a_reused_key_with_another_body_is_an_error(
    agency: httpx.AsyncClient, world: World
) -> None:
    """And the same key with the same body has one effect."""
    await world.stock("Agency", credits=100)
    first = await agency.post("/spends", json={"credits": 5})
    again = await agency.post("/spends", json={"credits": 5})
    other = await agency.post("/spends", json={"credits": 6})
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert other.status_code == 409
    assert other.json()["code"] == "idempotency_key_reused"
    assert (await world.credits("Agency")).free == 95


async def test_r39_a_command_needs_a_key(agency: httpx.AsyncClient) -> None:
    """Without an Idempotency-Key, or with one that is not plain ASCII."""
    del agency.headers["Idempotency-Key"]
    assert (await agency.post("/spends", json={"credits": 5})).status_code == 422
    long = await agency.post("/spends", json={"credits": 5}, headers={"Idempotency-Key": "x" * 201})
    assert long.status_code == 422


async def test_r39_an_external_id_is_given_once_by_a_seller(
    agency: httpx.AsyncClient, world: World
) -> None:
    """Another account with it is a conflict, not a fault; the same key finds the first again."""
    body = {"name": "A", "owner_name": "A", "owner_email": "a@b.example", "external_id": "crm-7"}
    first = await agency.post("/accounts", json=body)
    assert first.status_code == 201
    before = await digest(world.db)
    assert (await agency.post("/accounts", json=body)).json() == first.json()
    other = await agency.post("/accounts", json=body, headers={"Idempotency-Key": "another"})
    assert (other.status_code, other.json()["code"]) == (409, "external_id_taken")
    assert await digest(world.db) == before


async def test_r12_a_package_of_someone_elses_seller_is_unknown(
    agency: httpx.AsyncClient, world: World
) -> None:
    """The agency can buy the platform's packages, not its own nor another agency's."""
    await world.open("Other", sells=True)
    foreign = await world.package("Other", 100, credits=10)
    own = await world.package("Agency", 100, credits=10)
    before = await digest(world.db)
    for package in (foreign, own):
        answer = await agency.post("/purchases", json={"package_id": f"pkg_{package.hex}"})
        assert answer.status_code == 404
        assert answer.json()["code"] == "unknown_package"
    assert await digest(world.db) == before


async def test_r9_activation_is_refused_where_it_is_not_available(world: World) -> None:
    """A client of a seller without auto-billing sees `available: false` and cannot switch it on."""
    await small_world(world, clients=1)
    await world.auto_billing("Client 1", enabled=False)
    await world.auto_billing("Agency", enabled=False)
    secret = await key_for(world, "Client 1")
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=create_app(world.engine)),
        base_url=f"http://test/v1/accounts/acc_{world.names['Client 1'].hex}",
        headers={"Authorization": f"Bearer {secret}"},
    ) as http:
        seen = await http.get("/auto-billing")
        assert seen.json() == {"available": False, "code": "auto_billing_unavailable"}
        refused = await http.put(
            "/auto-billing",
            json={"enabled": True, "monthly_limit_minor": "none", "given_by": "Owner"},
        )
        assert refused.status_code == 402
        assert refused.json()["code"] == "auto_billing_unavailable"


async def test_r27_switching_on_needs_a_limit_a_name_and_a_card(world: World) -> None:
    """Consent is explicit; each lack is named; nothing is on."""
    await world.open("Agency", sells=True)
    secret = await key_for(world, "Agency")
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=create_app(world.engine)),
        base_url=f"http://test/v1/accounts/acc_{world.names['Agency'].hex}",
        headers={"Authorization": f"Bearer {secret}"},
    ) as http:
        full = {"enabled": True, "monthly_limit_minor": 5_000, "given_by": "Ann"}
        assert (await http.put("/auto-billing", json=full)).json()["code"] == "no_payment_method"
        await world.card("Agency")
        for lacking in ("monthly_limit_minor", "given_by"):
            body = {name: value for name, value in full.items() if name != lacking}
            answer = await http.put("/auto-billing", json=body)
            assert answer.json()["code"] == "consent_required"
        assert (await http.get("/auto-billing")).json()["status"] == "off"
        assert (await http.put("/auto-billing", json=full)).json()["status"] == "on"
    consents = await world.db.fetch("select enabled, given_by, monthly_limit from consent")
    assert [tuple(row) for row in consents] == [(True, "Ann", "5000")]
