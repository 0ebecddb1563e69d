"""What may be sent: strict, bounded, and nothing that is not named."""

import hashlib
import json
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from fastapi import Header, Query
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from brimful.api import ids
from brimful.api.batch import MESSAGES_MAX, SPENDS_MAX
from brimful.api.texts import Text
from brimful.domain.brake import CHARGES, FACTOR
from brimful.domain.money import MAX_CHATBOTS, MAX_CREDITS, MAX_MINOR, MAX_OVERDRAFT
from brimful.settings import MAIL_ADDRESS

LongText = Annotated[str, StringConstraints(max_length=4_000)]
Email = Annotated[str, StringConstraints(pattern=f"^{MAIL_ADDRESS.pattern}$")]
# Printable signs of an address; a gateway leads people there.
Address = Annotated[
    str, StringConstraints(pattern=r"^https?://[!-~]{1,1900}$", min_length=8, max_length=1_920)
]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Credits = Annotated[int, Field(strict=True, ge=1, le=MAX_CREDITS)]
CreditsOrNone = Annotated[int, Field(strict=True, ge=0, le=MAX_CREDITS)]
Chatbots = Annotated[int, Field(strict=True, ge=0, le=MAX_CHATBOTS)]
Minor = Annotated[int, Field(strict=True, ge=1, le=MAX_MINOR)]
Id = Annotated[str, StringConstraints(max_length=64)]
IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=f"^{ids.KEY}$",
        description="Chosen by you, kept with the request: sent again, it has one effect.",
    ),
]
Limit = Annotated[int, Query(ge=1, le=100)]
After = Annotated[str | None, Query(max_length=64, description="The `next` of the page before.")]
WAIT_MS_MAX = 60_000
WaitMs = Annotated[int, Field(strict=True, ge=0, le=WAIT_MS_MAX)]


def _instant(value: Any) -> datetime:
    """An instant in a text, never a number. Raises ValueError."""
    text = value if isinstance(value, str) else ""
    read = datetime.fromisoformat(text)
    if read.tzinfo is None or "T" not in text:
        raise ValueError("an instant such as 2027-01-31T00:00:00Z is expected")
    return read


