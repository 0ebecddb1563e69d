"""Accounts: open, read, list."""

from typing import Any
from uuid import UUID

from asyncpg import UniqueViolationError
from fastapi import APIRouter

from brimful.api import ids, present
from brimful.api.auth import BuyerDep, EngineDep, PrincipalDep, SellerDep, TargetDep, is_in_scope
from brimful.api.present import AccountBody, Page
from brimful.api.problem import Problem, documented, not_found, of_answer
from brimful.api.requests import After, IdempotencyKey, Limit, OpenAccount
from brimful.billing import accounts
from brimful.billing.accounts import Account
from brimful.ledger.balances import read_stock_at
from brimful.usecases.open_account import open_account

router = APIRouter(tags=["accounts"])


async def _shown(engine: Any, target: Any, found: Account) -> AccountBody:
    return present.account(found, target.platform, found.account_id == found.tenant_id)


@router.get("/v1/whoami", responses=documented(), summary="Whom the key speaks for")
async def whoami(principal: PrincipalDep) -> dict[str, Any]:
    """The account of the key, and whether it may only read."""
    return {
        "account_id": ids.show("acc", principal.account_id),
        "read_only": principal.read_only,
        "platform": principal.tenant_id is None,
    }


@router.post(
    "/v1/accounts/{account_id}/accounts",
    status_code=201,
    responses=documented(402, 403, 409),
    summary="Open an account below a seller",
)
async def open_below(
    target: SellerDep, body: OpenAccount, engine: EngineDep, idempotency_key: IdempotencyKey
) -> AccountBody:
    """Opens an agency (`sells` true) or a sub-account. Below the platform it begins a tenant."""
    parent = target.account or target.platform
    try:
        answer = await open_account(
            engine.ctx,
            parent=parent,
            name=body.name,
            sells=body.sells,
            currency=body.currency or target.currency,
            zone=body.zone,
            owner_name=body.owner_name,
            owner_email=body.owner_email,
            external_id=body.external_id,
            key=idempotency_key,
            body_hash=body.hash("open_account"),
            moment=engine.clock.moment(),
        )
    except ValueError as wrong:
        raise Problem(422, "invalid_request", str(wrong)) from wrong
    except UniqueViolationError as taken:
        # A twin of the same key was recalled, so what is left is the external id.
        raise Problem(
            409, "external_id_taken", "This seller has another account with this external_id."
        ) from taken
    if not isinstance(answer, UUID):
        raise of_answer(answer)
    found = await accounts.find_account(engine.ctx.db, answer)
    assert found is not None
    # A key sent again recalls an account that may have moved to another seller since.
    if not is_in_scope(target.principal, found):
        raise not_found()
    return await _shown(engine, target, found)


@router.get("/v1/accounts/{account_id}", responses=documented(), summary="Read an account")
async def read_account(buyer: BuyerDep, engine: EngineDep) -> AccountBody:
    """An account within the key's scope."""
    return await _shown(engine, buyer.target, buyer.account)


@router.get(
    "/v1/accounts/{account_id}/accounts",
    responses=documented(),
    summary="List the accounts that an account sells to",
)
async def list_below(
    target: TargetDep, engine: EngineDep, limit: Limit = 50, after: After = None
) -> Page:
    """By age; agencies for the platform, clients for an agency."""
    last = None if after is None else ids.parse("acc", after)
    if target.account is None:
        found = await accounts.read_agencies(engine.ctx.db, last, limit + 1)
    else:
        found = await accounts.read_children(
            engine.ctx.db, target.account.tenant_id, target.account.account_id, last, limit + 1
        )
    data = [(await _shown(engine, target, one)).model_dump() for one in found[:limit]]
    return Page(data=data, next=data[-1]["id"] if len(found) > limit else None)


@router.get(
    "/v1/accounts/{account_id}/balance",
    responses=documented(),
    summary="What an account holds",
)
async def read_balance(buyer: BuyerDep, engine: EngineDep) -> present.BalanceBody:
    """Credits and chatbots: free, reserved, held, used, sold; of credits, overdrawn. What has ended is
    not free any more, whether or not the statement has it as lapsed by then."""
    at = engine.now().at
    stocks = await read_stock_at(engine.ctx.db, buyer.tenant_id, buyer.account_id, at)
    return present.balance(*stocks)
