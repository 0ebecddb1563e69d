"""What may be sent of holds of credits and credit leases."""

from typing import Annotated

from pydantic import Field

from brimful.api.requests import Body, Credits, CreditsOrNone, WaitMs
from brimful.domain.holding import HOLD_S, HOLD_S_MAX
from brimful.domain.leasing import LEASE_S, LEASE_S_MAX


class PlaceHold(Body):
    """Credits to set aside before the work is done, and for how long."""

    credits: Credits
    ttl_s: Annotated[int, Field(strict=True, ge=1, le=HOLD_S_MAX)] = Field(
        HOLD_S, description="after so many seconds what is still held is free again"
    )
    wait_ms: WaitMs | None = None


class CaptureHold(Body):
    """What the work cost: less than is held gives the rest back, more takes what is free beside it."""

    credits: Credits


class TakeLease(Body):
    """A block of credits to spend in one's own process, and for how long."""

    credits: Credits
    ttl_s: Annotated[int, Field(strict=True, ge=1, le=LEASE_S_MAX)] = Field(
        LEASE_S, description="after so many seconds all that was not returned is charged"
    )
    wait_ms: WaitMs | None = None


class ReportLease(Body):
    """What was spent of a lease so far, in all."""

    credits: CreditsOrNone
    extend_s: Annotated[int, Field(strict=True, ge=1, le=LEASE_S_MAX)] | None = Field(
        None, description="let it last so many seconds from now, a day in all at most"
    )


class ReturnLease(Body):
    """What was spent of a lease, in all: the rest goes back."""

    credits: CreditsOrNone
