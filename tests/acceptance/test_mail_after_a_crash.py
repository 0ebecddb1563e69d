"""Mail whose sender was killed is soon due again, however often; mail that fails waits longer (R24,
R42). Found by the kill campaign: two deaths over one mail put it off by more than a minute."""

from datetime import UTC, datetime, timedelta

from brimful.domain.moment import Moment
from brimful.notices import outbox
from tests.builders.world import World, small_world


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

    async def taken_after(seconds: int) -> int:
        real_at = start + timedelta(seconds=seconds)
        return len(await outbox.take_due(world.db, Moment(at=real_at, real_at=real_at), 10))

    assert [await taken_after(s) for s in (0, 29, 30, 59, 60, 90)] == [1, 0, 1, 0, 1, 1]

    await world.db.execute("update mail set tries = 0, due_real_at = $1", start)
    [mail] = await world.db.fetch("select tenant_id, notice_id from mail")
    taken = []
    for seconds in (0, 29, 30, 89, 90):
        taken.append(await taken_after(seconds))
        if taken[-1]:
            await outbox.mark(world.db, mail["tenant_id"], mail["notice_id"], "due", "no route")
    assert taken == [1, 0, 1, 0, 1]
