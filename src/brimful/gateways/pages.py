"""The port to pages that a gateway hosts: where a card is entered, and where an account is opened.

No card number ever comes near brimful (R44): its owner enters it on a page of the gateway, which leads
back when that is done.
"""

from dataclasses import dataclass
from typing import Protocol

from brimful.domain.payment import Refused, Unknown, Unreachable


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedPage:
    """A page for one visitor. For a card, ``page_id`` is the token by which it is saved once the
    page is completed, for the customer named."""

    page_id: str
    url: str
    customer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Onboarding:
    """A page by which a seller connects the gateway account ``account_ref``, on which its clients
    are charged."""

    account_ref: str
    url: str


PageOutcome = HostedPage | Refused | Unknown | Unreachable
OnboardingOutcome = Onboarding | Refused | Unknown | Unreachable


class Pages(Protocol):
    """What is needed of a gateway that hosts pages."""

    async def setup_page(
        self, *, account_ref: str, customer_id: str | None, reference: str, return_url: str
    ) -> PageOutcome:
        """A page on which an owner saves a card for use without them (R27); nothing is charged.

        ``reference`` names whose card it will be; without ``customer_id`` a customer is made for it.
        The page leads back to ``return_url``, with ``page=<page_id>`` in its query.
        """
        ...

    async def onboarding_page(
        self, *, account_ref: str | None, reference: str, email: str, return_url: str
    ) -> OnboardingOutcome:
        """A page on which a seller connects its gateway account; None opens one first, for the
        seller that ``reference`` names, whose owner has ``email``."""
        ...
