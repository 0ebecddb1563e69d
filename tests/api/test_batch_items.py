"""Spends of a batch that are read all at once are read as each would be by itself (R39)."""

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from brimful.api.batch import MESSAGES_MAX, hash_of, read_item, read_items
from brimful.api.problem import Problem, body_of
from brimful.api.requests import Spend
from brimful.domain.money import MAX_CREDITS

HEX = "0123456789abcdef" * 2
_ids = st.sampled_from(
    [f"acc_{HEX}", f"acc_{HEX.upper()}", f"acc_{HEX}\n", f"acc_{HEX[1:]}", "acc_", "", None, 7]
)
_keys = st.one_of(
    st.text(max_size=3),
    st.sampled_from(["k", "k\n", "k k", "é", "k" * 200, "k" * 201, None, 7, True]),
)
_numbers = st.one_of(
    st.integers(-1, 3),
    st.sampled_from([MAX_CREDITS, MAX_CREDITS + 1, MESSAGES_MAX, 10**40, 1.0, True, "5", None]),
)
_models = st.sampled_from(
    ["gpt-4", " gpt-4 ", "\x1cgpt-4", "\u00a0gpt-4", "", " ", "m" * 201, 7, None]
)
# Half a character is none that PostgreSQL or UTF-8 have; control signs are blanks to some.
_names = st.sampled_from(["extra", "\ud800", "key\ud800", ""])
_sent = st.fixed_dictionaries(
    {},
    optional={
        "key": _keys,
        "credits": _numbers,
        "account_id": _ids,
        "model": _models,
        "messages": _numbers,
    },
).flatmap(lambda sent: st.one_of(st.just(sent), _names.map(lambda name: {**sent, name: 1})))


def seen(read: Any) -> Any:
    """An item as it is; a problem by what it says."""
    return (read.status, body_of(read)) if isinstance(read, Problem) else tuple(read)


@given(st.lists(_sent, max_size=4))
@example([{"key": "k", "credits": 5, "account_id": f"acc_{HEX}"}])
@example([{"key": "k", "credits": 5}, {"key": "k", "credits": 5, "\ud800": 1}])
@example([{"key": "k", "credits": 5}, {"key": "k", "model": "gpt-4", "messages": 2}])
def test_r39_what_is_read_at_once_is_read_as_it_would_be_by_itself(
    sent: list[dict[str, Any]],
) -> None:
    """Items and problems alike; what one is wrong about is no other's."""
    assert [seen(one) for one in read_items(sent)] == [seen(read_item(one)) for one in sent]


def test_r39_the_hash_of_a_spend_is_of_all_that_it_asks_for() -> None:
    """The same credits under another key or of another account are the same body; others are not."""
    asked = [
        {"key": "k", "credits": 5}, {"key": "k", "credits": 6},
        {"key": "k", "model": "5"}, {"key": "k", "model": "5", "messages": 5},
    ]  # fmt: skip
    hashes = [hash_of(one) for one in read_items(asked) if not isinstance(one, Problem)]
    assert len(set(hashes)) == len(asked)
    [again] = read_items([{"key": "other", "credits": 5, "account_id": f"acc_{HEX}"}])
    assert not isinstance(again, Problem)
    assert hash_of(again) == hashes[0]


@given(_sent)
def test_r39_what_is_read_in_a_batch_is_read_as_a_single_spend_would_be(
    sent: dict[str, Any],
) -> None:
    """The same amounts and models are accepted, and mean the same."""
    body = {name: value for name, value in sent.items() if name not in ("key", "account_id")}
    read = read_item({**body, "key": "k"})
    try:
        alone = Spend.model_validate(body)
    except ValidationError:
        assert isinstance(read, Problem)
        return
    plain = alone.credits is not None and alone.model is None and alone.messages is None
    by_model = alone.credits is None and alone.model is not None
    assert isinstance(read, Problem) != (plain or by_model)
    if not isinstance(read, Problem):
        assert (read.credits, read.model, read.messages) == (
            alone.credits, alone.model, alone.messages,
        )  # fmt: skip
        assert hash_of(read) == alone.hash("spend")