Instant = Annotated[
    datetime,
    PlainValidator(_instant),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


class Body(BaseModel):
    """A request's body: unknown fields are errors."""

    model_config = ConfigDict(extra="forbid")

    def hash(self, route: str) -> bytes:
        """What tells one request from another under the same key."""
        canonical = json.dumps(self.model_dump(mode="json", exclude={"wait_ms"}), sort_keys=True)
        return hashlib.sha256(f"{route}\n{canonical}".encode()).digest()


class OpenAccount(Body):
    """A new account below the one in the path."""

    name: Text
    sells: bool = Field(False, strict=True)
    currency: Currency | None = Field(
        None, description="what it will sell in; its seller's if none"
    )
    zone: Annotated[str, StringConstraints(max_length=64)] = "UTC"
    owner_name: Text
    owner_email: Email
    external_id: Text | None = None


class PublishPackage(Body):
    """A package, or its new version. Prices in minor units of the seller's currency."""

    kind: Literal["subscription", "extra_chatbots", "additional_credits"]
    name: Text
    price_minor: Minor
    currency: Currency | None = Field(None, description="if given, it must be the seller's")
    credits: CreditsOrNone = 0
    chatbots: Chatbots = 0
    interval: Literal["month", "quarter", "year"] | None = None
    expires_after_days: Annotated[int, Field(strict=True, ge=1, le=3_660)] | None = None
    full_price_first: bool = Field(False, strict=True)
    rolls_over: bool = Field(
        False, strict=True, description="a subscription's unused credits last a month longer"
    )
    chatbots_price_minor: Annotated[int, Field(strict=True, ge=0, le=MAX_MINOR)] | None = Field(
        None, description="the part of a subscription's price that its chatbots carry"
    )


class SetRate(Body):
    """Credits per reply of a model."""

    credits: Credits


class Spend(Body):
    """Credits, or a model and how many messages at the seller's rate."""

    credits: Credits | None = None
    model: Text | None = None
    messages: Annotated[int, Field(strict=True, ge=1, le=MESSAGES_MAX)] | None = None
    wait_ms: WaitMs | None = None


class SpendBatch(Body):
    """Spends of the account in the path and those below it. Each is read by itself, so that what is
    wrong with one is said in its answer."""

    spends: list[dict[str, Any]] = Field(
        min_length=1,
        max_length=SPENDS_MAX,
        description="Each an object with `key` (its Idempotency-Key) and `credits`, or `model` and "
        "`messages`, as for a single spend; `account_id` if not of the account in the path.",
        examples=[[{"key": "reply-1", "credits": 5}]],
    )
    wait_ms: WaitMs | None = None


class Purchase(Body):
    """So many of a package of the account's seller."""

    package_id: Id
    quantity: Annotated[int, Field(strict=True, ge=1, le=10_000)] = 1
    wait_ms: WaitMs | None = None


class CreateChatbot(Body):
    """A chatbot by your own id for it."""

    external_id: Text
    name: Annotated[str, StringConstraints(max_length=200)] = ""
    wait_ms: WaitMs | None = None


class Allot(Body):
    """A gift or trial out of the seller's stock."""

    credits: CreditsOrNone = 0
    chatbots: Chatbots = 0


class SetAutoBilling(Body):
    """The owner's choice. Switching on needs `monthly_limit_minor`: a number, or "none"."""

    enabled: bool = Field(strict=True)
    monthly_limit_minor: Minor | Literal["none"] | None = None
    per_charge_minor: Minor | None = None
    per_hour_count: Annotated[int, Field(strict=True, ge=1, le=10_000)] | None = None
    per_day_minor: Minor | None = None
    strategy: Literal["best_cover", "single_pack"] = "best_cover"
    allowed_packages: Annotated[list[Id], Field(min_length=1, max_length=20)] | None = None
    buys_chatbots: bool = Field(False, strict=True)
    release_chatbots: bool = Field(
        False, strict=True, description="release automatic chatbots that nobody needs at period end"
    )
    brake_charges: Annotated[int, Field(strict=True, ge=1, le=1_000)] = Field(
        CHARGES, description="so many automatic charges a day are usual"
    )
    brake_factor: Annotated[int, Field(strict=True, ge=1, le=1_000)] | None = Field(
        FACTOR, description="from so many times the mean of a week on it asks; null: never"
    )
    given_by: Annotated[str, StringConstraints(max_length=200)] = ""
    terms: LongText = ""


class Resume(Body):
    """Who lets auto-billing go on after a pause, and under which terms."""

    given_by: Text
    terms: LongText = ""


class SetThreshold(Body):
    """Buy to a target when fewer credits than a threshold are free; both null for no longer."""

    threshold_credits: Credits | None
    target_credits: Credits | None
    given_by: Annotated[str, StringConstraints(max_length=200)] = ""
    terms: LongText = ""

    @model_validator(mode="after")
    def _both(self) -> Self:
        threshold, target = self.threshold_credits, self.target_credits
        if (threshold is None) != (target is None):
            raise ValueError("a threshold needs a target, and a target a threshold")
        if threshold is not None and target is not None and target < threshold:
            raise ValueError("the target must be at least the threshold")
        return self


class SetForecast(Body):
    """Buy before the burn rate runs the pool out; `renewals`: for clients' renewals, too."""

    enabled: bool = Field(strict=True)
    renewals: bool = Field(False, strict=True)
    given_by: Annotated[str, StringConstraints(max_length=200)] = ""
    terms: LongText = ""


class SetOverdraft(Body):
    """How many credits beyond its pool an account may spend; 0 for none."""

    limit_credits: Annotated[int, Field(strict=True, ge=0, le=MAX_OVERDRAFT)]


class SetChildLimit(Body):
    """What one child may make its seller's card pay in a month; null for no limit."""

    per_month_minor: Annotated[int, Field(strict=True, ge=0, le=MAX_MINOR)] | None


class SaveCard(Body):
    """A token of the gateway for a card; never a card's number."""

    token: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    role: Literal["primary", "backup"] | None = Field(
        None,
        description="the backup is tried while the primary may not be; unless said primary, and of a "
        "page's card that which the page was asked for",
    )


class Authenticate(Body):
    """The token of a one-time link, and where its owner is led on to after the bank."""

    token: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    return_url: Address | None = None


class AskCardPage(Body):
    """Where to lead back to, who asked for the page, and in which role its card will be used."""

    return_url: Address
    given_by: Text
    role: Literal["primary", "backup"] = Field(
        "primary", description="the backup is tried while the primary may not be"
    )


class AskOnboarding(Body):
    """Where to lead back to."""

    return_url: Address


class IssueKey(Body):
    """A new API key of the account in the path."""

    label: Annotated[str, StringConstraints(max_length=200)] = ""
    read_only: bool = Field(False, strict=True)


class ChangePlan(Body):
    """The plan that a subscription is to become."""

    package_id: Id
    wait_ms: WaitMs | None = None


class ReleaseChatbots(Body):
    """How many of a subscription's extra chatbots are to go at period end; 0 for none."""

    chatbots: Chatbots


class KeepChatbots(Body):
    """The chatbots that are to stay active first; an empty list leaves it to their age."""

    chatbots: Annotated[list[Id], Field(max_length=10_000)]


class CloseAccount(Body):
    """Who closes the account."""

    given_by: Text


class MoveAccount(Body):
    """To which seller an account moves, and who says so."""

    seller_id: Id
    given_by: Text


class Refund(Body):
    """How much of a charge goes back: null for all whose credits are unspent; of one `line`'s credits,
    or of all that was charged."""

    amount_minor: Minor | None = None
    line: Annotated[int, Field(strict=True, ge=1, le=1_000)] | None = None
    wait_ms: WaitMs | None = None


class PreviewRefund(Body):
    """A refund to look at before it is made."""

    charge_id: Id
    amount_minor: Minor | None = None
    line: Annotated[int, Field(strict=True, ge=1, le=1_000)] | None = None


class ClearDebt(Body):
    """Who lets go of a debt."""

    given_by: Text


class PreviewChange(Body):
    """A change of plan to look at before it is made."""

    subscription_id: Id
    package_id: Id


class PreviewPurchase(Body):
    """A purchase to look at before it is made."""

    package_id: Id
    quantity: Annotated[int, Field(strict=True, ge=1, le=10_000)] = 1


class PreviewSpend(Body):
    """A spend to look at before it is made."""

    credits: Credits


class PreviewSale(Body):
    """A sale to a client to look at before it is made."""

    credits: CreditsOrNone = 0
    chatbots: Chatbots = 0


class AdvanceClock(Body):
    """How far business time is to go: over so many `seconds`, or `to` an instant."""

    seconds: Annotated[int, Field(strict=True, ge=1, le=3_660 * 86_400)] | None = None
    to: Instant | None = None
    wait_ms: WaitMs | None = None
