"""When the agency cannot be secured its client pays nothing and learns nothing (R18)."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from brimful.domain.reason import Reason, title
from brimful.usecases.set_auto_billing import set_child_limit
from brimful_testbank.faults import Rule
from tests.builders.http import Caller, acc, caller, serving_api
from tests.builders.world import World, small_world

Break = Callable[[World], Awaitable[None]]

CLIENT = "Client 1"
NEUTRAL = {
    "type": "about:blank",
    "title": "Temporarily unavailable",
    "status": 503,
    "code": "temporarily_unavailable",
    "detail": title(Reason.temporarily_unavailable),
}
# What the agency pays for its own packages, and for what is missing here; none is a client's price.
AGENCY_PRICES = {500, 1_000, 2_000, 4_000, 5_000, 10_000, 999}
AGENCY_TROUBLE = re.compile(
    r"declin|insufficient_funds|lost_card|authenti|paused|retry_later|limit|cap_|_off\b|no_credit|"
    r"no_chatbot|no_payment|gateway_un|payment service|stellar|platform|\$(5|10|20|40|50|100)\.00|"
    r"2,000 credits|12,500|35,000|extra chatbot|ending (9995|9987|3184)|agency's",
    re.IGNORECASE,
)


def card(token: str) -> Break:
    """The agency's card is one that the bank does not charge."""
    return lambda world: world.card("Agency", token)


def limits(**setting: Any) -> Break:
    """The agency's owner has switched auto-billing off, or limited it."""
    return lambda world: world.auto_billing("Agency", **setting)


async def after_a_decline(world: World, token: str) -> None:
    """The agency's card was declined for its own query, and may not be tried now."""
    await world.card("Agency", token)
    await world.spend("Agency", 1)


async def child_limit(world: World) -> None:
    """What this client may make the agency pay in a month."""
    account = await world.account("Agency")
    await set_child_limit(
        world.engine.ctx, tenant_id=account.tenant_id, account_id=account.account_id,
        child_id=world.names[CLIENT], per_month_minor=999,
    )  # fmt: skip


async def nothing_offered(world: World) -> None:
    """The platform has withdrawn its packages of credits."""
    await world.db.execute(
        "update package set withdrawn_at = now() "
        "where seller_ref = $1 and kind = 'additional_credits'",
        world.platform.platform_id,
    )


async def no_card(world: World) -> None:
    """The agency's owner has removed the card."""
    await world.db.execute(
        "update payment_method set removed_at = now() where account_id = $1", world.names["Agency"]
    )


async def outage(world: World) -> None:
    """The gateway gives no answer to what the platform charges."""
    world.desk.faults.rules[:] = [
        Rule(fault="http_500_before", verb="create", merchant="platform", times=10_000)
    ]


# What is wrong with the agency, and what its owner is told has failed. Found by a check ahead, no
# card is touched; found at the gateway, the client's card was held and is let go.
AHEAD: dict[str, tuple[Break, Reason]] = {
    "cap_of_a_charge": (limits(per_charge_minor=999), Reason.cap_per_charge),
    "cap_of_the_month": (limits(per_month_minor=999), Reason.cap_per_month),
    "cap_of_the_client": (child_limit, Reason.cap_per_child),
    "no_package": (nothing_offered, Reason.no_credit_package),
    "no_package_allowed": (limits(allowed_packages=[]), Reason.no_credit_package),
    "paused": (lambda w: after_a_decline(w, "tok_lost_card"), Reason.auto_billing_paused),
    "not_yet": (lambda w: after_a_decline(w, "tok_insufficient_funds"), Reason.retry_later),
    "no_card": (no_card, Reason.no_payment_method),
    "off": (limits(enabled=False), Reason.auto_billing_off),
}
AT_THE_GATEWAY: dict[str, tuple[Break, Reason]] = {
    "declined": (card("tok_insufficient_funds"), Reason.card_declined),
    "declined_for_good": (card("tok_lost_card"), Reason.card_declined),
    "authentication": (card("tok_authenticate"), Reason.authentication_required),
    "outage": (outage, Reason.gateway_unavailable),
}
BROKEN = {**AHEAD, **AT_THE_GATEWAY}
CASES = [(name, kind) for name in BROKEN for kind in ("spend", "purchase")]
# A client of an agency that is switched off has no auto-billing of its own to wait for (R10).
CASES.remove(("off", "spend"))


@asynccontextmanager
async def client_of(world: World) -> AsyncIterator[Caller]:
    """The client at the API, with the worker beside it."""
    async with serving_api(world) as url, caller(world, url, CLIENT) as client:
        yield client


