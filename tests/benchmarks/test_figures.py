"""Figures: the direction of ratios, and the gateway's part of a wait."""

import pytest
from benchmarks.figure import Figure
from benchmarks.spends.shorts import union_s
from benchmarks.spends.sizes import sizes


@pytest.mark.parametrize(("more_is_better", "ratio"), [(True, 4.0), (False, 0.25)])
def test_a_ratio_above_one_is_in_our_favour(more_is_better: bool, ratio: float) -> None:
    """Four times the rival's rate; four times the rival's wait."""
    figure = Figure(
        name="rate", value=40, unit="1", rival="other", rival_value=10, more_is_better=more_is_better
    )  # fmt: skip
    assert figure.as_json()["ratio"] == pytest.approx(ratio)


def test_calls_at_once_are_counted_once() -> None:
    """Two that overlap, one within another, one apart."""
    assert union_s([(5, 6), (1, 3), (2, 4), (2.5, 3.5)]) == 4


def test_sizes_of_the_environment_win(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the small ones; a word that is no number is said."""
    monkeypatch.setenv("BRIMFUL_BENCH_SHORT", "1")
    monkeypatch.setenv("BRIMFUL_BENCH_ENTRIES", "7")
    assert (sizes().entries, sizes().accounts) == (7, 200)
    monkeypatch.setenv("BRIMFUL_BENCH_SECONDS", "long")
    with pytest.raises(SystemExit, match="BRIMFUL_BENCH_SECONDS takes a number"):
        sizes()


@pytest.mark.parametrize("short", ["", "1"])
@pytest.mark.parametrize("name", ["seconds", "warm_up_s", "soak_minutes"])
def test_times_are_taken_with_a_fraction(
    monkeypatch: pytest.MonkeyPatch, short: str, name: str
) -> None:
    """Whether the usual size is a whole one or not."""
    monkeypatch.setenv("BRIMFUL_BENCH_SHORT", short)
    monkeypatch.setenv(f"BRIMFUL_BENCH_{name.upper()}", "1.5")
    assert getattr(sizes(), name) == 1.5
