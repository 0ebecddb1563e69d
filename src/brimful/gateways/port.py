"""The port to a payment gateway: ten verbs, answers as values (R21, R22, R44).

Every verb names the gateway account that is charged (`account_ref`: the platform's own account, or
the one of an agency). Whatever goes wrong comes back as an outcome; the only exception is
`NetworkInTransaction`, raised before the first byte when the caller holds an open database
transaction (R21). Amounts are integer minor units of `currency` (ISO 4217, upper case), multiples of
its `domain.money.charge_step_minor`, and none is charged above its `charge_limit_minor`: others are
refused (R26).
"""

from collections.abc import Mapping
from typing import Literal, Protocol

from brimful.domain.event import Mode
from brimful.domain.payment import (
    BadEvent,
    CreateOutcome,
    Event,
    FindOutcome,
    MethodOutcome,
    PaymentOutcome,
    RefundOutcome,
    RemoveOutcome,
)

CaptureMode = Literal["automatic", "manual"]

# The metadata entry that holds our charge's id: by it `find` and reconciling know a payment of ours.
REFERENCE = "reference"


class Gateway(Protocol):
    """What the engine needs of a gateway; each implementation passes the same contract test."""

    @property
    def mode(self) -> Mode:
        """Whether it moves money ("live") or only seems to ("test"): the same as of its events (R45)."""
        ...

    async def create(
        self,
        *,
        account_ref: str,
        customer_id: str,
        method_id: str,
        amount_minor: int,
        currency: str,
        capture: CaptureMode,
        idempotency_key: str,
        description: str,
        metadata: Mapping[str, str],
    ) -> CreateOutcome:
        """Make a payment without moving money; its id is stored before it is confirmed (R22).

        `metadata["reference"]` is our own reference of the attempt, by which `find` finds it.
        """
        ...

    async def confirm(
        self,
        *,
        account_ref: str,
        payment_id: str,
        idempotency_key: str,
        off_session: bool,
        return_url: str | None = None,
    ) -> PaymentOutcome:
        """Charge the card (`Captured`) or, for a manual capture, authorise it (`Held`).

        Not `off_session`, its owner is there: what their bank asks them is at the `action_url` of
        `NeedsAuthentication`, and it leads back to `return_url`, whose query says nothing (R29).
        """
        ...

    async def capture(
        self,
        *,
        account_ref: str,
        payment_id: str,
        amount_minor: int,
        currency: str,
        idempotency_key: str,
    ) -> PaymentOutcome:
        """Take `amount_minor` of a hold, at most what was held; the rest is released.

        A payment captured before answers `Captured` with what was taken then; an expired or
        cancelled hold answers `Canceled`.
        """
        ...

    async def cancel(
        self, *, account_ref: str, payment_id: str, idempotency_key: str
    ) -> PaymentOutcome:
        """Cancel for good, the fence before any failure is recorded (R22).

        `Canceled` also when it was so before; `Captured` when the money was taken already.
        """
        ...

    async def refund(
        self,
        *,
        account_ref: str,
        payment_id: str,
        amount_minor: int,
        currency: str,
        idempotency_key: str,
    ) -> RefundOutcome:
        """Give back `amount_minor` of a captured payment, in total never more than captured.

        Whenever the payment is read from then on, this refund is told with `idempotency_key` as its
        reference: that tells it from those made elsewhere (R25).
        """
        ...

    async def look_up(self, *, account_ref: str, payment_id: str) -> PaymentOutcome:
        """Read a payment back: its present state, after a lost reply or an event (R22, R45)."""
        ...

    async def find(self, *, account_ref: str, reference: str) -> FindOutcome:
        """The ids of the payments made with this reference, oldest first (R22)."""
        ...

    async def save_method(
        self, *, account_ref: str, customer_id: str | None, token: str
    ) -> MethodOutcome:
        """Save a card for use without its owner (R27); without `customer_id` a customer is made."""
        ...

    async def remove_method(self, *, account_ref: str, method_id: str) -> RemoveOutcome:
        """Remove a saved card; it can never be charged again (R27)."""
        ...

    def parse_event(self, *, body: bytes, headers: Mapping[str, str]) -> Event | BadEvent:
        """Check the signature and age of a message and read it (R45). No network, never raises."""
        ...

    def minimum_minor(self, currency: str) -> int:
        """The least amount, in minor units, that can be charged in `currency` (R26)."""
        ...
