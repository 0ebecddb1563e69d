"""Bad input: each with its clear error, and nothing changed (R39)."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.api.dump import dump
from tests.builders.http import acc, caller, key_for, serving_api
from tests.builders.world import World, small_world

shared = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def agency(small: World) -> AsyncIterator[httpx.AsyncClient]:
    """The agency's calls; paths are below its account."""
    async with (
        serving_api(small, with_worker=False) as url,
        httpx.AsyncClient(
            base_url=f"{url}/v1/accounts/{acc(small, 'Agency')}",
            headers={"Authorization": f"Bearer {await key_for(small, 'Agency')}"},
            timeout=30,
            trust_env=False,
        ) as http,
    ):
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
    ("/holds", {"credits": 0}, 422, "credits"),
    ("/holds", {"credits": 1, "ttl_s": 0}, 422, "ttl_s"),
    ("/holds", {"credits": 1, "ttl_s": 86_401}, 422, "ttl_s"),
    ("/holds", {"credits": 1, "model": "gpt-4"}, 422, "model"),
    ("/holds/hld_0/capture", {"credits": 1}, 404, "nothing"),
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


KEY = {"Idempotency-Key": "bad"}


@shared
@pytest.mark.parametrize(("path", "body", "status", "word"), BAD)
async def test_r39_bad_input_is_refused_and_changes_nothing(
    agency: httpx.AsyncClient, small: World, path: str, body: Any, status: int, word: str
) -> None:
    """A problem with a stable code and a word on what is wrong; the database is as it was."""
    before = await dump(small.db)
    answer = await agency.post(path, json=body, headers=KEY)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"]
    assert word in answer.text
    assert await dump(small.db) == before


@shared
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
    agency: httpx.AsyncClient, small: World, content: bytes, kind: str, status: int, code: str
) -> None:
    """Refused before anything is done, never with a 5xx."""
    before = await dump(small.db)
    answer = await agency.post("/spends", content=content, headers={"Content-Type": kind, **KEY})
    assert answer.status_code == status, answer.text
    assert answer.json()["code"] == code
    assert await dump(small.db) == before


# A platform's package, how many of it, and what the whole comes to: past 10^12 credits, 10^6
# chatbots and 10^11 minor units.
BEYOND: list[tuple[dict[str, Any], int, str]] = [
    (
        {"price_minor": 9, "credits": 10**12, "interval": "month"},
        10_000,
        "1,000,000,000,000 credits",
    ),
    ({"price_minor": 9, "credits": 10**12, "interval": "month"}, 2, "1,000,000,000,000 credits"),
    ({"price_minor": 99_999_999, "credits": 1}, 10_000, "100,000,000,000 minor units"),
    ({"price_minor": 9, "chatbots": 10**6, "interval": "month"}, 2, "1,000,000 chatbots"),
]


