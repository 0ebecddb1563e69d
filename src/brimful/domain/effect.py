"""What a use case asks to be done after its commit, as plain values.

Losing one loses nothing: each only hastens what the rows already say is due, and a worker that
polls those rows comes to the same.
"""

from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Drive:
    """A purchase whose next step is at the gateway. ``begun`` is the payment that was created and stored
    for it just now, whose attempt begins: whoever created it need not read that again."""

    tenant_id: UUID
    purchase_id: UUID
    # The same work with it or without: whoever looks for what is done already takes such effects for one.
    begun: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class DriveMany:
    """Purchases of a tenant whose next step is at the gateway; of renewals there may be many."""

    tenant_id: UUID
    purchase_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class DriveRenewals:
    """Renewals of a tenant whose next step is at the gateway, best taken together. One hour brings
    thousands, so they keep no other purchase waiting; few of them have a caller that waits, who is short
    of credits or buys at that moment (R35)."""

    tenant_id: UUID
    purchase_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class DriveRefund:
    """A refund whose next step is at the gateway."""

    tenant_id: UUID
    refund_id: UUID


@dataclass(frozen=True, slots=True)
class Renew:
    """A seller whose buyers have something due."""

    tenant_id: UUID
    seller_id: UUID


@dataclass(frozen=True, slots=True)
class Plan:
    """An account on whose pool demands wait that no open purchase covers."""

    tenant_id: UUID
    account_id: UUID


@dataclass(frozen=True, slots=True)
class PlanBelow:
    """Accounts of which nothing is due any more: what waited for that on their pools, and on those of
    all below them, is planned for (R35)."""

    tenant_id: UUID
    account_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Wake:
    """An operation that reached its answer; callers may be waiting for it."""

    operation_id: UUID


@dataclass(frozen=True, slots=True)
class MailDue:
    """A notice was promised."""


@dataclass(frozen=True, slots=True)
class WebhooksDue:
    """Something is to be sent to a webhook endpoint."""


@dataclass(frozen=True, slots=True)
class DetachDue:
    """A card was taken out of use here and is yet to be removed at the gateway."""


@dataclass(frozen=True, slots=True)
class AdvanceClock:
    """The test clock is to be moved on (R38)."""


@dataclass(frozen=True, slots=True)
class LookAhead:
    """An account that buys ahead is to be looked at."""

    tenant_id: UUID
    account_id: UUID


@dataclass(frozen=True, slots=True)
class WarnDue:
    """It may be time again to warn of what is to come."""


@dataclass(frozen=True, slots=True)
class HandleEvent:
    """An event of the gateway that was stored and is to be handled."""

    event_id: str


@dataclass(frozen=True, slots=True)
class ReadAccount:
    """A seller whose gateway account is closed to us, and is to be asked after."""

    tenant_id: UUID
    account_id: UUID


# What looks by itself whether there is something to do, and mostly finds nothing.
Look = MailDue | WebhooksDue | DetachDue | AdvanceClock | WarnDue

Effect = (
    Drive
    | DriveMany
    | DriveRenewals
    | DriveRefund
    | Renew
    | Plan
    | PlanBelow
    | Wake
    | MailDue
    | WebhooksDue
    | DetachDue
    | AdvanceClock
    | LookAhead
    | WarnDue
    | HandleEvent
    | ReadAccount
)
