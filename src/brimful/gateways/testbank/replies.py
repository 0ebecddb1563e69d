"""What testbank answers, before anything is made of it."""

from abc import ABC, abstractmethod
from typing import Any

from brimful.domain.payment import SavedMethod, Unknown, Unreachable

# The status and the body of an answer; or none.
Reply = tuple[int, Any] | Unknown | Unreachable


class Asks(ABC):
    """What a group of verbs needs of the adapter that it is part of."""

    @abstractmethod
    async def _call(
        self, method: str, path: str, account_ref: str, key: str | None, wish: Any
    ) -> Reply:
        """One request for a merchant, under an idempotency key if it has one."""


def code_of(body: Any) -> str:
    """Why testbank refused."""
    return str(body.get("code", "refused")) if isinstance(body, dict) else "refused"


def method_of(body: Any) -> SavedMethod:
    """A card as testbank shows it."""
    return SavedMethod(
        method_id=body["id"],
        customer_id=body["customer"],
        fingerprint=body["fingerprint"],
        brand=body["brand"],
        last4=body["last4"],
        exp_month=body["exp_month"],
        exp_year=body["exp_year"],
    )
