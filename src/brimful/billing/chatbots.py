"""Chatbots: objects with an external id, each on a seat of its account."""

from functools import partial
from typing import Literal
from uuid import UUID

from brimful.db.sqlfile import load
from brimful.db.transaction import Transaction
from brimful.domain.moment import Moment

_sql = partial(load, "brimful.billing")


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


async def read_state(
    tx: Transaction, tenant_id: UUID, chatbot_id: UUID
) -> Literal["waiting", "active", "refused", "deleted"]:
    """The state of a chatbot that is known to exist."""
    state: Literal["waiting", "active", "refused", "deleted"] = await tx.fetchval(
        _sql("read_chatbot_state"), tenant_id, chatbot_id
    )
    return state


async def delete(
    tx: Transaction, tenant_id: UUID, account_id: UUID, chatbot_id: UUID, moment: Moment
) -> bool:
    """Mark an active chatbot of an account deleted; False when there is none such."""
    deleted = await tx.fetchval(
        _sql("delete_chatbot"), tenant_id, account_id, chatbot_id, moment.at
    )
    return deleted is not None
