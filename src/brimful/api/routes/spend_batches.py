"""Many spends in one call, each answered by itself."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Response

from brimful.api import ids
from brimful.api.auth import EngineDep, Target, TargetDep
from brimful.api.batch import Item, hash_of, read_items, to_spend
from brimful.api.present import SpendBatchBody
from brimful.api.problem import Problem, body_of, documented, of_answer, of_exception
from brimful.api.quick_json import QuickRoute
from brimful.api.requests import SpendBatch
from brimful.billing import catalogues
from brimful.billing.spenders import Spender, read_spenders
from brimful.db.ids import new_ids
from brimful.effects.spending import Answer
from brimful.ledger.spends import NewSpend, find_done
from brimful.usecases.answers import KeyConflict, Pending, SpendDone
from brimful.wiring import Engine

router = APIRouter(tags=["spends"], route_class=QuickRoute)


@router.post(
    "/v1/accounts/{account_id}/spends/batch",
    response_model=SpendBatchBody,
    responses=documented(403, 503),
    summary="Spend credits for many replies at once",
)
async def spend_batch(target: TargetDep, body: SpendBatch, engine: EngineDep) -> Response:
    """Up to 10,000 spends of the account in the path and of those below it, each under a key of its
    own, in the order given and answered in that order: `done`; `refused` with the problem that it would
    have been answered with alone, malformed ones included; `pending` when the auto-billing of its
    account takes longer than `wait_ms`: send it again with its key. One that is short keeps no other
    waiting but in the answer to this call. A key that is sent with two different spends of an account
    is taken by the first of them, whatever becomes of that."""
    items = read_items(body.spends)
    asked = await _spends_of(engine, target, items)
    wait_ms = engine.settings.wait_ms if body.wait_ms is None else body.wait_ms
    good = [one for one in asked if isinstance(one, NewSpend)]
    answers = iter(await engine.spend_all(good, wait_ms))
    data = [_told(next(answers) if isinstance(one, NewSpend) else one) for one in asked]
    return Response(msgspec.json.encode({"data": data}), media_type="application/json")


async def _spends_of(
    engine: Engine, target: Target, items: Sequence[Item | Problem]
) -> list[NewSpend | SpendDone | Problem]:
    """The spends that the items ask for; the problem of each that cannot be, or what was done under its
    key before its model cost too much, or nothing that is known (R39)."""
    within = None if target.account is None else target.account.account_id
    read = [item for item in items if isinstance(item, Item)]
    named = {account_id for item in read if (account_id := item.account_id or within)}
    spenders = await read_spenders(engine.ctx.db, named, within)
    rated = {item.account_id or within for item in read if item.model}
    sellers = {spender.sold_by for spender in spenders.values() if spender.account_id in rated}
    rates: Mapping[UUID, Mapping[str, int]] = {}
    if sellers:
        models = {item.model for item in read if item.model}
        rates = await catalogues.read_rates_of(engine.ctx.db, sellers, models)
    asked: list[NewSpend | SpendDone | Problem] = [
        _spend_of(item, spend_id, item.account_id or within, spenders, rates)
        if isinstance(item, Item)
        else item
        for item, spend_id in zip(items, new_ids(len(items)), strict=True)
    ]
    second = _let_one_have_each_key(asked)
    unrated = {
        place: (spender.tenant_id, spender.account_id, item.key, hash_of(item))
        for place, item in enumerate(items)
        if isinstance(item, Item) and isinstance(asked[place], Problem)
        if item.model or place in second
        if (account_id := item.account_id or within) and (spender := spenders.get(account_id))
        if spender.state == "open"
    }
    if unrated:
        places = list(unrated)
        for nth, done in (await find_done(engine.ctx.db, list(unrated.values()))).items():
            asked[places[nth]] = SpendDone(*done)
    return asked


def _spend_of(
    item: Item,
    spend_id: UUID,
    account_id: UUID | None,
    spenders: Mapping[UUID, Spender],
    rates: Mapping[UUID, Mapping[str, int]],
) -> NewSpend | Problem:
    if account_id is None:
        return Problem(422, "invalid_request", "account_id: the platform itself spends nothing.")
    return to_spend(item, spend_id, spenders.get(account_id), rates)


def _let_one_have_each_key(asked: list[NewSpend | SpendDone | Problem]) -> set[int]:
    """Refuse a spend that differs from one before it with the same account and key. In one call of the ledger
    with that, all spends of the account would be settled one by one, and everybody else's would wait for them.
    Returns the places of those refused: what was done under the key before is still theirs to hear."""
    keys = Counter(one.key for one in asked if isinstance(one, NewSpend))
    refused: set[int] = set()
    if len(keys) == len(asked):
        return refused
    first: dict[tuple[UUID, str], bytes] = {}
    for place, one in enumerate(asked):
        if not isinstance(one, NewSpend) or keys[one.key] == 1:
            continue
        if first.setdefault((one.account_id, one.key), one.body_hash) != one.body_hash:
            asked[place] = of_answer(KeyConflict(key=one.key))
            refused.add(place)
    return refused


def _told(answer: Answer | Exception) -> dict[str, Any]:
    if isinstance(answer, SpendDone):
        return {
            "status": "done",
            "id": ids.show("spd", answer.spend_id),
            "credits": answer.credits,
            "balance": answer.balance_after,
        }
    if isinstance(answer, Pending):
        return {"status": "pending", "code": "auto_billing_pending"}
    if isinstance(answer, Problem):
        return _refused(answer)
    if isinstance(answer, Exception):
        return _refused(of_exception(answer))
    return _refused(of_answer(answer))


def _refused(problem: Problem) -> dict[str, Any]:
    return {"status": "refused", "code": problem.code, "problem": body_of(problem)}
