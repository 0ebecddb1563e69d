"""The catalogue changes in the same instant as somebody buys from it (R10, R26, R39): each purchase
is made at what was on offer, whole, or refused; what is charged is what is recorded."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from uuid import UUID

import httpx
import pytest

from brimful.domain.effect import Plan
from brimful.usecases.steps import Step, set_hook
from tests.builders.http import Caller, acc, caller, serving_api
from tests.builders.world import World, small_world

CLIENTS = 6
TURNS = 5


@pytest.fixture
async def platform(world: World) -> AsyncIterator[Caller]:
    """The platform's calls on a small world with some clients."""
    await small_world(world, clients=CLIENTS)
    async with serving_api(world) as url, caller(world, url, None) as one:
        yield one


def path_of(world: World, package: UUID, seller: str | None = "Agency") -> str:
    """Where a package is changed and withdrawn."""
    return f"/v1/accounts/{acc(world, seller)}/packages/pkg_{package.hex}"


async def while_all_buy(
    platform: Caller, world: World, package: UUID, turn: int, change: Awaitable[httpx.Response]
) -> list[httpx.Response]:
    """Every client buys; the change is sent when so many of the purchases have begun as the turn
    says, so that the instant is another in each: from just before the first to among the last.
    Returns the answers to the purchases."""
    await world.stock("Agency", credits=1_000)
    body = {"package_id": f"pkg_{package.hex}"}
    if turn == 0:
        assert (await change).is_success
    buying = [
        asyncio.create_task(
            platform.post(f"/v1/accounts/{acc(world, name)}/purchases", body, f"turn-{turn}")
        )
        for name in (f"Client {n}" for n in range(1, CLIENTS + 1))
    ]
    async with asyncio.timeout(30):
        while turn > await world.db.fetchval(
            "select count(*) from purchase_line where package_id = $1", package
        ):
            pass
    assert turn == 0 or (await change).is_success
    answers = await asyncio.gather(*buying)
    await world.settle()
    return answers


async def test_r39_a_package_withdrawn_in_the_same_instant(platform: Caller, world: World) -> None:
    """Purchases and one withdrawal at once: each is delivered at the price, or refused."""
    merchant = (await world.account("Agency")).merchant_ref
    outcomes: set[str] = set()
    for turn in range(TURNS):
        package, taken = await world.package("Agency", 700, credits=10), world.taken(merchant)
        withdrawal = platform.http.delete(path_of(world, package))
        answers = await while_all_buy(platform, world, package, turn, withdrawal)
        delivered = [answer for answer in answers if answer.status_code == 201]
        for answer in answers:
            told = answer.json()
            if answer in delivered:
                assert (told["status"], told["amount_minor"]) == ("delivered", 700)
            else:
                assert (answer.status_code, told["code"]) == (409, "package_withdrawn")
            outcomes.add(told.get("code", "delivered"))
        assert world.taken(merchant)[len(taken) :] == [700] * len(delivered)
        assert len(delivered) >= turn
        body = {"package_id": f"pkg_{package.hex}"}
        own = f"/v1/accounts/{acc(world, 'Client 1')}/purchases"
        late = await platform.post(own, body, f"late-{turn}")
        assert late.json()["code"] == "package_withdrawn"
    assert outcomes == {"delivered", "package_withdrawn"}


async def test_r26_a_new_price_published_in_the_same_instant(
    platform: Caller, world: World
) -> None:
    """Each purchase has the price and the credits of one version, and that is what is charged."""
    merchant = (await world.account("Agency")).merchant_ref
    seen: set[int] = set()
    new = {"kind": "additional_credits", "name": "New", "price_minor": 900, "credits": 20}
    for turn in range(TURNS):
        package, taken = await world.package("Agency", 700, credits=10), world.taken(merchant)
        held = sum([(await world.credits(f"Client {n}")).free for n in range(1, CLIENTS + 1)])
        publication = platform.http.put(path_of(world, package), json=new)
        answers = await while_all_buy(platform, world, package, turn, publication)
        told = [answer.json() for answer in answers]
        assert {answer.status_code for answer in answers} == {201}
        sold = [(one["amount_minor"], one["credits"]) for one in told]
        assert set(sold) <= {(700, 10), (900, 20)}
        assert sorted(world.taken(merchant)[len(taken) :]) == sorted(price for price, _ in sold)
        now = sum([(await world.credits(f"Client {n}")).free for n in range(1, CLIENTS + 1)])
        assert now - held == sum(credits for _, credits in sold)
        for one in told:
            assert await recorded(world, one["id"]) == (one["amount_minor"], one["credits"])
        seen |= {price for price, _ in sold}
        own = f"/v1/accounts/{acc(world, 'Client 1')}/purchases"
        late = await platform.post(own, {"package_id": f"pkg_{package.hex}"}, f"late-{turn}")
        assert (late.json()["amount_minor"], late.json()["credits"]) == (900, 20)
    assert seen == {700, 900}


