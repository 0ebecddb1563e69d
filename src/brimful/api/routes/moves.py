"""Moving an account to another seller of its tenant (R46)."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from brimful.api import ids
from brimful.api.auth import Buyer, BuyerDep, EngineDep, is_in_scope
from brimful.api.problem import Problem, documented, of_answer
from brimful.api.requests import MoveAccount
from brimful.billing import accounts
from brimful.billing.accounts import Account
from brimful.domain.reason import Reason, Refuse
from brimful.usecases.set_move import set_move, undo_move
from brimful.wiring import Engine

router = APIRouter(tags=["accounts"])


class MoveBody(BaseModel):
    """When an account moves to which seller."""

    id: str
    seller_id: str
    moves_at: datetime
    moved: bool = Field(description="it has moved; false: it will, at that time or soon after")


def _by_one_above(buyer: Buyer) -> None:
    if not buyer.target.acted_by_seller:
        raise Problem(403, "only_its_seller", "Only one above an account can move it.")


async def _seller(buyer: Buyer, seller_id: str, engine: Engine) -> Account:
    """The seller named, if the key may name it: else nobody is there (R40)."""
    wanted = ids.parse_body("acc", seller_id, "seller_id")
    target = buyer.target
    if wanted == target.platform.platform_id and target.principal.tenant_id is None:
        account = str(buyer.account_id)
        raise of_answer(Refuse(reason=Reason.another_tenant, account_id=account, detail={}))
    found = await accounts.find_account(engine.ctx.db, wanted)
    if found is None or not is_in_scope(target.principal, found):
        raise Problem(404, "unknown_seller", "There is no such seller.")
    return found


@router.post(
    "/v1/accounts/{account_id}/move",
    responses=documented(402, 403, 409),
    summary="Move an account to another seller",
)
async def move(buyer: BuyerDep, body: MoveAccount, engine: EngineDep) -> MoveBody:
    """By a key of one above both sellers (the platform, or one of them if the other is below it). At
    the end of the period of its plan, or at once without one: credits stay, subscriptions end,
    chatbots go back and pause until they are bought of the new seller, auto-billing is off until its
    owner agrees anew."""
    _by_one_above(buyer)
    to = await _seller(buyer, body.seller_id, engine)
    answer = await set_move(
        engine.ctx,
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        to=to,
        given_by=body.given_by,
        moment=engine.clock.moment(),
    )
    if isinstance(answer, Refuse):
        raise of_answer(answer)
    engine.run(answer.effects)
    return MoveBody(
        id=ids.show("acc", buyer.account_id),
        seller_id=ids.show("acc", to.account_id),
        moves_at=answer.at,
        moved=answer.moved,
    )


@router.delete(
    "/v1/accounts/{account_id}/move",
    status_code=204,
    responses=documented(403),
    summary="Let an account stay with its seller",
)
async def undo(buyer: BuyerDep, engine: EngineDep) -> None:
    """Before it has moved; nothing happens when it is not to move."""
    _by_one_above(buyer)
    engine.run(
        await undo_move(
            engine.ctx,
            tenant_id=buyer.tenant_id,
            account_id=buyer.account_id,
            moment=engine.clock.moment(),
        )
    )
