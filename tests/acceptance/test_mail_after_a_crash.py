"""Mail whose sender was killed is soon due again, however often; mail that fails waits longer (R24,
R42). Found by the kill campaign: two deaths over one mail put it off by more than a minute."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

from brimful.domain.moment import Moment
from brimful.effects.send_mail import LEASE, send_due
from brimful.notices import outbox
from tests.builders.world import World, small_world


class Down:
    """A mail server that nobody can reach."""

    def __init__(self) -> None:
        self.tried = 0

    async def send(self, message: EmailMessage, name: str) -> None:
        """Refuse."""
        self.tried += 1
        raise OSError("no route")


async def test_r24_r42_a_killed_sender_puts_mail_off_by_half_a_minute_each_time(
    world: World,
) -> None:
    """Three deaths cost half a minute each; two failures cost half a minute and then one."""
    await small_world(world, clients=0)
    await world.card("Agency", "tok_lost_card")
    await world.spend("Agency", 25)
    await world.settle()
    start = datetime.now(UTC) + timedelta(days=1)
    await world.db.execute("update mail set state = 'due', tries = 0, due_real_at = $1", start)

    def at(seconds: int) -> Moment:
        real_at = start + timedelta(seconds=seconds)
        return Moment(at=real_at, real_at=real_at)

    async def taken_after(seconds: int) -> int:
        return len(await outbox.take_due(world.db, at(seconds), LEASE, 10))

    assert [await taken_after(s) for s in (0, 29, 30, 59, 60, 89)] == [1, 0, 1, 0, 1, 0]
    assert await world.db.fetchval("select tries from mail") == 0  # None of them was a try.

    await world.db.execute("update mail set due_real_at = $1", start)
    down = Down()
    tried = []
    for seconds in (0, 29, 30, 89, 90):
        before = down.tried
        await send_due(world.db, down, lambda s=seconds: at(s), 10, "a@x.example")
        tried.append(down.tried - before)
    assert tried == [1, 0, 1, 0, 1]
    assert await world.db.fetchval("select tries from mail") == 3