async def recorded(world: World, purchase: str) -> tuple[int, int]:
    """Price and credits of the version that a purchase names; its line and charge say the same."""
    row = await world.db.fetchrow(
        "select v.price_minor, v.credits, l.amount_minor, l.credits as brought, c.amount_minor as charged"
        " from purchase_line l join charge c using (tenant_id, purchase_id)"
        " join package_version v on (v.package_id, v.version) = (l.package_id, l.package_version)"
        " where l.purchase_id = $1 and c.state = 'captured'",
        UUID(hex=purchase[4:]),
    )
    assert row["price_minor"] == row["amount_minor"] == row["charged"]
    assert row["credits"] == row["brought"]
    return row["price_minor"], row["credits"]


@contextlib.contextmanager
def at_the_instant(
    world: World, who: str, when: str, change: Callable[[], Awaitable[httpx.Response]]
) -> Iterator[list[Awaitable[httpx.Response]]]:
    """Make a change once, as an account's auto-billing is planned: done before the plan, under way
    during it, or done right after its intent is committed."""
    made: list[Awaitable[httpx.Response]] = []

    async def hook(step: Step, subject: object) -> None:
        if made or not isinstance(subject, Plan) or subject.account_id != world.names[who]:
            return
        if step is (Step.intent_committed if when == "after" else Step.before_plan):
            made.append(asyncio.ensure_future(change()))
            if when != "during":
                await made[0]

    set_hook(hook)
    try:
        yield made
    finally:
        set_hook(None)


async def test_r12_a_pack_withdrawn_in_the_instant_an_auto_billing_plans_on_it(
    platform: Caller, world: World
) -> None:
    """The query is served all the same; bought is a pack that was on offer when it was planned."""
    path = f"/v1/accounts/{acc(world, 'Agency')}/spends"
    paid: dict[str, set[int]] = {"before": set(), "during": set(), "after": set()}
    for turn, when in enumerate(("before", "during", "during", "during", "after")):
        # Far cheaper than the list: it is chosen whenever it is there.
        cheap, taken = await world.package(None, 100, credits=2_000), world.taken("platform")
        short = (await world.credits("Agency")).free + 1
        withdraw = partial(platform.http.delete, path_of(world, cheap, None))
        with at_the_instant(world, "Agency", when, withdraw) as made:
            answer = await platform.post(path, {"credits": short}, f"turn-{turn}")
            await world.settle()
            assert (await made[0]).status_code == 204
        assert answer.status_code == 200, answer.text
        [charge] = world.taken("platform")[len(taken) :]
        bought = (await world.purchases("Agency"))[-1]
        assert (bought["state"], bought["amount_minor"]) == ("delivered", charge)
        line = await world.db.fetchval(
            "select package_id from purchase_line where purchase_id = $1", bought["purchase_id"]
        )
        assert (line == cheap) == (charge == 100)
        paid[when].add(charge)
    assert paid["before"] == {1_000} and paid["after"] == {100}
    assert paid["during"] <= {100, 1_000}


async def test_r10_the_last_pack_withdrawn_in_the_instant_a_clients_auto_billing_plans_on_it(
    platform: Caller, world: World
) -> None:
    """Served and charged, or refused and not charged: never one without the other, nothing held."""
    merchant = (await world.account("Agency")).merchant_ref
    await world.stock("Agency", credits=50_000)
    [last] = await world.db.fetch(
        "select package_id from package where seller_ref = $1", world.names["Agency"]
    )
    package: UUID = last["package_id"]
    for turn, when in enumerate(("before", "during", "during", "after", "after")):
        name, taken = f"Client {turn + 1}", world.taken(merchant)
        withdraw = partial(platform.http.delete, path_of(world, package))
        with at_the_instant(world, name, when, withdraw) as made:
            path = f"/v1/accounts/{acc(world, name)}/spends"
            answer = await platform.post(path, {"credits": 25}, "query")
            await world.settle()
            assert (await made[0]).status_code == 204
        charged = world.taken(merchant)[len(taken) :]
        if answer.status_code == 200:
            assert when != "before" and charged == [2_500]
            assert (await world.credits(name)).free == 2_975
        else:
            assert answer.status_code in (402, 503), answer.text
            assert charged == [] and (await world.credits(name)).received == 0
        assert world.held_open() == []
        package = await world.package("Agency", 2_500, credits=3_000)
        await world.settle()
