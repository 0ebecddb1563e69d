"""The port to what becomes, without us, of the accounts that are connected at a gateway, and of the cards
that are saved there (R10, R29, R44)."""

from typing import Protocol

from brimful.domain.disconnection import AccountOutcome, MethodReading


class Connections(Protocol):
    """What is needed of a gateway at which sellers have accounts of their own, with cards in them."""

    async def read_account(self, *, account_ref: str) -> AccountOutcome:
        """Read a seller's account afresh: `Connected`, or `Disconnected` when it is closed to us."""
        ...

    async def read_method(self, *, account_ref: str, method_id: str) -> MethodReading:
        """Read a saved card afresh, as its network has it now: `SavedMethod`; `NotFound` when the
        account has no such card, or one that can never be charged again; `Disconnected`."""
        ...
