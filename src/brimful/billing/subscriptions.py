"""Subscriptions as their owners change them: what is to become of one at period end (R31, R37)."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Literal
from uuid import UUID

from brimful.billing.offers import Package
from brimful.db.sqlfile import load
from brimful.db.transaction import Transaction
from brimful.domain.moment import Moment
from brimful.domain.period import Interval, Period, month_at
from brimful.domain.plan_change import Gone
from brimful.domain.renewal import month_index, whole_hour

_sql = partial(load, "brimful.billing")


@dataclass(frozen=True, slots=True)
class Subscription:
    """What recurs, on which terms, and what is to become of it; ``under_way``: a purchase that will
    run it is open."""

    subscription_id: UUID
    account_id: UUID
    seller_id: UUID
    kind: Literal["subscription", "extra_chatbots"]
    package_id: UUID
    package_version: int
    credits: int
    chatbots: int
    recurring_minor: int
    currency: str
    interval: Interval
    anchor_at: datetime
    months_done: int
    period_starts_at: datetime
    period_ends_at: datetime
    due_at: datetime
    automatic: bool
    state: Literal["active", "past_due", "suspended", "ended"]
    ends_at_period_end: bool
    next_package_id: UUID | None
    next_package_version: int | None
    release_chatbots: int
    under_way: bool

    @property
    def period(self) -> Period:
        """The period that is paid for."""
        return Period(
            anchor_at=self.anchor_at,
            starts_at=self.period_starts_at,
            ends_at=self.period_ends_at,
            interval=self.interval,
        )


async def lock_subscription(
    tx: Transaction, tenant_id: UUID, account_id: UUID, subscription_id: UUID
) -> Subscription | None:
    """A subscription of an account that has not ended, locked until the transaction ends. Pools are
    locked before it."""
    row = await tx.fetchrow(_sql("lock_subscription"), tenant_id, account_id, subscription_id)
    return None if row is None or row["state"] == "ended" else Subscription(**dict(row))


async def set_period_end(
    tx: Transaction,
    tenant_id: UUID,
    subscription_id: UUID,
    *,
    moment: Moment,
    ends: bool = False,
    goes_on_as: Package | None = None,
    release_chatbots: int = 0,
) -> None:
    """Say what is to become of a subscription at period end; with nothing said it simply renews."""
    await tx.execute(
        _sql("set_period_end"),
        tenant_id,
        subscription_id,
        ends,
        None if goes_on_as is None else goes_on_as.package_id,
        None if goes_on_as is None else goes_on_as.version,
        release_chatbots,
        moment.at,
        moment.real_at,
    )


async def read_period_end(tx: Transaction, tenant_id: UUID, account_id: UUID) -> datetime | None:
    """When the period of an account's plan ends, which may be past; without a plan, that of its
    oldest chatbots. None when nothing recurs."""
    ends_at: datetime | None = await tx.fetchval(_sql("read_period_end"), tenant_id, account_id)
    return ends_at


async def read_gone(tx: Transaction, tenant_id: UUID, held: Subscription) -> tuple[Gone, ...]:
    """What was paid for the running period of a locked subscription and has gone back, by refunds or
    lost disputes of whole charges (R25)."""
    where = tenant_id, held.account_id, held.subscription_id, held.period_starts_at
    rows = await tx.fetch(_sql("read_given_back"), *where)
    return tuple(_gone(row, held) for row in rows)


def _gone(row: Any, held: Subscription) -> Gone:
    """What it brought for an earlier month than the running one does not count in that."""
    brought_now = row["months_done"] == held.months_done
    month_at_start = month_at(held.anchor_at, row["months_done"] - 1)
    return Gone(
        amount_minor=row["amount_minor"],
        credits=row["credits"] if brought_now else 0,
        since_at=month_at_start if row["begins_period"] else whole_hour(row["planned_at"]),
    )


async def skip_to_period_end(tx: Transaction, tenant_id: UUID, held: Subscription) -> None:
    """Bring no more months of the running period: it is due again when that is over."""
    months = month_index(held.anchor_at, held.period_ends_at)
    await tx.execute(_sql("skip_to_period_end"), tenant_id, held.subscription_id, months)


async def end(tx: Transaction, tenant_id: UUID, subscription_id: UUID, at: datetime) -> None:
    """It renews no more."""
    await tx.execute(_sql("end_subscription"), tenant_id, subscription_id, at)


async def end_all(tx: Transaction, tenant_id: UUID, account_id: UUID, at: datetime) -> None:
    """Nothing of an account renews any more."""
    await tx.execute(_sql("end_subscriptions"), tenant_id, account_id, at)


async def go_on_as(tx: Transaction, tenant_id: UUID, now: Subscription, package: Package) -> None:
    """Put the terms of another plan in the place of a subscription's whose period is over. Chatbots
    that it does not hold yet come with its renewal; by another interval it begins anew (R31)."""
    interval = package.billing_interval or "month"
    same = interval == now.interval
    await tx.execute(
        _sql("change_subscription"),
        tenant_id,
        now.subscription_id,
        package.package_id,
        package.version,
        package.credits,
        package.chatbots,
        package.price_minor,
        interval,
        now.anchor_at if same else now.period_ends_at,
        now.months_done if same else 0,
    )


async def reduce(
    tx: Transaction, tenant_id: UUID, subscription_id: UUID, chatbots: int, recurring_minor: int
) -> None:
    """Let fewer chatbots recur, at ``recurring_minor`` a period for all of them (R31)."""
    await tx.execute(
        _sql("reduce_subscription"), tenant_id, subscription_id, chatbots, recurring_minor
    )
