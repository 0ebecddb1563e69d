"""Credit leases: for platforms that ask too often to ask for each reply."""

from fastapi import APIRouter, Response

from brimful.api import present
from brimful.api.auth import BuyerDep, EngineDep
from brimful.api.hold_requests import ReportLease, ReturnLease, TakeLease
from brimful.api.present import LeaseBody
from brimful.api.problem import documented
from brimful.api.requests import IdempotencyKey
from brimful.api.routes import holds
from brimful.usecases.credit_leases import report_lease, return_lease

router = APIRouter(tags=["credit leases"])


@router.post(
    "/v1/accounts/{account_id}/leases",
    status_code=201,
    responses={
        **documented(402, 403, 409, 503),
        202: {"model": LeaseBody, "description": "Pending: send it again after Retry-After"},
    },
    summary="Take a block of credits to spend in your own process",
)
async def take(
    buyer: BuyerDep,
    body: TakeLease,
    engine: EngineDep,
    idempotency_key: IdempotencyKey,
    response: Response,
) -> LeaseBody:
    """A hold whose credits you spend without asking. Report what you spent now and then; return it when
    you are done. What was not returned when `ttl_s` has passed is charged, so stop before that: count
    `lasts_ms`, or `ttl_s` if that is less, from before you sent this. Its time runs from the first answer
    that has it, however long that took; one that was never answered is not charged."""
    held = await holds.place(
        engine,
        buyer,
        response,
        wait_ms=body.wait_ms,
        key=idempotency_key,
        body_hash=body.hash("lease"),
        credits=body.credits,
        held_as="lease",
        hold_s=body.ttl_s,
    )
    return present.lease(held, engine.now().real_at)


@router.post(
    "/v1/accounts/{account_id}/leases/{lease_id}/report",
    responses=documented(403, 409),
    summary="Tell what was spent of a credit lease",
)
async def report(buyer: BuyerDep, lease_id: str, body: ReportLease, engine: EngineDep) -> LeaseBody:
    """In all, since it was taken: it is charged. The same again, or an older report that comes late,
    changes nothing. `extend_s` lets it last longer."""
    hold = holds.named(buyer, lease_id)
    answer = await report_lease(
        engine.ctx,
        hold,
        credits=body.credits,
        extend_s=body.extend_s,
        moment=engine.now(),
    )
    told = await holds.told(engine, buyer, hold.hold_id, answer)
    return present.lease(told, engine.now().real_at)


@router.post(
    "/v1/accounts/{account_id}/leases/{lease_id}/return",
    responses=documented(403, 409),
    summary="Give back what is left of a credit lease",
)
async def give_back(
    buyer: BuyerDep, lease_id: str, body: ReturnLease, engine: EngineDep
) -> LeaseBody:
    """With what was spent of it in all; nothing may be spent of it any more. Sent again it is answered
    the same."""
    hold = holds.named(buyer, lease_id)
    answer = await return_lease(
        engine.ctx,
        hold,
        credits=body.credits,
        moment=engine.now(),
    )
    told = await holds.told(engine, buyer, hold.hold_id, answer)
    return present.lease(told, engine.now().real_at)
