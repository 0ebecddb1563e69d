"""R42: a mail is sent once, however slow the mail server and however many send; one that fails waits."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

from brimful.domain.mail import PAUSES
from brimful.domain.moment import Moment
from brimful.effects.send_mail import LEASE, send_due
from brimful.notices import outbox
from tests.builders.world import World, small_world

SENDER = "noreply@platform.example"


class Server:
    """A mail server that takes its time over the first mail, until it is let go."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.arrived, self.go = asyncio.Event(), asyncio.Event()
        self.got: list[str] = []
        self.refuses = refuses

    async def send(self, message: EmailMessage, name: str) -> None:
        """Take a mail, late. Raises OSError when it refuses."""
        self.got.append(name)
        self.arrived.set()
        await self.go.wait()
        if self.refuses:
            raise OSError("too late")


class Watch:
    """A clock that goes when it is told."""

    def __init__(self) -> None:
        self.real_at = datetime.now(UTC) + timedelta(days=1)

    def __call__(self) -> Moment:
        """The time."""
        return Moment(at=self.real_at, real_at=self.real_at)

    def passes(self, seconds: float) -> None:
        """So much later."""
        self.real_at += timedelta(seconds=seconds)


async def three_mails(world: World, watch: Watch) -> list[str]:
    """Three mails that are due, by their names, what has been due longest first."""
    await small_world(world)
    await world.spend("Client 1", 25)
    await world.spend("Agency", 2_000)
    await world.settle()
    rows = await world.db.fetch("select notice_id from mail order by notice_id")
    names = [row["notice_id"].hex for row in rows]
    assert len(names) == 3
    for nth, name in enumerate(names):
        due_at = watch.real_at - timedelta(seconds=10 - nth)
        await world.db.execute(
            "update mail set state = 'due', due_real_at = $2 where notice_id = $1::text::uuid",
            name,
            due_at,
        )
    return names


async def mails(world: World) -> list[tuple[str, int]]:
    """The state of each, and how many tries have failed."""
    rows = await world.db.fetch("select state, tries from mail order by notice_id")
    return [(row["state"], row["tries"]) for row in rows]


async def test_r42_two_senders_and_a_slow_server_send_each_mail_once(world: World) -> None:
    """One whose time is nearly over begins no other; the second, when it is over, sends the rest."""
    watch = Watch()
    names = await three_mails(world, watch)
    slow, quick = Server(), Server()
    quick.go.set()
    first = asyncio.create_task(send_due(world.db, slow, watch, 10, SENDER))
    await slow.arrived.wait()
    watch.passes(9)
    assert await send_due(world.db, quick, watch, 10, SENDER) == 0  # All is taken.
    slow.go.set()
    assert await first == 1
    assert await send_due(world.db, quick, watch, 10, SENDER) == 2  # At once: they were left.
    assert (slow.got, quick.got) == (names[:1], names[1:])
    assert await mails(world) == [("sent", 0)] * 3


async def test_r42_who_comes_back_late_sends_nothing_again_and_undoes_nothing(
    world: World,
) -> None:
    """A process stood still over a mail that then was refused; another has sent all meanwhile."""
    watch = Watch()
    names = await three_mails(world, watch)
    slow, quick = Server(refuses=True), Server()
    quick.go.set()
    first = asyncio.create_task(send_due(world.db, slow, watch, 10, SENDER))
    await slow.arrived.wait()
    watch.passes(LEASE.total_seconds())
    assert await send_due(world.db, quick, watch, 10, SENDER) == 3
    slow.go.set()
    assert await first == 0
    assert Counter(slow.got + quick.got) == Counter([*names, names[0]])
    assert await mails(world) == [("sent", 0)] * 3


async def test_r42_what_another_has_taken_is_not_marked_as_failed_nor_given_back(
    world: World,
) -> None:
    """Its time is that of whoever took it last; but what was sent after all is sent."""
    watch = Watch()
    await three_mails(world, watch)
    early = await outbox.take_due(world.db, watch(), LEASE, 10)
    watch.passes(LEASE.total_seconds())
    late = await outbox.take_due(world.db, watch(), LEASE, 10)
    moment = watch()
    await outbox.mark_failed(world.db, early[0], error="no", due_at=None, moment=moment)
    await outbox.give_back(world.db, early)
    assert await outbox.take_due(world.db, watch(), LEASE, 10) == []
    assert await mails(world) == [("due", 0)] * 3
    await outbox.mark_sent(world.db, early[0])
    await outbox.mark_failed(world.db, late[0], error="no", due_at=moment.real_at, moment=moment)
    assert await mails(world) == [("sent", 0), ("due", 0), ("due", 0)]


async def test_r42_a_server_that_gives_no_answer_is_one_try(world: World) -> None:
    """Each mail has its time, and the next one has its own."""
    watch = Watch()
    names = await three_mails(world, watch)
    hanging = Server()
    assert await send_due(world.db, hanging, watch, 10, SENDER, send_s=0.1) == 0
    assert hanging.got == names
    assert await mails(world) == [("due", 1)] * 3
    assert await world.db.fetchval("select distinct last_error from mail") == "TimeoutError"


async def test_r42_a_mail_server_that_is_away_for_three_days_costs_no_mail(world: World) -> None:
    """Given up is only what has failed for longer."""
    watch = Watch()
    start = watch.real_at
    await three_mails(world, watch)
    away = Server(refuses=True)
    away.go.set()
    for _ in PAUSES:
        await send_due(world.db, away, watch, 10, SENDER)
        watch.real_at = await world.db.fetchval("select max(due_real_at) from mail")
    assert watch.real_at - start > timedelta(days=3)
    assert await mails(world) == [("due", len(PAUSES))] * 3
    await send_due(world.db, away, watch, 10, SENDER)
    assert await mails(world) == [("dead", len(PAUSES) + 1)] * 3
