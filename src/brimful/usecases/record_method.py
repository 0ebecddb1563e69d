"""What a fresh reading of a saved card says is recorded here (R27, R29, R45)."""

from datetime import datetime

from brimful.billing import card_readings, cards
from brimful.billing.buyers import read_buyer
from brimful.billing.card_readings import StoredCard
from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect, MailDue
from brimful.domain.moment import Moment
from brimful.domain.payment import NotFound, SavedMethod
from brimful.domain.reason import Reason
from brimful.ledger import demands
from brimful.notices.promise import promise
from brimful.usecases.answers import Missing
from brimful.usecases.context import Context
from brimful.usecases.save_card import another_card, take_out_of_use


async def record_method(
    ctx: Context,
    *,
    card: StoredCard,
    reading: SavedMethod | NotFound,
    asked_real_at: datetime,
    moment: Moment,
) -> tuple[Effect, ...]:
    """Record what the gateway, asked at ``asked_real_at``, says that a saved card is now.

    The same fingerprint is the same card with another look or expiry: its pause stays. With another
    fingerprint the network has replaced it, and it counts as a new card, as one that its owner saves
    (R29): it may be tried at once, and what still waits is served. One that the gateway has no more is
    taken out of use as if it was removed here. Nothing follows for one that was removed meanwhile, nor
    from an answer that a later one has overtaken. Returns what is to be done after the commit.
    """

    async def body(tx: Transaction) -> tuple[Effect, ...]:
        if isinstance(reading, NotFound):
            await demands.lock_family(tx, card.tenant_id, card.account_id)
            return await _gone(tx, card, moment)
        await demands.lock_pools(tx, card.tenant_id, card.account_id)
        before = await read_buyer(
            tx, tenant_id=card.tenant_id, account_id=card.account_id, at=moment.at
        )
        if not await card_readings.note_reading(tx, card, reading, asked_real_at):
            return ()
        return await another_card(
            tx, before, card.method_id, moment, episode=f"replaced {reading.fingerprint}"
        )

    return await ctx.db.run(body)


async def _gone(tx: Transaction, card: StoredCard, moment: Moment) -> tuple[Effect, ...]:
    """Its owner did not do it here, so an owner whose auto-billing has no card left is told."""
    tenant_id, account_id = card.tenant_id, card.account_id
    effects = await take_out_of_use(tx, tenant_id, account_id, card.method_id, moment)
    if isinstance(effects, Missing):
        return ()
    left = await cards.read_card(tx, tenant_id, account_id)
    facts = await read_buyer(tx, tenant_id=tenant_id, account_id=account_id, at=moment.at)
    if left is not None or not facts.buyer.enabled:
        return effects
    await promise(
        tx,
        tenant_id=tenant_id,
        account_id=account_id,
        kind="paused",
        subject_id=card.method_id,
        episode="gone",
        facts={"reason": str(Reason.no_payment_method), "card": card.label},
        moment=moment,
    )
    return (*effects, MailDue())
