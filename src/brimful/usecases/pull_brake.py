"""Auto-billing that runs away stops, and its owner is asked (R30)."""

from uuid import UUID

from brimful.billing import brakes
from brimful.billing.brakes import BrakeCause
from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect, MailDue
from brimful.domain.moment import Moment
from brimful.domain.reason import Reason
from brimful.notices.promise import promise


async def pull_brake(
    tx: Transaction, tenant_id: UUID, account_id: UUID, cause: BrakeCause, moment: Moment
) -> tuple[Effect, ...]:
    """Stop an account's auto-billing and tell its owner why, once; what waits ends as with any pause.
    It goes on when the owner says so."""
    if not await brakes.pull(tx, tenant_id, account_id, cause, moment.at):
        return ()
    await promise(
        tx,
        tenant_id=tenant_id,
        account_id=account_id,
        kind="paused",
        subject_id=account_id,
        episode=f"brake:{moment.at.isoformat()}",
        facts={"reason": str(Reason.auto_billing_braked), "cause": cause},
        moment=moment,
    )
    return (MailDue(),)
