"""R39, R2: a credit lease in a platform's process, against the API over a real socket."""

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from brimful.client import Api, CreditLease, Refused, Unreachable
from tests.builders.holds import is_over, places, state
from tests.builders.http import acc, key_for, serving_api
from tests.builders.processes import free_port
from tests.builders.world import World, small_world


class Taker:
    """Takes leases of a client's 100 credits; what blocks runs in a thread."""

    def __init__(self, world: World, api: Api) -> None:
        self.world, self.api = world, api

    async def take(self, credits: int, **how: Any) -> CreditLease:
        """A lease."""
        account = acc(self.world, "Client 1")
        return await asyncio.to_thread(CreditLease.take, self.api, account, credits, **how)

    async def places(self) -> tuple[int, int, int, int]:
        """What is free, held, used and reserved."""
        return await places(self.world, "Client 1")


@pytest.fixture
async def taker(world: World) -> AsyncIterator[Taker]:
    """A served world with a client that has 100 credits."""
    await small_world(world)
    await world.auto_billing("Client 1", enabled=False)
    await world.stock("Agency", credits=1_000)
    await world.stock("Client 1", credits=100)
    async with serving_api(world, with_worker=False) as url:
        yield Taker(world, Api(url=url, key=await key_for(world, None)))


async def test_r39_spent_here_reported_and_given_back(taker: Taker) -> None:
    """Nothing is sent to spend; never more is spent than it is of."""
    lease = await taker.take(60)
    assert [lease.spend(credits) for credits in (25, 25, 25, 10, 1)] == [
        True,
        True,
        False,
        True,
        False,
    ]
    assert await taker.places() == (40, 60, 0, 0)
    await asyncio.to_thread(lease.report)
    assert await taker.places() == (40, 0, 60, 0)
    second = await taker.take(30)
    assert second.spend(10) and second.stop() == 10
    assert not second.spend(1)
    for _ in range(2):
        await asyncio.to_thread(second.close)
    assert (second.spent, await taker.places()) == (10, (30, 0, 70, 0))
    with pytest.raises(ValueError):
        lease.spend(0)


async def test_r39_leaving_it_gives_back_the_rest(taker: Taker) -> None:
    """Also when something is raised inside."""

    def work() -> None:
        with CreditLease.take(taker.api, acc(taker.world, "Client 1"), 60) as lease:
            assert lease.spend(10)
            raise LookupError

    with pytest.raises(LookupError):
        await asyncio.to_thread(work)
    assert await taker.places() == (90, 0, 10, 0)


async def test_r2_it_stops_before_the_servers_end(taker: Taker) -> None:
    """By its own clock, from before it asked, and a margin earlier; made longer it goes on."""
    lease = await taker.take(60, ttl_s=60, margin_s=59.999)
    while lease.left_s:
        await asyncio.sleep(0)
    assert not lease.spend(1)
    assert await state(taker.world, _uuid(lease)) == ("standing", 60, 0)
    await asyncio.to_thread(lease.extend, 600)
    assert 500 < lease.left_s < 600 - 59.999 and lease.spend(1)


async def test_r2_taken_again_under_its_key_it_lasts_no_longer(taker: Taker) -> None:
    """Its answer was lost: the server has counted since it was taken first."""
    first = await taker.take(60, ttl_s=60, idempotency_key="one")
    await taker.world.db.execute(
        "update credit_hold set ends_real_at = ends_real_at - interval '50 s'"
    )
    second = await taker.take(60, ttl_s=60, idempotency_key="one")
    assert second.id == first.id and second.left_s < 9


async def test_r39_one_that_was_charged_stops_itself(taker: Taker) -> None:
    """It hears so when it reports, and has nothing left."""
    lease = await taker.take(60)
    assert lease.spend(10)
    await is_over(taker.world, _uuid(lease))
    with pytest.raises(Refused, match="hold_expired"):
        await asyncio.to_thread(lease.report)
    assert not lease.spend(1) and lease.spent == 10
    assert await taker.places() == (40, 0, 60, 0)


async def test_r2_a_forked_copy_has_nothing(taker: Taker) -> None:
    """Both would spend the same credits."""
    lease = await taker.take(60)
    child = os.fork()
    if child == 0:
        os._exit(int(lease.spend(1)))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert lease.spend(60)


async def test_r39_refusals_and_silence_are_told_apart(taker: Taker) -> None:
    """What was refused did nothing; of what was not answered nobody knows."""
    with pytest.raises(Refused, match="insufficient_credits") as refused:
        await taker.take(101)
    assert refused.value.status == 402
    with pytest.raises(ValueError):
        await taker.take(1, ttl_s=2, margin_s=2.0)
    nobody = Api(url=f"http://127.0.0.1:{free_port()}", key=taker.api.key)
    with pytest.raises(Unreachable) as lost:
        CreditLease.take(nobody, "acc_0", 1)
    assert len(lost.value.idempotency_key) == 36
    assert await taker.places() == (100, 0, 0, 0)


async def test_r20_one_that_waits_for_auto_billing_is_taken_again(taker: Taker) -> None:
    """Pending is no lease: nothing is held, and the same key takes it when the credits are there."""
    await taker.world.auto_billing("Client 1")
    taker.world.desk.faults.close_gate("create")
    with pytest.raises(Refused, match="auto_billing_pending") as pending:
        await taker.take(500, wait_ms=50)
    taker.world.desk.faults.open_gate("create")
    await taker.world.settle()
    assert (await taker.take(500, idempotency_key=pending.value.idempotency_key)).spend(500)


def test_r40_who_shows_where_the_api_is_does_not_show_the_key() -> None:
    """As in a log line."""
    assert "brm_" not in repr(Api(url="http://localhost", key="brm_secret"))


def _uuid(lease: CreditLease) -> UUID:
    return UUID(lease.id.removeprefix("hld_"))
