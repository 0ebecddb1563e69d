"""The spends of a batch, each read by itself: a malformed one is answered and touches no other.

There are thousands in one request, so they are not read by the models that a single one is, but by the
rules that `requests.Spend` states: all at once what is good and plain, by hand whatever is not.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import msgspec
from pydantic import TypeAdapter, ValidationError

from brimful.api import ids
from brimful.api.problem import Problem, not_found
from brimful.api.texts import Text
from brimful.billing.spenders import Spender
from brimful.db.ids import read_id
from brimful.domain.money import MAX_CREDITS
from brimful.domain.rates import UnknownModel, credits_for
from brimful.domain.reason import Reason, title
from brimful.ledger.spends import NewSpend

SPENDS_MAX = 10_000
_KEY = re.compile(ids.KEY)
_text = TypeAdapter(Text)
_FIELDS = frozenset(("key", "account_id", "credits", "model", "messages"))
MESSAGES_MAX = 1_000_000


class Item(NamedTuple):
    """One spend as it was sent: of which account (None: the one in the path), and how much of what."""

    key: str
    account_id: UUID | None
    credits: int | None
    model: str | None
    messages: int | None


class _Good(msgspec.Struct, forbid_unknown_fields=True):
    """What a good spend looks like; of what, by what model, is looked at by hand."""

    key: Annotated[str, msgspec.Meta(pattern=rf"\A{ids.KEY}\Z")]
    credits: Annotated[int, msgspec.Meta(ge=1, le=MAX_CREDITS)] | None = None
    account_id: Annotated[str, msgspec.Meta(pattern=rf"\Aacc_{ids.HEX}\Z")] | None = None
    model: str | None = None
    messages: int | None = None


def read_items(sent: Sequence[Mapping[str, Any]]) -> list[Item | Problem]:
    """What was sent, each for itself; see ``read_item``."""
    try:
        read = msgspec.convert(sent, list[_Good])
    except ValueError:
        # Something about one of them, be it that a name in it is no text that could be told.
        return [read_item(one) for one in sent]
    return [
        Item(
            one.key,
            None if one.account_id is None else read_id(one.account_id[4:]),
            one.credits,
            None,
            None,
        )
        if one.credits is not None and one.model is None and one.messages is None
        else read_item(raw)
        for one, raw in zip(read, sent, strict=True)
    ]


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
            named = sent["account_id"]
            account_id = ids.parse_body(
                "acc", named if isinstance(named, str) else "", "account_id"
            )
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
        try:
            model = _text.validate_python(model)
        except ValidationError:
            return _invalid("model: a text of 1 to 200 signs is expected")
    return Item(key, account_id, credits, model, messages)


def _is_whole(value: Any, most: int) -> bool:
    return type(value) is int and 1 <= value <= most


def _invalid(what: str) -> Problem:
    return Problem(422, "invalid_request", f"{what}.")


def to_spend(
    item: Item,
    spend_id: UUID,
    spender: Spender | None,
    rates: Mapping[UUID, Mapping[str, int]],
) -> NewSpend | Problem:
    """The spend of an account that may be named (None: one that may not), at its seller's ``rates``,
    under a fresh ``spend_id``."""
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
        spend_id,
        credits,
        item.model,
        item.messages,
    )


def hash_of(item: Item) -> bytes:
    """What tells one request from another under the same key: the same as for a single spend, so
    that one may be sent again either way (`requests.Spend`)."""
    return _hash_of(item.credits, item.model, item.messages)


@lru_cache(maxsize=4_096)
def _hash_of(credits: int | None, model: str | None, messages: int | None) -> bytes:
    # Most ask for the same few amounts.
    canonical = json.dumps({"credits": credits, "messages": messages, "model": model})
    return hashlib.sha256(f"spend\n{canonical}".encode()).digest()
