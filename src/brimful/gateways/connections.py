"""The port to the accounts that are connected at a gateway: whether one answers to us (R10, R44)."""

from typing import Protocol

from brimful.domain.disconnection import AccountOutcome


class Connections(Protocol):
    """What is needed of a gateway at which sellers have accounts of their own."""

    async def read_account(self, *, account_ref: str) -> AccountOutcome:
        """Read a seller's account afresh: `Connected`, or `Disconnected` when it is closed to us."""
        ...
