"""A purchase by hand: an account buys a package of its seller (R5, R14, R17)."""

from uuid import UUID

from brimful.billing import catalogues, commands, purchases
from brimful.billing.buyers import BuyerFacts, read_buyer
from brimful.billing.commands import Before, Key
from brimful.billing.offers import Package, read_offer
from brimful.db.transaction import Transaction
from brimful.domain.moment import Moment
from brimful.domain.reason import Reason, Refuse
from brimful.ledger import demands
from brimful.usecases.answers import Bought, KeyConflict, Missing, TooMuch
from brimful.usecases.buy_line import buy_line
from brimful.usecases.context import Context, with_covers
from brimful.usecases.lines import line_of

BuyAnswer = Bought | Refuse | KeyConflict | Missing | TooMuch


async def buy_package(
    ctx: Context,
    *,
    tenant_id: UUID,
    account_id: UUID,
    package_id: UUID,
    quantity: int,
    key: str,
    body_hash: bytes,
    moment: Moment,
) -> BuyAnswer:
    """Begin the purchase of ``quantity`` of a package for an account, once for ``key``.

    The seller short of stock buys what is missing first (R5); one that cannot is found out before
    anything is held, the buyer hears a neutral refusal, and the seller's owner is told (R18).
    """
    command = Key(
        tenant_id=tenant_id, account_id=account_id, key=key, verb="purchase", body_hash=body_hash
    )

    async def body(tx: Transaction) -> BuyAnswer:
        await demands.lock_buyer(tx, tenant_id, account_id)
        facts = await read_buyer(
            tx, tenant_id=tenant_id, account_id=account_id, at=moment.at, by_hand=True
        )
        found = await commands.recall(tx, command)
        if found.conflict:
            return KeyConflict(key=key)
        if found.object_id is not None:
            before = await purchases.read_purchase(tx, tenant_id, found.object_id)
            if before is not None and before.state != "failed":
                return Bought(purchase_id=found.object_id)
        shop = await read_offer(tx, seller_ref=facts.seller_ref, currency=facts.currency, lock=True)
        package = shop.packages.get(str(package_id))
        if package is None:
            return await not_on_offer(tx, facts, package_id)
        return await _buy(ctx, tx, facts, package, quantity, (command, found), moment)

    return await with_covers(ctx, body)


async def find_begun(
    ctx: Context, *, tenant_id: UUID, account_id: UUID, key: str, body_hash: bytes
) -> Bought | KeyConflict | None:
    """The purchase that was begun for ``key`` and has not failed, if there is one, or that the key was
    used for something else: what is told however anything else stands (R39)."""
    command = Key(
        tenant_id=tenant_id, account_id=account_id, key=key, verb="purchase", body_hash=body_hash
    )

    async def body(tx: Transaction) -> Bought | KeyConflict | None:
        found = await commands.recall(tx, command)
        if found.conflict:
            return KeyConflict(key=key)
        if found.object_id is None:
            return None
        begun = await purchases.read_purchase(tx, tenant_id, found.object_id)
        fails = begun is None or begun.state == "failed"
        return None if fails else Bought(purchase_id=found.object_id)

    return await ctx.db.run(body)


async def not_on_offer(tx: Transaction, facts: BuyerFacts, package_id: UUID) -> Refuse | Missing:
    """Why a package cannot be bought: its seller withdrew it, or never had it."""
    if await catalogues.read_head(tx, facts.seller_ref, package_id) is None:
        return Missing(what="package")
    return Refuse(reason=Reason.package_withdrawn, account_id=str(facts.account_id), detail={})


async def why_not_package(tx: Transaction, facts: BuyerFacts, package: Package) -> Reason | None:
    """Why an account buys no such package now, if anything stops it, before it is asked what it costs
    and who furnishes it. A preview asks this too (R32)."""
    if not facts.open:
        return Reason.account_closed
    if package.kind == "subscription" and await purchases.has_subscription(
        tx, facts.tenant_id, facts.account_id
    ):
        return Reason.already_subscribed
    return None


async def _buy(
    ctx: Context,
    tx: Transaction,
    facts: BuyerFacts,
    package: Package,
    quantity: int,
    command: tuple[Key, Before],
    moment: Moment,
) -> BuyAnswer:
    if (reason := await why_not_package(tx, facts, package)) is not None:
        return Refuse(reason=reason, account_id=str(facts.account_id), detail={})
    line = line_of(facts, package, quantity, moment)
    return await buy_line(
        ctx,
        tx,
        facts=facts,
        line=line,
        explanation={
            "trigger": "manual",
            "package": package.name,
            "quantity": quantity,
            "amount_minor": line.amount_minor,
            "currency": facts.currency,
        },
        command=command,
        moment=moment,
    )
