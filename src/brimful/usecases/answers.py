"""What a use case answers, beside a refusal."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from brimful.domain.effect import Effect


class SpendDone(NamedTuple):
    """The credits are debited, or held if that was asked for. ``balance_after`` is what was free after
    it, below zero when the account is overdrawn (R33)."""

    spend_id: UUID
    credits: int
    balance_after: int
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendWaiting:
    """The spend waits for its account's auto-billing, for this caller until ``answer_by`` (real time)."""

    spend_id: UUID
    credits: int
    answer_by: datetime
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """No answer within the caller's wait; the work goes on (R20)."""

    operation_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """A purchase was begun, or found by its key."""

    purchase_id: UUID
    effects: tuple[Effect, ...] = ()


ChatbotState = Literal["active", "waiting", "paused", "deleted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatbotCreated:
    """A chatbot that is active, or waits for its account's auto-billing; or, found by its key, was
    deleted since."""

    chatbot_id: UUID
    state: ChatbotState
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyConflict:
    """The idempotency key was used for something else (R39)."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What was named is not there, or not for this account to see."""

    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TooMuch:
    """One request asked for more than one may; ``why`` says in a sentence how much that is."""

    why: str
