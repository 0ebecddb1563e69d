"""Many small trades side by side in one world: an agency and its client each, one payment to tell of."""

import asyncio
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from tests.builders.post import Post

Way = Literal["held", "charged"]

# What happens to the payment, in the gateway's order. A card that is held is captured later.
STEPS = ("created", "held", "captured", "refunded")
# Six events of one payment, each with the step before which it cannot be. Nobody says in which order
# they come. A gateway may make two event objects of one change; disputes are told of a captured one.
EVENTS: dict[Way, tuple[tuple[str, str], ...]] = {
    "held": (
        ("payment.created", "created"),
        ("payment.held", "held"),
        ("payment.captured", "captured"),
        ("payment.refunded", "refunded"),
        ("dispute.created", "captured"),
        ("dispute.closed", "captured"),
    ),
    "charged": (
        ("payment.created", "created"),
        ("payment.captured", "captured"),
        ("payment.captured", "captured"),
        ("refund.created", "refunded"),
        ("charge.dispute.created", "captured"),
        ("charge.dispute.closed", "captured"),
    ),
}
REFUNDED_MINOR = 200
_ROWS = {
    "purchase": "buyer_id, seller_id, origin, mode, state, reason, amount_minor, credits, chatbots",
    "charge": "account_id, amount_minor, currency, capture, state, decline_code, captured_at is null",
    "balance": "account_id, resource, issued, received, free, reserved, held, used, sold, lapsed, "
    "clawed_back, overdrawn, seq",
    "lot": "account_id, terms, amount, free, pinned, lapsed, returned, cost_minor, expires_at is null",
    "entry": "account_id, resource, seq, kind, source, target, amount, free_after",
    "transfer": "seller_id, buyer_id, resource, amount, kind",
    "demand": "account_id, kind, child_id, credits, reserved_credits, state, reason",
    "notice": "account_id, kind, recipient is null",
}


@dataclass
class Lane:
    """One agency with one client and the payment that the events are about."""

    post: Post
    way: Way
    agency: str
    client: str
    merchant: str
    payment_id: str

    @property
    def payment(self) -> dict[str, Any]:
        """The payment as the bank has it."""
        return self.post.world.desk.bank.payments[self.payment_id]

    def advance(self, step: str) -> None:
        """Let the payment come as far at the bank, by a request of ours that is late or by whoever
        runs the gateway account."""
        bank, way = self.post.world.desk.bank, (self.merchant, self.payment_id)
        for one in STEPS[1 : STEPS.index(step) + 1]:
            if one == "held" and self.payment["state"] == "created":
                bank.confirm(*way)
            elif one == "captured" and self.payment["state"] == "held":
                bank.capture(*way, self.payment["amount"])
            elif one == "refunded" and not self.payment["refunded"]:
                bank.refund(*way, REFUNDED_MINOR)

    async def deliver(self, order: Sequence[int], luck: random.Random) -> None:
        """Post the events in an order, each as soon as it can be, once, twice or thrice, beside a
        scan of a worker; now and then, an older one comes again."""
        events = [
            (self.post.event(self.payment_id, kind, amount=self._amount(kind)), step)
            for kind, step in EVENTS[self.way]
        ]
        before: list[dict[str, Any]] = []
        for number in order:
            event, step = events[number]
            self.advance(step)
            sent = [event] * luck.choice((1, 1, 2, 3)) + luck.sample(
                before, luck.randrange(2) if before else 0
            )
            work = [self.post.signed(one) for one in sent]
            if luck.random() < 0.5:
                work.append(self.post.world.engine.take_up_due_work())  # type: ignore[arg-type]
            for answer in await asyncio.gather(*work):
                assert isinstance(answer, int) or answer.status_code == 200, answer.text
            if luck.random() < 0.5:
                await self.post.world.settle()
            before.append(event)

    def _amount(self, kind: str) -> int:
        whole: int = self.payment["amount"]
        return whole if kind.startswith("payment.") else REFUNDED_MINOR

    async def end(self) -> str:
        """Let everything end, and say how it stands: all rows of the two, without ids and times."""
        db = self.post.world.db
        tenant_id = (await self.post.world.account(self.agency)).tenant_id
        for _ in range(30):
            await self.post.world.settle()
            left = await db.fetchval(
                "select count(*) from purchase where tenant_id = $1 "
                "and state not in ('delivered', 'failed')",
                tenant_id,
            ) + await db.fetchval("select count(*) from gateway_event where state = 'due'")
            if not left:
                break
            await db.execute("update purchase set wake_real_at = now() where wake_real_at > now()")
            await self.post.later(600)
        return json.dumps(await self._rows(tenant_id))

    async def _rows(self, tenant_id: UUID) -> dict[str, Any]:
        world = self.post.world
        names = {str(world.names[self.agency]): "agency", str(world.names[self.client]): "client"}
        found: dict[str, Any] = {}
        for table, columns in _ROWS.items():
            rows = await world.db.fetch(
                f"select {columns} from {table} where tenant_id = $1", tenant_id
            )
            found[table] = sorted(
                [names.get(str(value), str(value) if not isinstance(value, UUID) else "supply")
                 for value in row.values()]
                for row in rows
            )  # fmt: skip
        events = await world.db.fetch(
            "select kind, coalesce(verdict, state) from gateway_event where payment_id = $1",
            self.payment_id,
        )
        found["event"] = sorted(list(row.values()) for row in events)
        found["bank"] = [self.payment[name] for name in ("state", "amount", "captured", "refunded")]
        return found


async def open_lane(post: Post, number: int, way: Way) -> Lane:
    """A new agency and client; the client's card is to be held because the agency is short, or the
    agency is to be charged. What becomes of it, nobody has heard yet."""
    world, agency, client = post.world, f"Agency of {number}", f"Client of {number}"
    await world.open(agency, sells=True)
    await world.card(agency)
    await world.auto_billing(agency)
    package = await world.package(agency, 700, credits=10)
    await world.open(client, agency)
    await world.card(client)
    ref = (await world.account(agency)).merchant_ref
    buyer, merchant = (client, ref) if way == "held" else (agency, "platform")
    if way == "charged":
        package = post.platform_package
    known = set(post.payments(merchant))
    await post.unheard(fault="lost_before", buys=[(buyer, package)])
    [payment_id] = set(post.payments(merchant)) - known
    return Lane(post, way, agency, client, ref if way == "held" else "platform", payment_id)
