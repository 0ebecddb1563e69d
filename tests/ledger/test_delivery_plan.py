"""R39: what is delivered is looked up by its keys, however few rows there were when that was planned."""

from brimful.usecases.answers import SpendDone
from tests.builders.world import World, small_world

# What PostgreSQL has counted of reading whole tables, at the first and the last step of each delivery.
_WATCH = """
create table seen (at text not null, place serial, scans bigint not null);
create function note_scans() returns trigger language plpgsql as $$
begin
    insert into seen (at, scans) values (tg_argv[0], (
        select sum(seq_scan) from pg_stat_xact_user_tables where relname = any (array[
            'purchase', 'purchase_line', 'charge', 'demand', 'lot', 'transfer', 'reservation', 'subscription', 'spend_0', 'spend_1', 'spend_2', 'spend_3'])));
    return null;
end $$;
create trigger first_step after insert on transfer for each statement execute function note_scans('first');
create trigger last_step after update of ended_at on purchase for each row when (new.state = 'delivered')
    execute function note_scans('last');
"""


async def test_r39_a_delivery_on_tables_that_were_small_reads_none_whole(world: World) -> None:
    """Where the planner believes in few rows it would read all of them, and compare each with each: of
    three deliveries in a row, between the first step and the last none reads a table whole."""
    await small_world(world, clients=0)
    await world.spend("Agency", 2_000)
    await world.settle()
    # From now on it is known how few rows there are.
    await world.db.execute("vacuum analyze")
    await world.db.execute(_WATCH)
    for _ in range(3):
        assert isinstance(await world.spend("Agency", 2_000), SpendDone)
        await world.settle()
    seen = await world.db.fetch("select at, scans from seen order by place")
    assert [row["at"] for row in seen] == ["first", "last"] * 3
    scans = [row["scans"] for row in seen]
    assert [last - first for first, last in zip(scans[::2], scans[1::2], strict=True)] == [0, 0, 0]
