"""Withdrawing a package (R10): nothing new is planned on it from this commit on."""

from uuid import UUID

from brimful.billing import catalogues
from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect
from brimful.domain.moment import Moment
from brimful.ledger import demands
from brimful.usecases.answers import Missing
from brimful.usecases.context import Context
from brimful.usecases.release_holds import children_changed


async def withdraw_package(
    ctx: Context,
    *,
    seller_ref: UUID,
    package_id: UUID,
    tenant_id: UUID | None,
    moment: Moment,
) -> tuple[Effect, ...] | Missing:
    """Take a package off the catalogue. ``tenant_id`` is the seller's, None for the platform.

    The last credit package of a seller gone, its children's auto-billing is inactive at once.
    """

    async def body(tx: Transaction) -> tuple[Effect, ...] | Missing:
        if tenant_id is not None:
            await demands.lock_family(tx, tenant_id, seller_ref)
        await catalogues.lock(tx, seller_ref)
        head = await catalogues.read_head(tx, seller_ref, package_id)
        if head is None or head["withdrawn_at"] is not None:
            return Missing(what="package")
        await catalogues.bump(tx, seller_ref)
        await catalogues.withdraw(tx, package_id, moment)
        last = not await catalogues.count_active(tx, seller_ref, "additional_credits")
        if tenant_id is None or head["kind"] != "additional_credits" or not last:
            return ()
        return await children_changed(tx, tenant_id, seller_ref, moment)

    return await ctx.db.run(body)