@shared
@pytest.mark.parametrize("path", ["/purchases", "/previews/purchase"])
@pytest.mark.parametrize(("package", "quantity", "word"), BEYOND)
async def test_r39_a_quantity_that_comes_to_more_than_one_request_may_name(
    agency: httpx.AsyncClient,
    small: World,
    path: str,
    package: dict[str, Any],
    quantity: int,
    word: str,
) -> None:
    """Each number is within its bounds, their product is not: refused, and nothing changed."""
    made = await small.package(None, **package)
    before = await dump(small.db)
    body = {"package_id": f"pkg_{made.hex}", "quantity": quantity}
    answer = await agency.post(path, json=body, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request"), answer.text
    assert word in answer.json()["detail"]
    assert await dump(small.db) == before
    one = await agency.post("/previews/purchase", json={"package_id": f"pkg_{made.hex}"})
    assert one.status_code == 200  # within the bounds it is not refused


async def test_r12_ten_thousand_of_the_largest_pack(world: World) -> None:
    """10,000 × 10^12 credits to a client whose seller has none of them: refused before anybody
    plans for it."""
    await world.open("Vast", sells=True)
    await world.open("Client", "Vast")
    await world.card("Client")
    pack = await world.package("Vast", 100, credits=10**12)
    async with serving_api(world, with_worker=False) as url, caller(world, url, "Client") as one:
        before = await dump(world.db)
        for path in ("purchases", "previews/purchase"):
            body = {"package_id": f"pkg_{pack.hex}", "quantity": 10_000}
            answer = await one.post(f"/v1/accounts/{acc(world, 'Client')}/{path}", body, "k")
            assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
        assert await dump(world.db) == before


@shared
async def test_r7_messages_that_come_to_more_credits_than_a_spend_may_name(
    agency: httpx.AsyncClient, small: World
) -> None:
    """The largest rate by the most messages."""
    await small.db.execute(
        "insert into rate values ($1, 'dear', 1000000000000, 1, now())", small.platform.platform_id
    )
    before = await dump(small.db)
    body = {"model": "dear", "messages": 1_000_000}
    answer = await agency.post("/spends", json=body, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert await dump(small.db) == before


@shared
async def test_r39_a_reused_key_with_another_body_is_an_error(
    agency: httpx.AsyncClient, small: World
) -> None:
    """And the same key with the same body has one effect."""
    await small.stock("Agency", credits=100)
    before = (await small.credits("Agency")).free
    key = {"Idempotency-Key": "reused"}
    first = await agency.post("/spends", json={"credits": 5}, headers=key)
    again = await agency.post("/spends", json={"credits": 5}, headers=key)
    other = await agency.post("/spends", json={"credits": 6}, headers=key)
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert other.status_code == 409
    assert other.json()["code"] == "idempotency_key_reused"
    assert (await small.credits("Agency")).free == before - 5


@shared
async def test_r39_a_command_needs_a_key(agency: httpx.AsyncClient) -> None:
    """Without an Idempotency-Key, or with one that is not plain ASCII."""
    for given in (
        {},
        {"Idempotency-Key": "x" * 201},
        {"Idempotency-Key": ""},
        {"Idempotency-Key": "a b"},
    ):
        answer = await agency.post("/spends", json={"credits": 5}, headers=given)
        assert answer.status_code == 422, given


@shared
async def test_r39_an_external_id_is_given_once_by_a_seller(
    agency: httpx.AsyncClient, small: World
) -> None:
    """Another account with it is a conflict, not a fault; the same key finds the first again."""
    body = {"name": "A", "owner_name": "A", "owner_email": "a@b.example", "external_id": "crm-7"}
    key = {"Idempotency-Key": "one"}
    first = await agency.post("/accounts", json=body, headers=key)
    assert first.status_code == 201
    before = await dump(small.db)
    assert (await agency.post("/accounts", json=body, headers=key)).json() == first.json()
    other = await agency.post("/accounts", json=body, headers={"Idempotency-Key": "another"})
    assert (other.status_code, other.json()["code"]) == (409, "external_id_taken")
    assert await dump(small.db) == before


@shared
async def test_r12_a_package_of_someone_elses_seller_is_unknown(
    agency: httpx.AsyncClient, small: World
) -> None:
    """The agency can buy the platform's packages, not its own nor another agency's."""
    await small.open("Other", sells=True)
    foreign = await small.package("Other", 100, credits=10)
    own = await small.package("Agency", 100, credits=10)
    before = await dump(small.db)
    for package in (foreign, own):
        body = {"package_id": f"pkg_{package.hex}"}
        answer = await agency.post("/purchases", json=body, headers=KEY)
        assert answer.status_code == 404
        assert answer.json()["code"] == "unknown_package"
    assert await dump(small.db) == before


async def test_r9_activation_is_refused_where_it_is_not_available(world: World) -> None:
    """A client of a seller without auto-billing sees `available: false` and cannot switch it on."""
    await small_world(world, clients=1)
    await world.auto_billing("Client 1", enabled=False)
    await world.auto_billing("Agency", enabled=False)
    async with serving_api(world, with_worker=False) as url, caller(world, url, "Client 1") as one:
        path = f"/v1/accounts/{acc(world, 'Client 1')}/auto-billing"
        seen = await one.get(path)
        assert seen.json() == {"available": False, "code": "auto_billing_unavailable"}
        wish = {"enabled": True, "monthly_limit_minor": "none", "given_by": "Owner"}
        refused = await one.http.put(path, json=wish)
        assert (refused.status_code, refused.json()["code"]) == (402, "auto_billing_unavailable")


async def test_r27_switching_on_needs_a_limit_a_name_and_a_card(world: World) -> None:
    """Consent is explicit; each lack is named; nothing is on."""
    await world.open("Agency", sells=True)
    async with serving_api(world, with_worker=False) as url, caller(world, url, "Agency") as one:
        path = f"/v1/accounts/{acc(world, 'Agency')}/auto-billing"
        full = {"enabled": True, "monthly_limit_minor": 5_000, "given_by": "Ann"}
        assert (await one.http.put(path, json=full)).json()["code"] == "no_payment_method"
        await world.card("Agency")
        for lacking in ("monthly_limit_minor", "given_by"):
            body = {name: value for name, value in full.items() if name != lacking}
            assert (await one.http.put(path, json=body)).json()["code"] == "consent_required"
        assert (await one.get(path)).json()["status"] == "off"
        assert (await one.http.put(path, json=full)).json()["status"] == "on"
    consents = await world.db.fetch("select enabled, given_by, monthly_limit from consent")
    assert [tuple(row) for row in consents] == [(True, "Ann", "5000")]
