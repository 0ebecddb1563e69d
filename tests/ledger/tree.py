"""A bare tree for the ledger's tests: a supply, a seller and its child, and stock that moves by the
ledger's own functions. One transaction, undone at the end, so that any number are cheap."""

import contextlib
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from brimful.billing import accounts
from brimful.billing.accounts import Account
from brimful.billing.intents import write_intents
from brimful.billing.purchases import NewPurchase, PurchaseLine
from brimful.db.ids import new_id
from brimful.db.transaction import Database, Transaction
from brimful.domain.moment import Moment
from brimful.ledger import balances, demands, spends, transfers
from brimful.ledger.audit import checks
from brimful.ledger.balances import Stock
from brimful.ledger.demands import Moved, NewDemand
from brimful.ledger.spends import NewHold, NewSpend, Tried
from brimful.ledger.transfers import Route

START = datetime(2030, 1, 1, tzinfo=UTC)
# A bare demand or its use has no purchase or spend behind it.
NOT_OF_A_BARE_TREE = ("demands_have_operations", "spent_is_explained")


def hour(number: float) -> datetime:
    """An instant so many hours after the start."""
    return START + timedelta(hours=number)


@dataclass
class Tree:
    """Accounts of one tenant, and the ledger's verbs on them at the tree's present hour."""

    tx: Transaction
    tenant_id: UUID
    supply: UUID
    seller: UUID
    child: UUID
    now: float = 0
    _keys: Any = field(default_factory=itertools.count)

    @property
    def moment(self) -> Moment:
        """The present hour on both clocks."""
        return Moment(at=hour(self.now), real_at=hour(self.now))

    async def sell(
        self,
        credits: int,
        *,
        ends: float | None = None,
        by: UUID | None = None,
        to: UUID | None = None,
    ) -> UUID:
        """Hand over credits, by default from the supply to the seller; the lot that is opened."""
        return await transfers.allot_credits(
            self.tx,
            route=self._route(by or self.supply, to or self.seller),
            credits=credits,
            currency="USD",
            expires_at=None if ends is None else hour(ends),
            moment=self.moment,
        )

    async def allot_chatbots(self, chatbots: int, *, by: UUID, to: UUID) -> None:
        """Hand over chatbots."""
        await transfers.allot_chatbots(
            self.tx, route=self._route(by, to), chatbots=chatbots, moment=self.moment
        )

    async def spend(self, credits: int, account: UUID | None = None) -> Tried:
        """Try a spend of the seller or another account."""
        [tried] = await self.spend_many([self.new_spend(credits, account)])
        return tried

    async def spend_many(self, asked: list[NewSpend]) -> list[Tried]:
        """Try spends together."""
        return await spends.spend_many(self.tx, asked, self.moment, wait=True)

    async def wait(self, credits: int, account: UUID | None = None) -> tuple[UUID, str]:
        """Register a spend that waits; its id, and whether it is done at once."""
        new = self.new_spend(credits, account)
        late = hour(10_000)
        return new.spend_id, await spends.wait_for_spend(self.tx, new, late, self.moment)

    async def demand(self, credits: int, account: UUID | None = None) -> tuple[UUID, bool]:
        """Register a child's purchase as a demand; its id, and whether all of it is reserved."""
        demand_id = new_id()
        met = await demands.register_demand(
            self.tx,
            tenant_id=self.tenant_id,
            account_id=account or self.seller,
            kind="purchase",
            new=NewDemand(
                demand_id=demand_id,
                operation_id=new_id(),
                child_id=self.child,
                credits=credits,
                chatbots=0,
            ),
            moment=self.moment,
        )
        return demand_id, met

    async def deliver(self, demand: UUID, credits: int, ends: float | None = None) -> UUID:
        """Deliver a met demand to the child as its purchase; the lot that is opened."""
        [lot] = await self.deliver_lines(demand, (credits, ends, 0))
        return lot

    async def deliver_lines(
        self, demand: UUID, *lines: tuple[int, float | None, int]
    ) -> list[UUID]:
        """Deliver a met demand as lines of (credits, end, cost in minor units); the lots opened."""
        purchase_id = await self.tx.fetchval(
            "select operation_id from demand where tenant_id = $1 and demand_id = $2",
            self.tenant_id,
            demand,
        )
        purchase = self._purchase(purchase_id, demand, [_line(*line) for line in lines])
        await write_intents(self.tx, [purchase], [], self.moment)
        await transfers.deliver(self.tx, self.tenant_id, [purchase_id], self.moment)
        rows = await self.tx.fetch(
            "select lot_id from purchase_line where tenant_id = $1 and purchase_id = $2 order by line",
            self.tenant_id,
            purchase_id,
        )
        return [row["lot_id"] for row in rows]

    async def end(self, demand: UUID) -> bool:
        """End a demand undelivered."""
        return await demands.end_demand(
            self.tx,
            tenant_id=self.tenant_id,
            demand_id=demand,
            state="failed",
            reason="canceled",
            moment=self.moment,
        )

    async def consume(self, demand: UUID) -> int:
        """Use a met demand up; what is free after it."""
        return await demands.consume_demand(
            self.tx,
            tenant_id=self.tenant_id,
            demand_id=demand,
            kind="spend",
            moment=self.moment,
        )

    async def offer(self) -> list[Moved]:
        """Offer what is free at the seller to those that wait."""
        return await demands.offer_stock(
            self.tx, tenant_id=self.tenant_id, account_id=self.seller, moment=self.moment
        )

    async def fail_waiting(self, account: UUID | None = None) -> list[Moved]:
        """End all that waits at the seller or another account."""
        return await demands.fail_waiting(
            self.tx,
            tenant_id=self.tenant_id,
            account_id=account or self.seller,
            only=None,
            reason="canceled",
            child_reason="temporarily_unavailable",
            moment=self.moment,
        )

    async def settle(self, account: UUID | None = None) -> None:
        """Take what was spent from its lots, lapse what has ended."""
        await balances.settle(self.tx, self.tenant_id, account or self.seller, self.moment)

    async def credits(self, account: UUID | None = None) -> Stock:
        """The credits of the seller or another account, as its balance says."""
        stock = await balances.read_stock(self.tx, self.tenant_id, account or self.seller)
        return stock[0]

    async def lots(self, account: UUID | None = None) -> dict[UUID, tuple[int, int, int]]:
        """The lots of an account: free, pinned, lapsed."""
        rows = await self.tx.fetch(
            "select lot_id, free, pinned, lapsed from lot where tenant_id = $1 and account_id = $2",
            self.tenant_id,
            account or self.seller,
        )
        return {row["lot_id"]: (row["free"], row["pinned"], row["lapsed"]) for row in rows}

    async def consumed_for(self, lot: UUID) -> dict[UUID, int]:
        """Which of the seller's lots the transfer that opened a lot consumed."""
        rows = await self.tx.fetch(
            "select t.lot_id, t.credits from transfer_lot t "
            "join lot l on l.tenant_id = t.tenant_id and l.transfer_id = t.transfer_id "
            "where l.tenant_id = $1 and l.lot_id = $2",
            self.tenant_id,
            lot,
        )
        return {row["lot_id"]: row["credits"] for row in rows}

    async def findings(self) -> list[str]:
        """What the audit finds in books without purchases."""
        found: list[str] = []
        for name, query in checks().items():
            if name not in NOT_OF_A_BARE_TREE:
                found += [f"{name}: {row['detail']}" for row in await self.tx.fetch(query)]
        return found

    def _route(self, seller: UUID, buyer: UUID) -> Route:
        return Route(
            tenant_id=self.tenant_id, seller_id=seller, buyer_id=buyer, operation_id=new_id()
        )

    def _purchase(self, purchase_id: UUID, demand: UUID, lines: list[PurchaseLine]) -> NewPurchase:
        return NewPurchase(
            tenant_id=self.tenant_id,
            purchase_id=purchase_id,
            buyer_id=self.child,
            seller_id=self.seller,
            origin="by_hand",
            mode="receivable",
            state="capturing",
            amount_minor=0,
            currency="USD",
            lines=tuple(lines),
            demand_id=demand,
            trigger="test",
            explanation={},
        )

    def new_spend(self, credits: int, account: UUID | None = None) -> NewSpend:
        """A spend of the seller or another account, under a key of its own."""
        return NewSpend(
            tenant_id=self.tenant_id,
            account_id=account or self.seller,
            key=f"key-{next(self._keys)}",
            body_hash=b"",
            spend_id=new_id(),
            credits=credits,
            model=None,
            messages=None,
        )

    def new_hold(self, credits: int, hours: int) -> NewHold:
        """A hold of the seller's credits for so many hours, under a key of its own."""
        spend = self.new_spend(credits)
        return NewHold(*spend[:6], held_as="hold", hold_s=hours * 3_600)


