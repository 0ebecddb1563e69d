"""From what the ledger moved to what is to be done next."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from brimful.domain.effect import Drive, DriveMany, Effect, Wake
from brimful.ledger.demands import Moved


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
    """One purchase is driven by itself, several together."""
    if len(purchase_ids) == 1:
        return (Drive(tenant_id, purchase_ids[0]),)
    return (DriveMany(tenant_id, tuple(purchase_ids)),) if purchase_ids else ()
