"""Auto-billing first, then the notice, then the operation, in one request and at once (R16)."""

import asyncio
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from brimful.usecases.answers import Bought, SpendDone
from brimful.usecases.steps import Step, set_hook
from tests.builders.held import SOON_S
from tests.builders.http import acc, caller, serving_api
from tests.builders.world import World, small_world

# The transactions that wrote the rows of one account's auto-billing, as they stand.
WRITTEN_BY = """
    select (select xmin::text::bigint from notice where account_id = $1 and kind = 'auto_billed') as notice,
           (select xmin::text::bigint from lot where account_id = $1) as lot,
           (select xmin::text::bigint from purchase where buyer_id = $1) as purchase,
           (select xmin::text::bigint from charge where account_id = $1) as charge,
           (select xmin::text::bigint from spend where account_id = $1) as spend,
           (select xmin::text::bigint from demand where account_id = $1) as demand
"""


class Hanging:
    """A mail server that takes the message and never answers, until it is let go."""

    def __init__(self) -> None:
        self.arrived, self.go = asyncio.Event(), asyncio.Event()

    async def send(self, message: EmailMessage, name: str) -> None:
        """Hang."""
        self.arrived.set()
        await self.go.wait()


class Down:
    """A mail server that nobody can reach."""

    def __init__(self) -> None:
        self.tried, self.go = 0, asyncio.Event()

    async def send(self, message: EmailMessage, name: str) -> None:
        """Refuse."""
        self.tried += 1
        raise OSError("connection refused")


@pytest.fixture(autouse=True)
def _no_hook_is_left() -> Iterator[None]:
    yield
    set_hook(None)


async def written_by(world: World, name: str) -> dict[str, int | None]:
    """Which transaction wrote each row of an account's auto-billing last."""
    return dict(await world.db.fetchrow(WRITTEN_BY, world.names[name]))


async def sent(world: World, name: str) -> list[str]:
    """The states of the mails to an account's owner."""
    rows = await world.db.fetch(
        "select m.state from mail m join notice n using (tenant_id, notice_id) "
        "where n.account_id = $1",
        world.names[name],
    )
    return [row["state"] for row in rows]


async def test_r16_the_notice_is_written_with_the_grant_and_the_spends_completion(
    world: World,
) -> None:
    """A spend at balance zero: one transaction grants, notifies and debits, so that no moment is
    seen in which one of them is done without the others."""
    await small_world(world, clients=0)
    assert (await world.credits("Agency")).received == 0
    answer = await world.spend("Agency", 25)
    rows = await written_by(world, "Agency")
    assert isinstance(answer, SpendDone)
    assert answer.balance_after == 2_000 - 25
    assert None not in rows.values()
    assert set(rows.values()) == {rows["notice"]}


async def test_r16_r17_in_a_cascade_each_owner_is_told_before_the_level_below_goes_on(
    world: World,
) -> None:
    """The agency's grant, its reservation for the client and its notice are one transaction, done
    when the client's capture is begun; the client's own follow in the next one, with its spend."""
    await small_world(world)
    seen: list[dict[str, int | None]] = []

    async def look(step: Step, subject: object) -> None:
        if step is Step.before_capture:
            seen.append(await written_by(world, "Agency"))

    set_hook(look)
    answer = await world.spend("Client 1", 25)
    assert isinstance(answer, SpendDone)
    [agency] = seen
    client = await written_by(world, "Client 1")
    assert agency.pop("spend") is None
    assert set(agency.values()) == {agency["notice"]}
    # The client's demand is that of its spend; its purchase's is at the agency.
    assert set(client.values()) == {client["notice"]}
    assert agency["notice"] is not None and client["notice"] is not None
    assert agency["notice"] < client["notice"]


async def test_r16_a_mail_server_that_hangs_delays_no_answer(world: World) -> None:
    """The mail is on its way and stays there; spends and purchases are answered done meanwhile."""
    await small_world(world)
    await world.stock("Agency", credits=100)
    plan = await world.package("Agency", 9_900, credits=10_000, interval="month", name="Plan")
    world.engine.mailer = mailer = Hanging()
    try:
        async with asyncio.timeout(SOON_S):
            first = await world.spend("Agency", 200)
            await mailer.arrived.wait()
            second = await world.spend("Client 1", 25)
            third = await world.buy("Client 1", plan)
        answers = [first, second, third]
        assert [type(answer) for answer in answers] == [SpendDone, SpendDone, Bought]
        assert await sent(world, "Agency") == ["due", "due", "due"]
        assert await sent(world, "Client 1") == ["due"]
    finally:
        mailer.go.set()
    await world.settle()
    assert await sent(world, "Agency") == ["sent", "sent", "sent"]


async def test_r16_a_mail_server_that_is_down_delays_no_answer(world: World) -> None:
    """The mail stays due with what went wrong; the notice is in the portal at once."""
    await small_world(world)
    world.engine.mailer = mailer = Down()
    answer = await world.spend("Client 1", 25)
    assert isinstance(answer, SpendDone)
    for name in ("Agency", "Client 1"):
        assert [notice["kind"] for notice in await world.notices(name)] == ["auto_billed"]
    await world.settle()
    assert mailer.tried == 2
    errors = await world.db.fetch("select distinct state, last_error from mail")
    assert [tuple(row) for row in errors] == [("due", "connection refused")]


@pytest.mark.parametrize("mailer", [Hanging, Down])
async def test_r16_the_caller_sees_one_answer_done(world: World, mailer: type) -> None:
    """One request, one answer: 200 for the spend, 201 for the purchase, nothing to ask again for;
    the same key repeats the same answer and charges nothing."""
    await small_world(world)
    plan = await world.package("Agency", 9_900, credits=10_000, interval="month", name="Plan")
    world.engine.mailer = server = mailer()
    path, package = f"/v1/accounts/{acc(world, 'Client 1')}", f"pkg_{plan.hex}"
    wishes: dict[str, tuple[dict[str, object], tuple[str, int]]] = {
        "spends": ({"credits": 25}, ("done", 200)),
        "purchases": ({"package_id": package}, ("delivered", 201)),
    }
    async with serving_api(world) as url, caller(world, url, "Client 1") as client:
        try:
            async with asyncio.timeout(SOON_S):
                for kind, (body, status) in wishes.items():
                    first = await client.post(f"{path}/{kind}", body, key=kind)
                    again = await client.post(f"{path}/{kind}", body, key=kind)
                    assert (first.json()["status"], first.status_code) == status
                    assert "retry-after" not in first.headers
                    assert again.json() == first.json()
            assert len(world.engine.waiters) == 0
        finally:
            server.go.set()
    assert world.taken((await world.account("Agency")).merchant_ref) == [2_500, 9_900]