def _line(credits: int, ends: float | None, cost_minor: int) -> PurchaseLine:
    return PurchaseLine(
        kind="additional_credits" if ends is None else "subscription",
        package_id=None,
        package_version=None,
        quantity=1,
        credits=credits,
        chatbots=0,
        amount_minor=0,
        recurring_minor=0,
        credits_cost_minor=cost_minor,
        credits_end_at=None if ends is None else hour(ends),
    )


class _Undo(Exception):
    """Ends a tree's transaction without a trace."""


@contextlib.asynccontextmanager
async def bare_tree(db: Database) -> AsyncIterator[Tree]:
    """A tree in a tenant of its own. When it is left its books must be right; then it is undone."""
    with contextlib.suppress(_Undo):
        async with db.transaction() as tx:
            tree = await open_tree(tx)
            yield tree
            findings = await tree.findings()
            assert not findings, findings
            raise _Undo


async def open_tree(tx: Transaction) -> Tree:
    """A tree in a tenant of its own, in a transaction that is there already."""
    supply, seller, child = new_id(), new_id(), new_id()
    tree = Tree(tx, seller, supply, seller, child)
    await _open(tree, [supply])
    await _open(tree, [supply, seller])
    await _open(tree, [supply, seller, child])
    return tree


async def _open(tree: Tree, ancestors: list[UUID]) -> None:
    account = Account(
        tenant_id=tree.tenant_id,
        account_id=ancestors[-1],
        parent_id=ancestors[-2] if len(ancestors) > 1 else None,
        supply=len(ancestors) == 1,
        seller_ref=ancestors[-1],
        ancestors=ancestors,
        sells=len(ancestors) < 3,
        name=f"Level {len(ancestors)}",
        external_id=None,
        currency="USD",
        zone="UTC",
        owner_name="",
        owner_email="",
        merchant_ref="",
        state="open",
        created_at=START,
    )
    await accounts.open_account(tree.tx, account)
    await balances.open_balances(tree.tx, tree.tenant_id, account.account_id)
