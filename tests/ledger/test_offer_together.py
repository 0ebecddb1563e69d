"""Purchases that wait are met together as they would have been one after the other (R17, R20)."""

from collections.abc import Sequence
from uuid import UUID

from hypothesis import event, given, settings
from hypothesis import strategies as st

from brimful.db.ids import new_id
from brimful.db.transaction import Database
from brimful.ledger import demands
from brimful.ledger.demands import NewDemand
from tests.ledger.tree import Tree, bare_tree

Lots = list[tuple[int, int | None]]
# Credits and chatbots, and whether the purchase just granted was sized for it.
Needs = list[tuple[int, int, bool]]

BOUGHT = new_id()


async def _wait(tree: Tree, needs: Needs) -> list[UUID]:
    """Demands in line, the operations of all that an offer would come to, in its order."""
    new = [
        NewDemand(
            demand_id=new_id(),
            operation_id=new_id(),
            child_id=tree.child,
            credits=credits,
            chatbots=chatbots,
        )
        for credits, chatbots, _ in needs
    ]
    await demands.register_demands(
        tree.tx,
        tenant_id=tree.tenant_id,
        account_id=tree.seller,
        kind="purchase",
        new=new,
        moment=tree.moment,
    )
    for one, (credits, chatbots, sized_for) in zip(new, needs, strict=True):
        if sized_for:
            await tree.tx.execute(
                "insert into purchase_demand values ($1, $2, $3, null, $4, $5, 0)",
                tree.tenant_id,
                BOUGHT,
                one.demand_id,
                credits,
                chatbots,
            )
    first = [one.demand_id for one, need in zip(new, needs, strict=True) if need[2]]
    return first + [one.demand_id for one in new if one.demand_id not in first]


async def _offer(tree: Tree, _line: Sequence[UUID]) -> int:
    rows = await tree.tx.fetch(
        "select kind, operation_id, outcome from offer_stock_v1($1, $2, $3, $4, $5)",
        tree.tenant_id,
        tree.seller,
        tree.moment.at,
        tree.moment.real_at,
        BOUGHT,
    )
    assert {(row["kind"], row["outcome"]) for row in rows} <= {("purchase", "met")}
    return len(rows)


async def _one_by_one(tree: Tree, line: Sequence[UUID]) -> int:
    """The oracle: whoever stands in line is tried, until nothing is left."""
    met = 0
    await tree.settle()
    for demand_id in line:
        state = await tree.tx.fetchval("select state from demand where demand_id = $1", demand_id)
        free = await tree.tx.fetchval(
            "select max(free) from balance where account_id = $1", tree.seller
        )
        if state == "waiting" and free > 0:
            outcome = await tree.tx.fetchval(
                "select try_demand_v1($1, $2, $3, $4)",
                tree.tenant_id,
                demand_id,
                tree.moment.at,
                tree.moment.real_at,
            )
            met += outcome == "met"
    return met


async def _seen(tree: Tree) -> tuple[object, ...]:
    """What each demand has and of which lots, and the entries, without ids."""
    rows = await tree.tx.fetch(
        "select d.seq, d.state, d.reserved_credits, d.reserved_chatbots, "
        "array(select r.credits || '@' || coalesce(l.expires_at::text, 'never') from reservation r "
        "join lot l on l.tenant_id = r.tenant_id and l.lot_id = r.lot_id "
        "where r.tenant_id = d.tenant_id and r.demand_id = d.demand_id "
        "order by l.expires_at nulls last, l.lot_id) as lots "
        "from demand d where d.account_id = $1 order by d.seq",
        tree.seller,
    )
    entries = await tree.tx.fetch(
        "select resource, kind, amount, free_after from entry "
        "where account_id = $1 and kind = 'reserve' order by resource, seq",
        tree.seller,
    )
    lots = sorted((await tree.lots()).values())
    return [dict(row) for row in rows], [dict(row) for row in entries], lots


@settings(max_examples=60)
@given(
    before=st.integers(0, 20),
    lots=st.lists(
        st.tuples(st.integers(1, 60), st.one_of(st.none(), st.integers(1, 9))),
        max_size=4,
        # Of lots that end together, the ids decide, which are others in each tree.
        unique_by=lambda lot: lot[1],
    ),
    needs=st.lists(
        st.tuples(st.integers(0, 30), st.integers(0, 4), st.booleans()), min_size=1, max_size=6
    ),
    chatbots=st.integers(0, 12),
)
async def test_r20_purchases_in_line_are_met_as_one_after_the_other(
    db: Database, before: int, lots: Lots, needs: Needs, chatbots: int
) -> None:
    """What was free at the start leaves the first with a part; lots that have ended are included."""
    seen = []
    for offer in (_offer, _one_by_one):
        async with bare_tree(db) as tree:
            if before:
                await tree.sell(before, ends=None)
            line = await _wait(tree, needs)
            for credits, ends in lots:
                await tree.sell(credits, ends=ends)
            if chatbots:
                await tree.allot_chatbots(chatbots, by=tree.supply, to=tree.seller)
            tree.now = 5
            met = await offer(tree, line)
            seen.append((met, await _seen(tree)))
            assert await tree.findings() == []
    event(f"{seen[0][0]} met")
    assert seen[0] == seen[1]
