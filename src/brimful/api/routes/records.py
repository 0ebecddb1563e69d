"""What an account can look up: lots, statement, subscriptions, notices; allotments and keys."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from brimful.api import ids, present
from brimful.api.auth import Buyer, BuyerDep, EngineDep, TargetDep, seller_of_buyer
from brimful.api.present import Page
from brimful.api.problem import Problem, documented, not_found, of_answer
from brimful.api.requests import After, Allot, IdempotencyKey, IssueKey, Limit
from brimful.billing import keys
from brimful.billing.authentications import without_tokens
from brimful.billing.listings import Listing, list_entries, list_page, mark_notice_read
from brimful.domain.reason import Refuse
from brimful.ledger.archive import read_archived_end
from brimful.usecases.allot import Allotted, allot
from brimful.usecases.answers import Missing
from brimful.usecases.issue_key import issue_key as issue
from brimful.wiring import Engine

router = APIRouter(tags=["records"])


async def _page(
    engine: Engine, buyer: Buyer, listing: Listing, prefix: str, name: str, limit: int, after: Any
) -> Page:
    rows = await list_page(
        engine.ctx.db,
        listing,
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        after=None if after is None else ids.parse(prefix, after),
        limit=limit + 1,
    )
    return present.page(rows, prefix, name, limit)


@router.get("/v1/accounts/{account_id}/lots", responses=documented(), summary="List lots")
async def list_lots(
    buyer: BuyerDep, engine: EngineDep, limit: Limit = 50, after: After = None
) -> Page:
    """Batches of credits with their terms, newest first, as they are in the books: what was spent, or
    lapsed at their end, may be taken from them later. What is free is what the balance says."""
    return await _page(engine, buyer, "list_lots", "lot", "lot_id", limit, after)


@router.get(
    "/v1/accounts/{account_id}/subscriptions", responses=documented(), summary="List subscriptions"
)
async def list_subscriptions(
    buyer: BuyerDep, engine: EngineDep, limit: Limit = 50, after: After = None
) -> Page:
    """Plans and chatbots that recur, newest first."""
    name = "subscription_id"
    return await _page(engine, buyer, "list_subscriptions", "sub", name, limit, after)


@router.get("/v1/accounts/{account_id}/notices", responses=documented(), summary="List notices")
async def list_notices(
    buyer: BuyerDep, engine: EngineDep, limit: Limit = 50, after: After = None
) -> Page:
    """What the owner was told, newest first; to a key that may only read, without what opens a link."""
    page = await _page(engine, buyer, "list_notices", "ntc", "notice_id", limit, after)
    if buyer.target.principal.read_only:
        for notice in page.data:
            notice["body"] = without_tokens(notice["body"])
    return page


@router.post(
    "/v1/accounts/{account_id}/notices/{notice_id}/read",
    status_code=204,
    responses=documented(403),
    summary="Mark a notice read",
)
async def read_notice(buyer: BuyerDep, notice_id: str, engine: EngineDep) -> None:
    """Read once, it stays read."""
    done = await mark_notice_read(
        engine.ctx.db,
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        notice_id=ids.parse("ntc", notice_id),
        at=engine.clock.moment().at,
    )
    if not done:
        raise not_found()


@router.get("/v1/accounts/{account_id}/statement", responses=documented(), summary="The statement")
async def statement(
    buyer: BuyerDep,
    engine: EngineDep,
    resource: Literal["credits", "chatbots"] = "credits",
    limit: Limit = 50,
    after: Annotated[int | None, Query(ge=1, le=2**62)] = None,
) -> dict[str, Any]:
    """Every movement with what was free after it, newest first; `after` is a `seq`. Where `archived` is
    not null, movements dated before `archived.before` are no more listed: the last of them had the number
    `archived.seq` and left `archived.free_after`."""
    rows = await list_entries(
        engine.ctx.db,
        tenant_id=buyer.tenant_id,
        account_id=buyer.account_id,
        resource=resource,
        before_seq=after,
        limit=limit + 1,
    )
    # Read after the entries: what is missing there is said here.
    end = await read_archived_end(engine.ctx.db, buyer.tenant_id, buyer.account_id, resource)
    data = [present.entry(row) for row in rows[:limit]]
    return {
        "data": data,
        "next": data[-1]["seq"] if len(rows) > limit else None,
        "archived": None if end is None else asdict(end),
    }


@router.post(
    "/v1/accounts/{account_id}/allotments",
    status_code=201,
    responses=documented(402, 403, 409),
    tags=["allotments"],
    summary="Give credits or chatbots from the seller's stock",
)
async def give(
    buyer: BuyerDep, body: Allot, engine: EngineDep, idempotency_key: IdempotencyKey
) -> dict[str, Any]:
    """A gift or a trial, by the seller's key or one above it: from stock only, nothing is bought."""
    if not buyer.target.acted_by_seller:
        raise Problem(403, "only_its_seller", "Only an account's seller can allot to it.")
    if body.credits + body.chatbots < 1:
        raise Problem(422, "invalid_request", "Give at least 1 credit or 1 chatbot.")
    answer = await allot(
        engine.ctx,
        seller=await seller_of_buyer(engine, buyer),
        child=buyer.account,
        credits=body.credits,
        chatbots=body.chatbots,
        key=idempotency_key,
        body_hash=body.hash("allot"),
        moment=engine.clock.moment(),
    )
    if not isinstance(answer, Allotted):
        raise of_answer(answer)
    engine.run(answer.effects)
    return {
        "id": ids.show("alt", answer.allotment_id),
        "credits": body.credits,
        "chatbots": body.chatbots,
    }


@router.post(
    "/v1/accounts/{account_id}/api-keys",
    status_code=201,
    responses=documented(403),
    tags=["api keys"],
    summary="Issue an API key",
)
async def issue_key(target: TargetDep, body: IssueKey, engine: EngineDep) -> dict[str, Any]:
    """For the account of the path; the secret is shown this once."""
    account = target.account
    answer = await issue(
        engine.ctx,
        account_id=target.platform.platform_id if account is None else account.account_id,
        tenant_id=None if account is None else account.tenant_id,
        read_only=body.read_only,
        label=body.label,
        by=target.principal,
        moment=engine.clock.moment(),
    )
    if isinstance(answer, Missing):
        raise not_found()
    if isinstance(answer, Refuse):
        raise of_answer(answer)
    shown = ids.show("key", answer.key_id)
    return {"id": shown, "secret": answer.secret, "read_only": body.read_only}


@router.get(
    "/v1/accounts/{account_id}/api-keys",
    responses=documented(),
    tags=["api keys"],
    summary="List API keys",
)
async def list_keys(target: TargetDep, engine: EngineDep) -> dict[str, Any]:
    """Without their secrets."""
    account = target.account
    owner = target.platform.platform_id if account is None else account.account_id
    rows = await keys.list_keys(engine.ctx.db, owner)
    return {"data": present.page(rows, "key", "key_id", len(rows)).data}


@router.delete(
    "/v1/accounts/{account_id}/api-keys/{key_id}",
    status_code=204,
    responses=documented(403),
    tags=["api keys"],
    summary="Revoke an API key",
)
async def revoke_key(target: TargetDep, key_id: str, engine: EngineDep) -> None:
    """It opens nothing any more, from this moment."""
    account = target.account
    owner = target.platform.platform_id if account is None else account.account_id
    wanted = ids.parse("key", key_id)
    if not await keys.revoke(engine.ctx.db, owner, wanted, engine.clock.moment()):
        raise not_found()
