"""Demands that come together get what they would have got one after the other (R19, R20)."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from brimful.db.ids import new_id
from brimful.db.transaction import Database
from brimful.ledger import demands
from brimful.ledger.demands import NewDemand
from tests.ledger.tree import Tree, bare_tree

Lots = list[tuple[int, int | None]]
Needs = list[tuple[int, int]]


async def _stock(tree: Tree, lots: Lots, chatbots: int, spent: int) -> None:
    for credits, ends in lots:
        await tree.sell(credits, ends=ends)
    if chatbots:
        await tree.allot_chatbots(chatbots, by=tree.supply, to=tree.seller)
    if spent:
        await tree.spend(spent)
    tree.now = 5


async def _register(tree: Tree, needs: Needs) -> list[bool]:
    return await demands.register_demands(
        tree.tx,
        tenant_id=tree.tenant_id,
        account_id=tree.seller,
        kind="purchase",
        new=[
            NewDemand(
                demand_id=new_id(),
                operation_id=new_id(),
                child_id=tree.child,
                credits=credits,
                chatbots=chatbots,
            )
            for credits, chatbots in needs
        ],
        moment=tree.moment,
    )


async def _seen(tree: Tree) -> tuple[Sequence[object], ...]:
    """What was dealt out, by order of arrival and not by id, and every entry of it."""
    args = (tree.tenant_id, tree.seller)
    rows = await tree.tx.fetch(
        "select d.seq, d.state, d.reserved_credits, d.reserved_chatbots, "
        "array(select r.credits || '@' || coalesce(l.expires_at::text, 'never') from reservation r "
        "join lot l on l.tenant_id = r.tenant_id and l.lot_id = r.lot_id "
        "where r.tenant_id = d.tenant_id and r.demand_id = d.demand_id "
        "order by l.expires_at nulls last, l.lot_id) as lots "
        "from demand d where d.tenant_id = $1 and d.account_id = $2 order by d.seq",
        *args,
    )
    entries = await tree.tx.fetch(
        "select resource, kind, amount, free_after from entry "
        "where tenant_id = $1 and account_id = $2 and kind = 'reserve' order by resource, seq",
        *args,
    )
    lots = sorted((await tree.lots()).values())
    return [dict(row) for row in rows], [dict(row) for row in entries], lots


@settings(max_examples=60)
@given(
    lots=st.lists(
        st.tuples(st.integers(1, 40), st.one_of(st.none(), st.integers(1, 9))),
        max_size=4,
        # Of lots that end together, the ids decide, which are others in each tree.
        unique_by=lambda lot: lot[1],
    ),
    needs=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 4)), min_size=1, max_size=6),
    chatbots=st.integers(0, 8),
    part=st.integers(0, 100),
)
async def test_r20_a_group_gets_what_its_members_would_have_got(
    db: Database, lots: Lots, needs: Needs, chatbots: int, part: int
) -> None:
    """The oracle is registering one at a time; lots that end or were spent of included."""
    spent = sum(credits for credits, _ in lots) * part // 100
    seen = []
    for groups in ([needs], [[need] for need in needs]):
        async with bare_tree(db) as tree:
            await _stock(tree, lots, chatbots, spent)
            met = [answer for group in groups for answer in await _register(tree, group)]
            seen.append((met, await _seen(tree)))
            assert await tree.findings() == []
    assert seen[0] == seen[1]
