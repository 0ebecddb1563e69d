"""Creating a chatbot uses a seat of its account (R4)."""

from uuid import UUID

from brimful.billing import chatbots, commands
from brimful.billing.commands import Before, Key
from brimful.db.ids import new_id
from brimful.db.transaction import Transaction
from brimful.domain.chain import Feasible, Need, check_chain
from brimful.domain.effect import Plan
from brimful.domain.moment import Moment
from brimful.domain.reason import Reason, Refuse
from brimful.ledger import balances, demands
from brimful.ledger.demands import NewDemand
from brimful.usecases.answers import ChatbotCreated, ChatbotState, KeyConflict
from brimful.usecases.chain import read_chain
from brimful.usecases.context import Context, with_covers
from brimful.usecases.refuse_client import refuse_client

ChatbotAnswer = ChatbotCreated | Refuse | KeyConflict


async def create_chatbot(
    ctx: Context,
    *,
    tenant_id: UUID,
    account_id: UUID,
    external_id: str,
    name: str,
    key: str,
    body_hash: bytes,
    moment: Moment,
) -> ChatbotAnswer:
    """Create a chatbot from the account's free seats, once for ``key``.

    Short of seats it is refused with the offer to buy; it is bought for automatically only when the
    owner of a selling account enabled that separately, and then it waits as a demand (R4).
    """
    command = Key(
        tenant_id=tenant_id, account_id=account_id, key=key, verb="chatbot", body_hash=body_hash
    )

    async def body(tx: Transaction) -> ChatbotAnswer:
        await demands.lock_pools(tx, tenant_id, account_id)
        found = await commands.recall(tx, command)
        if found.conflict:
            return KeyConflict(key=key)
        if found.object_id is not None:
            state = await chatbots.read_state(tx, tenant_id, found.object_id)
            if state != "refused":
                return ChatbotCreated(chatbot_id=found.object_id, state=state)
        if await chatbots.is_taken(tx, tenant_id, account_id, external_id):
            return Refuse(
                reason=Reason.chatbot_exists,
                account_id=str(account_id),
                detail={"external_id": external_id},
            )
        _, seats = await balances.read_stock(tx, tenant_id, account_id)
        if seats.free < 1 and (refusal := await _cannot_buy(ctx, tx, command, moment)):
            return refusal
        return await _create(tx, command, found, external_id, name, moment)

    return await with_covers(ctx, body)


async def _cannot_buy(ctx: Context, tx: Transaction, command: Key, moment: Moment) -> Refuse | None:
    chain = await read_chain(
        ctx, tx, tenant_id=command.tenant_id, account_id=command.account_id, at=moment.at
    )
    buyer = chain.facts[0].buyer
    if not (buyer.sells and buyer.buys_chatbots_for_itself):
        return Refuse(
            reason=Reason.insufficient_chatbots,
            account_id=str(command.account_id),
            detail={"missing": 1},
        )
    verdict = check_chain(chain.levels, Need(credits=0, chatbots=1), moment.at)
    if isinstance(verdict, Feasible):
        return None
    needs = {"credits": 0, "chatbots": 1, "kind": "chatbot"}
    return await refuse_client(tx, chain, verdict, Reason.insufficient_chatbots, needs, moment)


async def _create(
    tx: Transaction, command: Key, found: Before, external_id: str, name: str, moment: Moment
) -> ChatbotCreated:
    chatbot_id = new_id()
    await chatbots.open_chatbot(
        tx,
        tenant_id=command.tenant_id,
        chatbot_id=chatbot_id,
        account_id=command.account_id,
        external_id=external_id,
        name=name,
        moment=moment,
    )
    met = await demands.register_demand(
        tx,
        tenant_id=command.tenant_id,
        account_id=command.account_id,
        kind="chatbot",
        new=NewDemand(
            demand_id=chatbot_id, operation_id=chatbot_id, child_id=None, credits=0, chatbots=1
        ),
        moment=moment,
    )
    if met:
        await demands.consume_demand(
            tx,
            tenant_id=command.tenant_id,
            demand_id=chatbot_id,
            kind="chatbot",
            moment=moment,
        )
        await chatbots.activate(tx, command.tenant_id, chatbot_id)
    await commands.remember(tx, command, found, chatbot_id, moment)
    effects = () if met else (Plan(command.tenant_id, command.account_id),)
    state: ChatbotState = "active" if met else "waiting"
    return ChatbotCreated(chatbot_id=chatbot_id, state=state, effects=effects)
