"""R42: what an answer to a webhook means, and the schedule of tries."""

from datetime import timedelta

import pytest

from brimful.domain.webhook import (
    PAUSES,
    REST,
    REST_AT_MOST,
    Again,
    Answered,
    Arrived,
    GivenUp,
    NobodyThere,
    NotReached,
    judge,
    rest_after,
    why_not,
)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
@pytest.mark.parametrize("tries", [0, 5, 9, 100])
def test_r42_only_success_is_success(status: int, tries: int) -> None:
    """At any try."""
    assert judge(Answered(status), tries) == Arrived()


@pytest.mark.parametrize(
    "status", [100, 199, 300, 302, 307, 400, 401, 404, 409, 411, 429, 500, 599]
)
def test_r42_all_else_is_tried_again_and_then_given_up(status: int) -> None:
    """Ten tries in all; a refusal may be a mistake that is mended."""
    verdicts = [judge(Answered(status), tries) for tries in range(len(PAUSES) + 1)]
    assert verdicts == [*map(Again, PAUSES), GivenUp()]
    assert judge(NotReached("timeout"), 3) == Again(PAUSES[3])
    assert judge(NotReached("timeout"), len(PAUSES)) == GivenUp()


@pytest.mark.parametrize("tries", [0, 9])
def test_r42_gone_is_gone(tries: int) -> None:
    """410 ends it at once."""
    assert judge(Answered(410), tries) == NobodyThere()


def test_r42_the_pauses_grow_over_three_days() -> None:
    """From seconds to a day."""
    assert list(PAUSES) == sorted(PAUSES)
    assert timedelta(days=3) < sum(PAUSES, timedelta()) < timedelta(days=3, hours=6)


def test_r42_an_endpoint_that_fails_rests_longer_each_time_but_not_long() -> None:
    """It doubles up to five minutes, however often it fails."""
    assert rest_after(1) == REST
    assert rest_after(2) == 2 * REST
    assert rest_after(3) == 4 * REST
    assert rest_after(7) == rest_after(10**6) == REST_AT_MOST == timedelta(minutes=5)


def test_r42_what_went_wrong_has_a_stable_word() -> None:
    """For the list of deliveries."""
    assert (why_not(Answered(503)), why_not(NotReached("timeout"))) == ("http_503", "timeout")
