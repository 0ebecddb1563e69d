"""R10, R45: events about a seller's gateway account are hints; only a reading of it is recorded."""

import itertools
import time
from typing import Any

from brimful.domain.disconnection import PAUSES
from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import SpendDone
from brimful_testbank.faults import Rule
from tests.api.dump import digest
from tests.builders.post import Post

_ids = itertools.count()


async def merchant_of(post: Post, name: str = "Agency") -> str:
    """An account's name at the gateway."""
    return (await post.world.account(name)).merchant_ref


def about(account: str, kind: str = "account.disconnected", **other: Any) -> dict[str, Any]:
    """A new event about an account."""
    said: dict[str, Any] = {
        "id": f"evt_of_an_account_{next(_ids)}", "kind": kind, "mode": "test", "account": account,
        "payment": None, "amount": None, "currency": None, "created": int(time.time()), "metadata": {},
    }  # fmt: skip
    return {**said, **other}


async def standing(post: Post) -> int:
    """How many sellers' accounts are known to be closed."""
    return int(await post.world.db.fetchval("select count(*) from gateway_disconnection"))


async def test_r10_the_gateway_tells_of_it_before_anybody_is_refused(post: Post) -> None:
    """Believed after a reading; the client is inactive at once, and served when it is told of the end."""
    world, merchant = post.world, await merchant_of(post)
    post.tell()
    world.desk.connect(merchant, connected=False)
    await post.told()
    assert await standing(post) == 1
    assert set((await post.verdicts()).values()) == {"recorded"}
    assert [n["kind"] for n in await world.notices("Agency")] == ["disconnected"]
    refused = await world.spend("Client 1", 25)
    assert isinstance(refused, Refuse) and refused.reason is Reason.insufficient_credits
    assert await world.purchases("Client 1") == []
    world.desk.connect(merchant)
    await post.told()
    assert await standing(post) == 0
    assert isinstance(await world.spend("Client 1", 25), SpendDone)


async def test_r45_an_event_that_a_reading_contradicts_is_refused(inside: Post) -> None:
    """It is false, or late: nobody is inactive."""
    merchant = await merchant_of(inside)
    for kind, verdict in (
        ("account.disconnected", "read_disagrees"),
        ("account.updated", "not_of_a_payment"),
    ):
        event = about(merchant, kind)
        assert (await inside.signed(event)).is_success
        await inside.world.settle()
        assert (await inside.verdicts())[event["id"]] == verdict
    assert await standing(inside) == 0
    assert await inside.world.notices("Client 1") == []


async def test_r45_events_about_what_is_not_ours_change_nothing(inside: Post) -> None:
    """Another mode, an account of nobody, one that does not sell, the platform's own."""
    world = inside.world
    merchant = await merchant_of(inside)
    world.desk.bank.connect(merchant, connected=False)
    told = {
        "other_mode": about(merchant, mode="live"),
        "unknown_account": about("acct_of_nobody"),
        "not_of_a_payment": about("platform"),
    }
    client = about(await merchant_of(inside, "Client 1"))
    before = await digest(world.db, but="gateway_event")
    for event in (*told.values(), client):
        assert (await inside.signed(event)).is_success
    await world.settle()
    verdicts = await inside.verdicts()
    assert {event["id"]: verdict for verdict, event in told.items()} | {
        client["id"]: "unknown_account"
    } == verdicts
    assert await digest(world.db, but="gateway_event") == before


async def test_r45_without_an_answer_the_event_stays_due(inside: Post) -> None:
    """Nothing is noted before the account is read."""
    merchant = await merchant_of(inside)
    inside.world.desk.bank.connect(merchant, connected=False)
    inside.world.desk.faults.close_gate("merchant")
    event = about(merchant)
    assert (await inside.signed(event)).is_success
    await inside.world.desk.faults.wait_for("merchant", 1)
    assert await standing(inside) == 0
    inside.world.desk.bank.connect(merchant)
    inside.world.desk.faults.rules.append(Rule("lost_before", "merchant"))
    inside.world.desk.faults.open_gate("merchant")
    await inside.world.settle()
    assert await inside.verdicts() == {event["id"]: "due"}
    inside.world.desk.bank.connect(merchant, connected=False)
    await inside.later(PAUSES[-1].total_seconds())
    assert await inside.verdicts() == {event["id"]: "recorded"}
    assert await standing(inside) == 1


async def test_r45_events_of_one_account_in_any_order_end_as_the_gateway_is(inside: Post) -> None:
    """Twice, and the end before the beginning: a reading tells, not the order."""
    merchant = await merchant_of(inside)
    inside.world.desk.bank.connect(merchant, connected=False)
    for kind in ("account.updated", "account.disconnected", "account.disconnected"):
        assert (await inside.signed(about(merchant, kind))).is_success
        await inside.world.settle()
    assert await standing(inside) == 1
    inside.world.desk.bank.connect(merchant)
    for kind in ("account.disconnected", "account.updated"):
        assert (await inside.signed(about(merchant, kind))).is_success
        await inside.world.settle()
    assert await standing(inside) == 0
    assert [n["kind"] for n in await inside.world.notices("Agency")] == ["disconnected"]
