"""What happens to a subscription at the end of its period beside its renewal (R31, R37).

It ends, goes on as another plan, or some of its chatbots are released, as its owner chose before. Where
no more is left of the price of a period of several months than has gone back of it, it ends at its next
month (R17, R25). The row has the new terms when this is done, in the transaction that begins the
renewal: whatever becomes of that, it is tried again on these terms, and what goes back goes back once.
"""

from collections.abc import Mapping
from uuid import UUID

from brimful.billing import renewals, settings_records, subscriptions
from brimful.billing.chatbots import read_own
from brimful.billing.offers import read_version
from brimful.billing.renewals import Due
from brimful.billing.subscriptions import Subscription
from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect, MailDue
from brimful.domain.excess import releasable
from brimful.domain.moment import Moment
from brimful.domain.renewal import due_step
from brimful.domain.seats import price_seats
from brimful.ledger import balances, demands
from brimful.ledger.transfers import Route
from brimful.notices.promise import promise
from brimful.usecases.seats import GaveBack, give_back, returnable


async def apply_period_ends(
    tx: Transaction, tenant_id: UUID, due: list[Due], moment: Moment
) -> tuple[list[Due], tuple[Effect, ...]]:
    """Apply what was to happen to one buyer's due subscriptions at period end. Its pool and its
    seller's are locked, and the rows. Returns what is left to renew, on its terms from now on, and
    what follows at the seller."""
    left: list[Due] = []
    effects: tuple[Effect, ...] = ()
    for one in due:
        goes_on, more = await _apply(tx, tenant_id, one, moment)
        effects += more
        if goes_on is not None:
            left.append(goes_on)
    return left, effects


async def _apply(
    tx: Transaction, tenant_id: UUID, due: Due, moment: Moment
) -> tuple[Due | None, tuple[Effect, ...]]:
    if not due.changes and not due.given_back:
        return due, ()
    step = due_step(due.anchor_at, due.interval, due.months_done, due.credits > 0, moment.at)
    if step is None or not (step.renews or due.given_back):
        return due, ()
    held = await subscriptions.lock_subscription(tx, tenant_id, due.account_id, due.subscription_id)
    assert held is not None, "what has ended is not due"
    apply = _release
    if held.ends_at_period_end or due.given_back:
        apply = _end
    elif held.next_package_id is not None:
        apply = _go_on
    effects = await apply(tx, tenant_id, due, held, moment)
    goes_on = await subscriptions.lock_subscription(
        tx, tenant_id, due.account_id, due.subscription_id
    )
    if goes_on is None or goes_on.due_at > moment.at:
        return None, effects
    return await renewals.reread(tx, tenant_id, due, moment.at), effects


async def _end(
    tx: Transaction, tenant_id: UUID, due: Due, held: Subscription, moment: Moment
) -> tuple[Effect, ...]:
    """It ends and its chatbots go back. What the account's clients have of them cannot be taken from
    them: of extra chatbots so many go on, a plan goes on whole, and its owner is told. One whose money
    was given back brings no credits then before its period is over (R17)."""
    can = min(held.chatbots, await returnable(tx, tenant_id, due.account_id))
    facts = {
        "package": due.package_name,
        "with_clients": held.chatbots - can,
        "given_back": due.given_back,
    }
    if can < held.chatbots and (held.kind == "subscription" or not can):
        if due.given_back and held.period_ends_at > moment.at:
            await subscriptions.skip_to_period_end(tx, tenant_id, held)
        return await _tell(tx, tenant_id, due, "subscription_kept", facts, moment)
    gave = await _give(tx, tenant_id, due, can, moment)
    if can < held.chatbots:
        await _reduce(tx, tenant_id, held, held.chatbots - can, moment)
        return gave.effects + await _tell(
            tx, tenant_id, due, "subscription_kept", {**facts, "paused": gave.paused}, moment
        )
    await subscriptions.end(tx, tenant_id, held.subscription_id, moment.at)
    ended = {**facts, "chatbots": can, "paused": gave.paused}
    return gave.effects + await _tell(tx, tenant_id, due, "subscription_ended", ended, moment)


