"""From what the ledger moved to what is to be done next."""

from collections.abc import Iterable
from uuid import UUID

from brimful.domain.effect import Drive, Effect, Wake
from brimful.ledger.demands import Moved


def effects_of(tenant_id: UUID, moved: Iterable[Moved]) -> tuple[Effect, ...]:
    """Who is to be woken, and which purchases go on at the gateway, after stock was offered or
    refused: a child's purchase that is met captures, one that failed gives its hold back."""
    effects: list[Effect] = []
    for move in moved:
        if move.kind == "purchase":
            effects.append(Drive(tenant_id, move.operation_id))
        else:
            effects.append(Wake(move.operation_id))
    return tuple(effects)
