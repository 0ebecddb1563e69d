"""Webhook endpoints and what is due at them, as records (R39, R42)."""

import base64
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from brimful.db.ids import new_id
from brimful.db.sqlfile import load
from brimful.db.transaction import Database, Transaction
from brimful.domain.moment import Moment

_sql = partial(load, "brimful.notices")

TEST_KIND = "webhook_test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose endpoints: an account's, or the platform's (``tenant_id`` None)."""

    tenant_id: UUID | None
    account_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Where to, of which kinds of notices (None: all), and whether of all below the account, too."""

    url: str
    kinds: Sequence[str] | None
    subtree: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """An endpoint that a process sends to alone until ``busy_until``."""

    endpoint_id: UUID
    tenant_id: UUID | None
    account_id: UUID
    url: str
    failures: int
    told_at: datetime | None
    busy_until: datetime
    secret: str = field(repr=False)
    secret_before: str | None = field(repr=False)

    @property
    def secrets(self) -> list[str]:
        """What it is signed with, the newest first."""
        return [self.secret] + ([self.secret_before] if self.secret_before else [])


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What is due at an endpoint; of a test there are no words and facts."""

    tenant_id: UUID
    delivery_id: UUID
    notice_id: UUID
    kind: str
    tries: int
    created_at: datetime
    title: str | None
    body: str | None
    facts: Mapping[str, Any] | None
    account_id: UUID
    external_id: str | None


def make_secret() -> str:
    """A new secret in the form of Standard Webhooks, of 256 random bits."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


async def lock_endpoints(tx: Transaction, account_id: UUID) -> dict[str, UUID]:
    """The endpoints of an account by their URLs, locked."""
    rows = await tx.fetch(_sql("lock_webhook_endpoints"), account_id)
    return {row["url"]: row["endpoint_id"] for row in rows}


async def open_endpoint(
    tx: Transaction,
    owner: Owner,
    wanted: Wanted,
    secret: str,
    vouched_by: Sequence[UUID],
    moment: Moment,
) -> UUID:
    """Write a new endpoint, which stands while all that vouch for it are above its account."""
    endpoint_id = new_id()
    await tx.execute(
        _sql("open_webhook_endpoint"),
        endpoint_id,
        owner.tenant_id,
        owner.account_id,
        wanted.url,
        wanted.kinds,
        wanted.subtree,
        secret,
        vouched_by,
        moment.at,
        moment.real_at,
    )
    return endpoint_id


async def list_endpoints(
    db: Database | Transaction, account_id: UUID, only: UUID | None = None
) -> list[dict[str, Any]]:
    """The endpoints of an account, or one of them, without their secrets."""
    rows = await db.fetch(_sql("list_webhook_endpoints"), account_id, only)
    return [dict(row) for row in rows]


async def change_endpoint(
    tx: Transaction,
    account_id: UUID,
    endpoint_id: UUID,
    wanted: Wanted,
    on: bool,
    vouched_by: Sequence[UUID],
    moment: Moment,
) -> bool:
    """Write what is wanted now, and who vouches for that, too; False when the account has no such
    endpoint."""
    changed = await tx.fetchval(
        _sql("change_webhook_endpoint"),
        account_id,
        endpoint_id,
        wanted.url,
        wanted.kinds,
        wanted.subtree,
        on,
        moment.at,
        vouched_by,
        moment.real_at,
    )
    return changed is not None


async def rotate_secret(
    tx: Transaction,
    account_id: UUID,
    endpoint_id: UUID,
    secret: str,
    before_until: datetime,
    vouched_by: Sequence[UUID],
) -> bool:
    """Sign with a new secret, and with the one before until then (real time); who vouches for it."""
    rotated = await tx.fetchval(
        _sql("rotate_webhook_secret"), account_id, endpoint_id, secret, before_until, vouched_by
    )
    return rotated is not None


async def delete_endpoint(
    tx: Transaction, account_id: UUID, endpoint_id: UUID, moment: Moment
) -> bool:
    """Take an endpoint away; False when the account has none such."""
    gone = await tx.fetchval(_sql("delete_webhook_endpoint"), account_id, endpoint_id, moment.at)
    return gone is not None


async def delete_vouched(
    tx: Transaction, tenant_id: UUID, account_id: UUID, by: Sequence[UUID], moment: Moment
) -> int:
    """Take away the endpoints of an account, and of all below it, for which one of some accounts
    vouches, with what is due there; how many."""
    rows = await tx.fetch(
        _sql("delete_vouched_webhooks"), tenant_id, account_id, by, moment.at, moment.real_at
    )
    return len(rows)


async def disable_gone(tx: Transaction, endpoint_id: UUID, moment: Moment) -> bool:
    """Switch off an endpoint whose receiver is gone; False when it was off before."""
    off = await tx.fetchval(_sql("disable_webhook_endpoint"), endpoint_id, moment.at)
    return off is not None


async def drop_due(tx: Transaction, endpoint_id: UUID, moment: Moment) -> None:
    """Give up all that is due at an endpoint."""
    await tx.execute(_sql("drop_due_webhooks"), endpoint_id, moment.real_at)


async def promise_test(tx: Transaction, owner: Owner, endpoint_id: UUID, moment: Moment) -> UUID:
    """A test that is due at once; of the platform it lies under the platform's own id."""
    delivery_id = new_id()
    await tx.execute(
        _sql("promise_webhooks"),
        owner.tenant_id or owner.account_id,
        [delivery_id],
        [endpoint_id],
        [owner.account_id],
        [new_id()],
        [TEST_KIND],
        moment.real_at,
        moment.at,
    )
    return delivery_id


