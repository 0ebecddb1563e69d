"""Whether an account may move to another seller (R46)."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from brimful.domain.reason import Reason


class Place(Protocol):
    """An account as it stands in the tree; ``ancestors`` run down to itself."""

    @property
    def account_id(self) -> UUID:
        """Its id."""
        ...

    @property
    def tenant_id(self) -> UUID:
        """The agency of the platform that it belongs to."""
        ...

    @property
    def ancestors(self) -> Sequence[UUID]:
        """From the root down."""
        ...

    @property
    def supply(self) -> bool:
        """It is the platform's own place inside the tenant."""
        ...

    @property
    def sells(self) -> bool:
        """Whether it sells."""
        ...

    @property
    def state(self) -> str:
        """Open or closed."""
        ...

    @property
    def currency(self) -> str:
        """What it sells in."""
        ...


def why_not_move(account: Place, seller: Place, to: Place) -> Reason | None:
    """Why an account may not move from its seller to another; None when it may.

    What it owns is counted in its tenant and its limits in its seller's currency, so both stay. An
    account directly under the platform is a tenant: it has nowhere to go.
    """
    if account.account_id in to.ancestors:
        return Reason.below_itself
    if to.tenant_id != account.tenant_id or to.supply or seller.supply:
        return Reason.another_tenant
    if to.account_id == seller.account_id:
        return Reason.same_seller
    if "closed" in (account.state, to.state):
        return Reason.account_closed
    if not to.sells:
        return Reason.seller_cannot_sell
    return Reason.another_currency if to.currency != seller.currency else None
