"""Webhook endpoints of an account or the platform: opened, changed, tried, taken away (R39, R42)."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from brimful.billing.keys import Principal
from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect, WebhooksDue
from brimful.domain.moment import Moment
from brimful.domain.reason import Reason, Refuse
from brimful.notices import webhooks
from brimful.notices.webhooks import Owner, Wanted
from brimful.usecases.answers import Missing
from brimful.usecases.context import Context
from brimful.usecases.in_scope import stay_in_scope

# Every notice goes to all that asked for it, so there are not many of them.
ENDPOINTS_MAX = 16
# Tests go where notices go, and wait behind one another where nobody answers.
TESTS_MAX = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointOpened:
    """A new endpoint with its secret, which is shown this once."""

    endpoint_id: UUID
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookQueued:
    """A delivery that is due now, and what follows."""

    delivery_id: UUID
    effects: tuple[Effect, ...] = (WebhooksDue(),)


async def open_webhook(
    ctx: Context, *, owner: Owner, wanted: Wanted, moment: Moment, by: Principal | None = None
) -> EndpointOpened | Missing | Refuse:
    """Open an endpoint: from now on the notices that it asks for are sent to it, for as long as whoever
    vouches for the key that asks (``by``) is above the account. Refused for a URL that the account has
    already, so that a request sent twice makes one, and beyond 16."""
    secret = webhooks.make_secret()

    async def body(tx: Transaction) -> EndpointOpened | Missing | Refuse:
        if (refused := await _stay(tx, owner, by)) is not None:
            return refused
        there = await webhooks.lock_endpoints(tx, owner.account_id)
        if wanted.url in there:
            return _refuse(owner, Reason.webhook_endpoint_exists)
        if len(there) >= ENDPOINTS_MAX:
            return _refuse(owner, Reason.too_many_webhook_endpoints)
        endpoint_id = await webhooks.open_endpoint(tx, owner, wanted, secret, _vouchers(by), moment)
        return EndpointOpened(endpoint_id=endpoint_id, secret=secret)

    return await ctx.db.run(body)


async def change_webhook(
    ctx: Context,
    *,
    owner: Owner,
    endpoint_id: UUID,
    wanted: Wanted,
    enabled: bool,
    moment: Moment,
    by: Principal | None = None,
) -> Missing | Refuse | None:
    """Change where to and what is sent; switched off, what is due there is given up. Switched on again it
    hears of what happens from then on: not of what was promised in the instant that it went off."""

    async def body(tx: Transaction) -> Missing | Refuse | None:
        if (refused := await _stay(tx, owner, by)) is not None:
            return refused
        there = await webhooks.lock_endpoints(tx, owner.account_id)
        if there.get(wanted.url, endpoint_id) != endpoint_id and endpoint_id in there.values():
            return _refuse(owner, Reason.webhook_endpoint_exists)
        found = await webhooks.list_endpoints(tx, owner.account_id, endpoint_id)
        if not await webhooks.change_endpoint(
            tx, owner.account_id, endpoint_id, wanted, enabled, _vouchers(by), moment
        ):
            return Missing(what="webhook_endpoint")
        if not enabled or found[0]["disabled_at"] is not None:
            await webhooks.drop_due(tx, endpoint_id, moment)
        return None

    return await ctx.db.run(body)


async def rotate_webhook(
    ctx: Context,
    *,
    owner: Owner,
    endpoint_id: UUID,
    overlap_hours: int,
    moment: Moment,
    by: Principal | None = None,
) -> EndpointOpened | Missing | Refuse:
    """A new secret, shown this once; the one before signs beside it for so many hours of real time,
    so that a receiver can change over without losing a notice."""
    secret, until = webhooks.make_secret(), moment.real_at + timedelta(hours=overlap_hours)

    async def body(tx: Transaction) -> EndpointOpened | Missing | Refuse:
        if (refused := await _stay(tx, owner, by)) is not None:
            return refused
        if not await webhooks.rotate_secret(
            tx, owner.account_id, endpoint_id, secret, until, _vouchers(by)
        ):
            return Missing(what="webhook_endpoint")
        return EndpointOpened(endpoint_id=endpoint_id, secret=secret)

    return await ctx.db.run(body)


async def delete_webhook(ctx: Context, *, owner: Owner, endpoint_id: UUID, moment: Moment) -> bool:
    """Take an endpoint away, with what is due there; False when the account has none such."""

    async def body(tx: Transaction) -> bool:
        if not await webhooks.delete_endpoint(tx, owner.account_id, endpoint_id, moment):
            return False
        await webhooks.drop_due(tx, endpoint_id, moment)
        return True

    return await ctx.db.run(body)


async def send_test(
    ctx: Context, *, owner: Owner, endpoint_id: UUID, moment: Moment
) -> WebhookQueued | Missing | Refuse:
    """Send an endpoint a test, which tells nothing; it can be followed among the deliveries. Refused
    while ten are due there."""

    async def body(tx: Transaction) -> WebhookQueued | Missing | Refuse:
        await webhooks.lock_endpoints(tx, owner.account_id)
        found = await webhooks.list_endpoints(tx, owner.account_id, endpoint_id)
        if not found:
            return Missing(what="webhook_endpoint")
        if found[0]["disabled_at"] is not None:
            return _refuse(owner, Reason.webhook_endpoint_disabled)
        if await webhooks.count_due_tests(tx, endpoint_id) >= TESTS_MAX:
            return _refuse(owner, Reason.too_many_webhook_tests)
        delivery_id = await webhooks.promise_test(tx, owner, endpoint_id, moment)
        return WebhookQueued(delivery_id=delivery_id)

    return await ctx.db.run(body)


async def resend_webhook(
    ctx: Context, *, owner: Owner, delivery_id: UUID, moment: Moment
) -> WebhookQueued | Missing | Refuse:
    """Send a delivery again, whatever became of it: under the same id, so that a receiver that has it
    can tell."""
    if await webhooks.resend(ctx.db, owner.account_id, delivery_id, moment):
        return WebhookQueued(delivery_id=delivery_id)
    if not await webhooks.list_deliveries(ctx.db, owner.account_id, only=delivery_id):
        return Missing(what="webhook_delivery")
    return _refuse(owner, Reason.webhook_endpoint_disabled)


async def _stay(tx: Transaction, owner: Owner, by: Principal | None) -> Missing | Refuse | None:
    return await stay_in_scope(tx, tenant_id=owner.tenant_id, account_id=owner.account_id, by=by)


def _vouchers(by: Principal | None) -> tuple[UUID, ...]:
    return () if by is None else by.vouchers


def _refuse(owner: Owner, reason: Reason) -> Refuse:
    return Refuse(reason=reason, account_id=str(owner.account_id), detail={})