async def _go_on(
    tx: Transaction, tenant_id: UUID, due: Due, held: Subscription, moment: Moment
) -> tuple[Effect, ...]:
    """It goes on as the plan chosen, at the version chosen; what that has fewer of goes back."""
    assert held.next_package_id is not None and held.next_package_version is not None
    package = await read_version(tx, held.next_package_id, held.next_package_version)
    fewer = max(0, held.chatbots - package.chatbots)
    can = await returnable(tx, tenant_id, due.account_id)
    if can < fewer:
        facts = {"package": due.package_name, "with_clients": fewer - can}
        return await _tell(tx, tenant_id, due, "subscription_kept", facts, moment)
    gave = await _give(tx, tenant_id, due, fewer, moment)
    await subscriptions.go_on_as(tx, tenant_id, held, package)
    facts = {"package": package.name, "chatbots": fewer, "paused": gave.paused}
    return gave.effects + await _tell(tx, tenant_id, due, "plan_changed", facts, moment)


async def _release(
    tx: Transaction, tenant_id: UUID, due: Due, held: Subscription, moment: Moment
) -> tuple[Effect, ...]:
    """Chatbots that nobody needs are released: as many as were asked for, or by the owner's setting
    all of them that auto-billing had subscribed."""
    chatbots = await count_releasable(tx, tenant_id, due.account_id, held.chatbots)
    setting = await settings_records.read_setting(tx, tenant_id, due.account_id)
    if not (held.automatic and setting.release_chatbots):
        chatbots = min(chatbots, held.release_chatbots)
    if not chatbots:
        await subscriptions.reduce(
            tx, tenant_id, held.subscription_id, held.chatbots, held.recurring_minor
        )
        return ()
    gave = await _give(tx, tenant_id, due, chatbots, moment)
    if chatbots == held.chatbots:
        await subscriptions.end(tx, tenant_id, held.subscription_id, moment.at)
    else:
        await _reduce(tx, tenant_id, held, held.chatbots - chatbots, moment)
    facts = {"package": due.package_name, "chatbots": chatbots}
    return gave.effects + await _tell(tx, tenant_id, due, "chatbots_released", facts, moment)


async def count_releasable(
    tx: Transaction, tenant_id: UUID, account_id: UUID, subscribed: int
) -> int:
    """How many of the chatbots that an account subscribes to nobody needs at present: free ones,
    less those that paused chatbots and waiting demands lack (R31)."""
    _, seats = await balances.read_stock(tx, tenant_id, account_id)
    paused = [one for one in await read_own(tx, tenant_id, account_id) if one.state == "paused"]
    waiting = await demands.read_waiting(tx, tenant_id, account_id)
    wanted = len(paused) + sum(demand.short_chatbots for demand in waiting)
    return releasable(subscribed, seats.free, wanted)


async def _give(
    tx: Transaction, tenant_id: UUID, due: Due, chatbots: int, moment: Moment
) -> GaveBack:
    route = Route(
        tenant_id=tenant_id,
        seller_id=due.seller_id,
        buyer_id=due.account_id,
        operation_id=due.subscription_id,
    )
    return await give_back(
        tx, route=route, seller_is_supply=due.seller_is_supply, chatbots=chatbots, moment=moment
    )


async def _reduce(
    tx: Transaction, tenant_id: UUID, held: Subscription, chatbots: int, moment: Moment
) -> None:
    """So many chatbots go on, at what so many cost a period."""
    package = await read_version(tx, held.package_id, held.package_version)
    price = price_seats(package.as_seat(), chatbots, held.period, moment.at)
    await subscriptions.reduce(tx, tenant_id, held.subscription_id, chatbots, price.recurring_minor)


async def _tell(
    tx: Transaction,
    tenant_id: UUID,
    due: Due,
    kind: str,
    facts: Mapping[str, object],
    moment: Moment,
) -> tuple[Effect, ...]:
    await promise(
        tx,
        tenant_id=tenant_id,
        account_id=due.account_id,
        kind=kind,
        subject_id=due.subscription_id,
        episode=due.due_at.isoformat(),
        facts=facts,
        moment=moment,
    )
    return (MailDue(),)
