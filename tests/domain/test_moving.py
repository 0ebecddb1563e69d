"""R46: where an account may move to, as a pure decision."""

from dataclasses import dataclass, replace
from uuid import UUID

import pytest

from brimful.domain.moving import why_not_move
from brimful.domain.reason import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """An account in a tree of small numbers."""

    account_id: UUID
    tenant_id: UUID
    ancestors: tuple[UUID, ...]
    supply: bool = False
    sells: bool = True
    state: str = "open"
    currency: str = "USD"


def at(*path: int) -> Here:
    """The account at the end of a path of numbers from the supply down; the second is the tenant."""
    ids = tuple(UUID(int=one) for one in path)
    tenant = ids[1] if len(ids) > 1 else UUID(int=10)
    return Here(account_id=ids[-1], tenant_id=tenant, ancestors=ids, supply=len(ids) == 1)


SUPPLY, AGENCY = at(1), at(1, 10)
NORTH, SOUTH = at(1, 10, 20), at(1, 10, 30)
CLIENT = replace(at(1, 10, 20, 40), sells=False)


@pytest.mark.parametrize(
    ("account", "seller", "to"),
    [
        (CLIENT, NORTH, SOUTH),
        (CLIENT, NORTH, AGENCY),
        (NORTH, AGENCY, SOUTH),
        (replace(CLIENT, currency="EUR"), NORTH, SOUTH),
        (NORTH, AGENCY, at(1, 10, 30, 50)),
    ],
)
def test_r46_within_the_tenant_it_moves(account: Here, seller: Here, to: Here) -> None:
    """Sideways, up, down beside itself; what it sells in itself does not matter."""
    assert why_not_move(account, seller, to) is None


@pytest.mark.parametrize(
    ("account", "seller", "to", "reason"),
    [
        (CLIENT, NORTH, NORTH, Reason.same_seller),
        (NORTH, AGENCY, NORTH, Reason.below_itself),
        (NORTH, AGENCY, at(1, 10, 20, 60), Reason.below_itself),
        (CLIENT, NORTH, at(2, 11), Reason.another_tenant),
        (CLIENT, NORTH, SUPPLY, Reason.another_tenant),
        (AGENCY, SUPPLY, at(2, 11), Reason.another_tenant),
        (AGENCY, SUPPLY, NORTH, Reason.below_itself),
        (CLIENT, NORTH, replace(SOUTH, sells=False), Reason.seller_cannot_sell),
        (CLIENT, NORTH, replace(SOUTH, state="closed"), Reason.account_closed),
        (replace(CLIENT, state="closed"), NORTH, SOUTH, Reason.account_closed),
        (CLIENT, NORTH, replace(SOUTH, currency="EUR"), Reason.another_currency),
    ],
)
def test_r46_elsewhere_it_does_not(account: Here, seller: Here, to: Here, reason: Reason) -> None:
    """Each with its reason."""
    assert why_not_move(account, seller, to) is reason
