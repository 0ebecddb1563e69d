"""The spends of a batch, each read by itself: a malformed one is answered and touches no other.

There are thousands in one request, so they are read by hand, by the rules that `requests.Spend` states
for a single one.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from brimful.api import ids
from brimful.api.problem import Problem, not_found
from brimful.billing.spenders import Spender
from brimful.db.ids import new_id
from brimful.domain.money import MAX_CREDITS
from brimful.domain.rates import UnknownModel, credits_for
from brimful.domain.reason import Reason, title
from brimful.ledger.spends import NewSpend

SPENDS_MAX = 10_000
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_FIELDS = frozenset(("key", "account_id", "credits", "model", "messages"))
MESSAGES_MAX = 1_000_000


class Item(NamedTuple):
    """One spend as it was sent: of which account (None: the one in the path), and how much of what."""

    key: str
    account_id: UUID | None
    credits: int | None
    model: str | None
    messages: int | None


def read_item(sent: Mapping[str, Any]) -> Item | Problem:
    """What was sent, or what is wrong with it."""
    if not sent.keys() <= _FIELDS:
        return _invalid(f"{min(sent.keys() - _FIELDS)[:40]!r}: there is no such field")
    key, credits = sent.get("key"), sent.get("credits")
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        return _invalid("key: 1 to 200 printable ASCII signs without spaces are expected")
    account_id = None
    if sent.get("account_id") is not None:
        try:
            account_id = ids.parse_body("acc", str(sent["account_id"]), "account_id")
        except Problem as wrong:
            return wrong
    model, messages = sent.get("model"), sent.get("messages")
    if (credits is None) == (model is None) or (model is None and messages is not None):
        return _invalid("send either credits, or model and messages, not both")
    if credits is not None and not _is_whole(credits, MAX_CREDITS):
        return _invalid(f"credits: a whole number from 1 to {MAX_CREDITS} is expected")
    if messages is not None and not _is_whole(messages, MESSAGES_MAX):
        return _invalid(f"messages: a whole number from 1 to {MESSAGES_MAX} is expected")
    if model is not None:
        model = model.strip() if isinstance(model, str) else ""
        if not 1 <= len(model) <= 200:
            return _invalid("model: a text of 1 to 200 signs is expected")
    return Item(key, account_id, credits, model, messages)


def _is_whole(value: Any, most: int) -> bool:
    return type(value) is int and 1 <= value <= most


def _invalid(what: str) -> Problem:
    return Problem(422, "invalid_request", f"{what}.")


def to_spend(
    item: Item, spender: Spender | None, rates: Mapping[UUID, Mapping[str, int]]
) -> NewSpend | Problem:
    """The spend of an account that may be named (None: one that may not), at its seller's ``rates``."""
    if spender is None:
        return not_found()
    if spender.state == "closed":
        return Problem(403, str(Reason.account_closed), title(Reason.account_closed))
    credits = item.credits
    if credits is None:
        assert item.model is not None
        try:
            credits = credits_for(rates[spender.sold_by], item.model, item.messages or 1)
        except UnknownModel:
            told = f"The seller has no rate for the model {item.model!r}."
            return Problem(422, "unknown_model", told)
        except ValueError as wrong:
            return Problem(422, "invalid_request", str(wrong))
    # By place: thousands are made for one request.
    return NewSpend(
        spender.tenant_id,
        spender.account_id,
        item.key,
        hash_of(item),
        new_id(),
        credits,
        item.model,
        item.messages,
    )


def hash_of(item: Item) -> bytes:
    """What tells one request from another under the same key: the same as for a single spend, so
    that one may be sent again either way (`requests.Spend`)."""
    if item.model is None:
        canonical = f'{{"credits": {item.credits}, "messages": null, "model": null}}'
    else:
        body = {"credits": None, "messages": item.messages, "model": item.model}
        canonical = json.dumps(body)
    return hashlib.sha256(f"spend\n{canonical}".encode()).digest()
