"""R25, R46: what happens to a lot over time, against a model that moves one credit after the other."""

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from brimful.domain.refunds import Wanted
from brimful.domain.reversal import LotState, change, to_restore

CREDITS = 12

asks = st.tuples(st.just("ask"), st.integers(0, CREDITS), st.integers(0, CREDITS))
others = st.tuples(
    st.sampled_from(("spend", "reserve", "release", "close")), st.integers(1, CREDITS), st.just(0)
)


class Credits:
    """Where each credit of a lot is: free, frozen, taken, otherwise (given back when its account was
    closed) or lapsed with that, used or reserved."""

    def __init__(self) -> None:
        self.at: Counter[str] = Counter(free=CREDITS)

    def move(self, source: str, target: str, most: int = CREDITS) -> int:
        """Move what is there, one after the other; returns how many."""
        moved = 0
        while moved < most and self.at[source]:
            self.at[source] -= 1
            self.at[target] += 1
            moved += 1
        return moved

    @property
    def back(self) -> int:
        """What the seller has again, whatever for."""
        return self.at["taken"] + self.at["otherwise"]

    def ask(self, take: int, freeze: int) -> None:
        """Credit by credit: give back what nothing asks for, then take, then set aside or free."""
        while self.at["taken"] > take:
            self.move("taken", "free", 1)
        for source in ("frozen", "free"):
            while self.back < take and self.move(source, "taken", 1):
                pass
        while self.back + self.at["frozen"] > take + freeze and self.move("frozen", "free", 1):
            pass
        while self.back + self.at["frozen"] < take + freeze and self.move("free", "frozen", 1):
            pass


def settle(lot: LotState, asked: Wanted) -> tuple[LotState, int, int]:
    """The lot after what the engine does to it, and what is missing and could not be set aside."""
    back = to_restore(lot, asked)
    lot = replace(lot, free=lot.free + back, taken=lot.taken - back)
    what = change(lot, asked)
    after = replace(
        lot,
        free=lot.free - what.take_free - what.freeze,
        frozen=lot.frozen - what.take_frozen + what.freeze,
        taken=lot.taken + what.take_free + what.take_frozen,
    )
    return after, what.missing, what.unfrozen


@given(st.lists(asks | others, max_size=12), st.sampled_from(("otherwise", "lapsed")))
def test_r25_r46_whatever_happens_to_a_lot_is_what_a_model_of_single_credits_says(
    steps: list[tuple[str, int, int]], closed_to: str
) -> None:
    """Refunds and disputes come and go, credits are spent, reserved and released, the account is closed:
    nothing is taken twice, and nothing is given back that something still asks for."""
    model = Credits()
    closed = False
    for kind, first, second in steps:
        if kind == "ask":
            asked = Wanted(first, min(second, CREDITS - first))
            at = model.at
            lot = LotState(
                free=at["free"],
                frozen=at["frozen"],
                taken=at["taken"],
                otherwise=at["otherwise"],
                lapsed=at["lapsed"],
            )
            after, missing, unfrozen = settle(lot, asked)
            before = model.back
            model.ask(asked.take, asked.freeze)
            assert (after.free, after.frozen, after.taken) == (
                at["free"],
                at["frozen"],
                at["taken"],
            )
            unspent = model.back + at["lapsed"]
            assert missing == max(0, asked.take - unspent)
            gone = unspent + at["frozen"] + missing
            assert unfrozen == max(0, asked.take + asked.freeze - gone)
            assert model.back >= min(before, asked.take)
        elif kind == "spend" and not closed:
            model.move("free", "used", first)
        elif kind == "reserve" and not closed:
            model.move("free", "reserved", first)
        elif kind == "release":
            model.move("reserved", "free", first)
        closed = closed or kind == "close"
        if closed:
            model.move("free", closed_to)