async def ask(world: World, client: Caller, kind: str, key: str) -> Any:
    """The client's query or its purchase of the plan; neither can be met from stock."""
    path = f"/v1/accounts/{acc(world, CLIENT)}"
    if kind == "spend":
        return await client.post(f"{path}/spends", {"credits": 25}, key=key)
    return await client.post(f"{path}/purchases", await plan(world), key=key)


async def plan(world: World) -> dict[str, str]:
    """The body that names the agency's plan."""
    found = await world.db.fetchval("select package_id from package where kind = 'subscription'")
    return {"package_id": f"pkg_{found.hex}"}


async def broken(world: World, name: str) -> Reason:
    """An agency with a plan to sell, a client, and what is wrong with the agency; why."""
    await small_world(world)
    await world.package("Agency", 9_900, credits=8_000, interval="month", name="Plan")
    break_it, reason = BROKEN[name]
    await break_it(world)
    await world.settle()
    return reason


def leaves(value: Any) -> Iterator[Any]:
    """Every single value of an answer, however deep."""
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from leaves(part)
    else:
        yield value


async def all_it_sees(world: World, client: Caller) -> dict[str, Any]:
    """Every page of the API that the client's key opens, and each of its purchases by itself."""
    home = f"/v1/accounts/{acc(world, CLIENT)}"
    schema = (await client.get("/openapi.json")).json()["paths"]
    known = "/v1/accounts/{account_id}"
    paths = [p for p, verbs in schema.items() if "get" in verbs and p.startswith(known)]
    pages = [home + p.removeprefix(known) for p in paths if p.count("{") == 1]
    for purchase in await world.purchases(CLIENT):
        pages.append(f"{home}/purchases/pur_{purchase['purchase_id'].hex}")
        if purchase["origin"] == "auto_billing":
            pages.append(f"{home}/auto-billings/pur_{purchase['purchase_id'].hex}")
    answers = {page: await client.get(page) for page in pages}
    seen = {page: answer.json() for page, answer in answers.items() if answer.status_code == 200}
    closed = set(pages) - set(seen)
    assert closed == {f"{home}/packages", f"{home}/rates"}, "what only sellers have"
    wishes = (
        ("spend", {"credits": 25}),
        ("sale", {"credits": 25}),
        ("purchase", await plan(world)),
    )
    for kind, body in wishes:
        seen[kind] = (await client.post(f"{home}/previews/{kind}", body)).json()
    return seen


def check_neutral(seen: dict[str, Any]) -> None:
    """No figure or word of the agency's is in what the client sees."""
    told = [
        (page, leaf)
        for page, answer in seen.items()
        for leaf in leaves(answer)
        if (isinstance(leaf, str) and AGENCY_TROUBLE.search(leaf))
        or (isinstance(leaf, int) and not isinstance(leaf, bool) and leaf in AGENCY_PRICES)
    ]
    assert told == []


async def check_nothing_is_left(world: World) -> None:
    """By the bank nobody paid and no card is held; by the rows nothing waits or is set aside, and no
    purchase is open but the agency's own, whose gateway may not answer yet."""
    assert world.taken() == []
    assert world.held_open() == []
    left = await world.db.fetchval(
        "select (select count(*) from purchase where state <> 'failed' and buyer_id <> $1) "
        "+ (select count(*) from charge where state <> 'canceled' and account_id <> $1) "
        "+ (select count(*) from demand where state in ('waiting', 'met')) "
        "+ (select count(*) from spend where state <> 'refused') "
        "+ (select count(*) from reservation) + (select count(*) from receivable)",
        world.names["Agency"],
    )
    assert left == 0
    assert (await world.credits(CLIENT)).received == 0


async def check_notices_of_client(world: World, begun: bool) -> None:
    """One, in the agency's name, when its own auto-billing had begun; none otherwise."""
    notices = [n for n in await world.notices(CLIENT) if n["kind"] != "inactive"]
    check_neutral({"notices": [[n["title"], n["body"], n["facts"]] for n in notices]})
    assert len(notices) == begun
    for notice in notices:
        assert notice["brand_id"] == world.names["Agency"]
        assert title(Reason.temporarily_unavailable) in notice["body"]
        assert "25 credits" in notice["body"] and "Nothing was charged." in notice["body"]


