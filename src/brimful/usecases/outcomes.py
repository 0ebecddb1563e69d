"""From what the ledger moved to what is to be done next."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from brimful.domain.effect import Drive, DriveMany, DriveRenewals, Effect, Wake
from brimful.ledger.demands import Moved

# So many renewals go together, so that a lease outlasts the calls of a step.
TOGETHER = 64


def effects_of(tenant_id: UUID, moved: Iterable[Moved]) -> tuple[Effect, ...]:
    """Who is to be woken, and which purchases go on at the gateway, after stock was offered or
    refused: a child's purchase that is met captures, one that failed gives its hold back."""
    purchases: list[UUID] = []
    effects: list[Effect] = []
    for move in moved:
        if move.kind == "purchase":
            purchases.append(move.operation_id)
        else:
            effects.append(Wake(move.operation_id))
    return (*effects, *to_drive(tenant_id, purchases))


def to_drive(tenant_id: UUID, purchase_ids: Sequence[UUID]) -> tuple[Effect, ...]:
    """One purchase is driven by itself; of several it is looked at first which are renewals."""
    if len(purchase_ids) == 1:
        return (Drive(tenant_id, purchase_ids[0]),)
    return (DriveMany(tenant_id, tuple(purchase_ids)),) if purchase_ids else ()


def together(tenant_id: UUID, renewals: Sequence[UUID]) -> tuple[DriveRenewals, ...]:
    """Renewals of one tenant are driven in groups, each as large as goes together."""
    starts = range(0, len(renewals), TOGETHER)
    return tuple(
        DriveRenewals(tenant_id, tuple(renewals[start : start + TOGETHER])) for start in starts
    )
