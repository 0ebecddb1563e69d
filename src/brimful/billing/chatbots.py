"""Chatbots: objects with an external id, each on a seat of its account."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Literal
from uuid import UUID

from brimful.db.sqlfile import load
from brimful.db.transaction import Transaction
from brimful.domain.moment import Moment

_sql = partial(load, "brimful.billing")

ChatbotState = Literal["waiting", "active", "paused", "refused", "deleted"]


async def open_chatbot(
    tx: Transaction,
    *,
    tenant_id: UUID,
    chatbot_id: UUID,
    account_id: UUID,
    external_id: str,
    name: str,
    moment: Moment,
) -> None:
    """Write a chatbot that waits for its seat."""
    await tx.execute(
        _sql("open_chatbot"), tenant_id, chatbot_id, account_id, external_id, name, moment.at
    )


async def activate(tx: Transaction, tenant_id: UUID, chatbot_id: UUID) -> None:
    """It has its seat."""
    await tx.execute(_sql("activate_chatbot"), tenant_id, chatbot_id)


async def is_taken(tx: Transaction, tenant_id: UUID, account_id: UUID, external_id: str) -> bool:
    """The account has a chatbot of this external id already."""
    return bool(await tx.fetchval(_sql("is_chatbot_taken"), tenant_id, account_id, external_id))


async def read_state(tx: Transaction, tenant_id: UUID, chatbot_id: UUID) -> ChatbotState:
    """The state of a chatbot that is known to exist."""
    state: ChatbotState = await tx.fetchval(_sql("read_chatbot_state"), tenant_id, chatbot_id)
    return state


async def delete(
    tx: Transaction, tenant_id: UUID, account_id: UUID, chatbot_id: UUID, moment: Moment
) -> Literal["active", "paused"] | None:
    """Mark an active or paused chatbot of an account deleted; which it was, None when there is none
    such."""
    before: Literal["active", "paused"] | None = await tx.fetchval(
        _sql("delete_chatbot"), tenant_id, account_id, chatbot_id, moment.at
    )
    return before


@dataclass(frozen=True, slots=True)
class OwnChatbot:
    """A chatbot of an account that has a seat, or has none and waits for one; ``keep``: its owner
    chose it to have one before others."""

    chatbot_id: UUID
    name: str
    state: Literal["active", "paused"]
    keep: bool
    created_at: datetime


async def read_own(tx: Transaction, tenant_id: UUID, account_id: UUID) -> list[OwnChatbot]:
    """The active and the paused chatbots of an account."""
    rows = await tx.fetch(_sql("read_own_chatbots"), tenant_id, account_id)
    return [OwnChatbot(**dict(row)) for row in rows]


async def keep(tx: Transaction, tenant_id: UUID, account_id: UUID, chatbots: list[UUID]) -> None:
    """Note which chatbots their owner chose to keep; all others are not."""
    await tx.execute(_sql("keep_chatbots"), tenant_id, account_id, chatbots)