async def count_due_tests(tx: Transaction, endpoint_id: UUID) -> int:
    """How many tests are due at an endpoint."""
    count: int = await tx.fetchval(_sql("count_due_webhooks"), endpoint_id, TEST_KIND)
    return count


async def list_deliveries(
    db: Database | Transaction,
    account_id: UUID,
    *,
    after: UUID | None = None,
    only: UUID | None = None,
    limit: int = 1,
) -> list[dict[str, Any]]:
    """Deliveries to an account's endpoints, newest first; or one of them."""
    rows = await db.fetch(_sql("list_webhook_deliveries"), account_id, after, only, limit)
    return [dict(row) for row in rows]


async def resend(db: Database, account_id: UUID, delivery_id: UUID, moment: Moment) -> bool:
    """Make a delivery due anew; False when there is none, or its endpoint is off."""
    due = await db.fetchval(_sql("resend_webhook"), account_id, delivery_id, moment.real_at)
    return due is not None


async def claim_endpoints(
    db: Database,
    moment: Moment,
    lease: timedelta,
    limit: int,
    *,
    sending: Sequence[UUID | None],
    of_tenant: int,
) -> list[Claimed]:
    """Take endpoints to which something is due, for as long as the lease (real time): at most ``limit``,
    of the tenants in turns. ``sending`` are the tenants of those that are being sent to, each as often
    as it has one; of each tenant (None: the platform) there are at most ``of_tenant`` then."""
    now = moment.real_at
    rows = await db.fetch(
        _sql("claim_webhook_endpoints"), now, now + lease, limit, sending, of_tenant
    )
    return [Claimed(**dict(row)) for row in rows]


async def free_endpoint(db: Database, endpoint: Claimed, free_at: datetime, failures: int) -> None:
    """Let an endpoint be taken again from then on, unless its lease ended before."""
    await db.execute(
        _sql("free_webhook_endpoint"), endpoint.endpoint_id, endpoint.busy_until, free_at, failures
    )


async def take_due(db: Database, endpoint_id: UUID, moment: Moment, limit: int) -> list[Delivery]:
    """What is due at a claimed endpoint, in the order in which it was promised."""
    rows = await db.fetch(_sql("take_due_webhooks"), endpoint_id, moment.real_at, limit)
    return [Delivery(**dict(row)) for row in rows]


async def mark_sent(tx: Transaction, delivery: Delivery, status: int, moment: Moment) -> None:
    """Note that it arrived."""
    await tx.execute(
        _sql("mark_webhook_sent"),
        delivery.tenant_id,
        delivery.delivery_id,
        status,
        moment.real_at,
    )


async def mark_failed(
    tx: Transaction,
    delivery: Delivery,
    *,
    status: int | None,
    error: str,
    due_at: datetime | None,
    moment: Moment,
) -> bool:
    """Note a try that failed; ``due_at`` is its next (real time), None when it is given up. False
    when another try was noted meanwhile."""
    marked = await tx.fetchval(
        _sql("mark_webhook_failed"),
        delivery.tenant_id,
        delivery.delivery_id,
        delivery.tries,
        "dead" if due_at is None else "due",
        status,
        error,
        due_at or moment.real_at,
    )
    return marked is not None


async def note_told(tx: Transaction, endpoint_id: UUID, moment: Moment) -> bool:
    """Whether an endpoint's owner is to be told now that something was given up: once until
    something arrives."""
    told = await tx.fetchval(_sql("note_webhooks_told"), endpoint_id, moment.at)
    return told is not None


async def forget_told(tx: Transaction, endpoint_id: UUID) -> None:
    """Something arrived: the next that is given up is told again."""
    await tx.execute(_sql("forget_webhooks_told"), endpoint_id)


async def read_owner(tx: Transaction, endpoint: Claimed, tenant_id: UUID) -> UUID | None:
    """The account whose owner is told of an endpoint, in the tenant of what was given up; None when
    nobody of that tenant is."""
    of_platform = endpoint.tenant_id is None
    owner: UUID | None = await tx.fetchval(
        _sql("read_webhook_owner"), tenant_id, endpoint.account_id, of_platform
    )
    return owner