@pytest.mark.parametrize(("name", "kind"), CASES)
async def test_r18_the_client_is_not_charged_and_hears_one_neutral_answer(
    world: World, name: str, kind: str
) -> None:
    """The agency's owner has one notice: who waited, for what, and what failed."""
    reason = await broken(world, name)
    before = [notice["notice_id"] for notice in await world.notices("Agency")]
    effects = len(world.desk.journal.effects())
    async with client_of(world) as client:
        answer = await ask(world, client, kind, "first")
        await world.settle()
        assert (answer.status_code, answer.json()) == (503, NEUTRAL)
        assert answer.headers["retry-after"] == "60"
        check_neutral(await all_it_sees(world, client))
    if name not in AT_THE_GATEWAY:
        assert len(world.desk.journal.effects()) == effects
    await check_nothing_is_left(world)
    told = [n for n in await world.notices("Agency") if n["notice_id"] not in before]
    [words] = [f"{notice['title']}\n{notice['body']}" for notice in told]
    wanted = {"spend": ("25 credits", "3,000 credits"), "purchase": ("8,000 credits",)}[kind]
    assert CLIENT in words and title(reason) in words
    assert any(amount in words for amount in wanted)
    await check_notices_of_client(world, kind == "spend" and name in AT_THE_GATEWAY)


@pytest.mark.parametrize("name", ["cap_of_the_month", "no_package", "not_yet"])
async def test_r18_r42_the_owner_is_not_told_again_at_every_query(world: World, name: str) -> None:
    """The client asks four times, with other keys and the same: one notice, one neutral answer."""
    await broken(world, name)
    before = len(await world.notices("Agency"))
    async with client_of(world) as client:
        for key in ("first", "second", "third", "third"):
            assert (await ask(world, client, "spend", key)).json() == NEUTRAL
    assert len(await world.notices("Agency")) == before + 1
    assert await world.notices(CLIENT) == []


async def test_r18_r42_a_refusal_that_cannot_be_told_is_none(world: World) -> None:
    """The notice for its owner cannot be written: the client hears of a fault of ours, and nothing waits.
    Asked again when it can, it is refused, and the owner told once."""
    await broken(world, "cap_of_the_month")
    before = len(await world.notices("Agency"))
    async with client_of(world) as client:
        await world.db.execute(
            "alter table notice add constraint full_disk check (false) not valid"
        )
        assert (await ask(world, client, "spend", "first")).status_code == 500
        await check_nothing_is_left(world)
        await world.db.execute("alter table notice drop constraint full_disk")
        for key in ("first", "second"):
            assert (await ask(world, client, "spend", key)).json() == NEUTRAL
    await check_nothing_is_left(world)
    assert len(await world.notices("Agency")) == before + 1
    assert await world.notices(CLIENT) == []


async def test_r17_r36_stock_that_has_lapsed_secures_nobody(world: World) -> None:
    """Credits whose end has passed are found out ahead, settled or not: no card is held for them."""
    await broken(world, "cap_of_a_charge")
    await world.stock("Agency", credits=9_000)
    ended = await world.db.fetchval("select now() - interval '1 minute'")
    for table, column in (("lot", "expires_at"), ("balance", "next_expiry_at")):
        await world.db.execute(
            f"update {table} set {column} = $2 where account_id = $1", world.names["Agency"], ended
        )
    async with client_of(world) as client:
        assert (await ask(world, client, "purchase", "first")).json() == NEUTRAL
        assert (await ask(world, client, "spend", "second")).json() == NEUTRAL
        await world.settle()
    await check_nothing_is_left(world)
    assert world.desk.journal.effects() == []


@pytest.mark.parametrize("name", ["cap_of_a_charge", "declined"])
async def test_r18_an_agency_between_learns_who_waited_and_nothing_from_above(
    world: World, name: str
) -> None:
    """A branch of the agency and its client hear nothing of the agency; the branch of its client."""
    await broken(world, name)
    await world.open("Branch", "Agency", sells=True)
    await world.open("Leaf", "Branch")
    await world.package("Branch", 3_300, credits=600, name="600 credits")
    for below in ("Branch", "Leaf"):
        await world.card(below)
        await world.auto_billing(below)
    answer = await world.spend("Leaf", 25)
    await world.settle()
    assert (answer.reason, answer.detail) == (Reason.temporarily_unavailable, {})
    await check_nothing_is_left(world)
    for below in ("Branch", "Leaf"):
        notices = await world.notices(below)
        check_neutral({below: [[n["title"], n["body"], n["facts"]] for n in notices]})
    assert len(await world.notices("Agency")) == 1
    told = [notice["body"] for notice in await world.notices("Branch")]
    assert len(told) == 1
    assert "Leaf" in told[0] and "temporarily unavailable" in told[0].lower()
