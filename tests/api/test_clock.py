"""The test clock over the API (R38, R39): the platform reads and advances it, nobody else sees that
there is one."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from brimful.db.transaction import Database
from brimful.effects.clocks import SystemClock
from brimful.usecases.move_clock import ClockState, begin_advance, read_clock
from tests.api.dump import dump
from tests.builders.http import Caller, acc, caller, key_for, serving_api
from tests.builders.world import World, running_world, small_world
from tests.conftest import FROZEN_AT

CLOCK = "/v1/test_clock"
ADVANCE = f"{CLOCK}/advance"
STANDS = ClockState(frozen_at=FROZEN_AT, target_at=None)


@contextlib.asynccontextmanager
async def platform(world: World) -> AsyncIterator[Caller]:
    """The platform's calls to a server without a worker beside it."""
    async with serving_api(world, with_worker=False) as url, caller(world, url, None) as one:
        yield one


def shown(answer: httpx.Response) -> tuple[str, datetime, datetime | None]:
    """Status, business time and target of an answer; its real time is now."""
    body = answer.json()
    real = datetime.fromisoformat(body["real_time"])
    assert abs(datetime.now(UTC) - real) < timedelta(minutes=1)
    target = body["target"] and datetime.fromisoformat(body["target"])
    return body["status"], datetime.fromisoformat(body["business_time"]), target


async def test_r38_the_platform_advances_its_test_clock(frozen_world: World) -> None:
    """Over seconds or to an instant, in any zone; answered when it has arrived."""
    async with platform(frozen_world) as one:
        assert shown(await one.get(CLOCK)) == ("standing", FROZEN_AT, None)
        hour_on = FROZEN_AT + timedelta(hours=1)
        answer = await one.post(ADVANCE, {"seconds": 3_600})
        assert answer.status_code == 200
        assert shown(answer) == ("standing", hour_on, None)
        answer = await one.post(ADVANCE, {"to": "2027-03-01T01:00:00+01:00"})
        assert shown(answer) == ("standing", datetime(2027, 3, 1, tzinfo=UTC), None)
        assert shown(await one.get(CLOCK)) == shown(answer)


async def test_r38_a_request_is_served_at_the_business_time_of_the_database(
    frozen_world: World,
) -> None:
    """Whoever advanced it, another process included: the very next request is later."""
    world = frozen_world
    await small_world(world, clients=0)
    async with platform(world) as one:
        await world.db.execute(
            "update test_clock set frozen_at = $1", FROZEN_AT + timedelta(days=90)
        )
        path = f"/v1/accounts/{acc(world, 'Agency')}/spends"
        assert (await one.post(path, {"credits": 5}, "k")).status_code == 200
    [spend] = await world.db.fetch("select at from spend")
    assert spend["at"] == FROZEN_AT + timedelta(days=90)


async def test_r38_an_advance_that_takes_long_goes_on_behind_its_answer(
    frozen_world: World,
) -> None:
    """202 with where it is and where it goes; another meanwhile is refused; then it has arrived."""
    world = frozen_world
    await small_world(world, clients=0)
    world.desk.faults.close_gate("confirm")
    spend = asyncio.create_task(world.spend("Agency", 10))
    await world.desk.faults.wait_for("confirm", 1)
    target = FROZEN_AT + timedelta(days=30)
    async with platform(world) as one:
        answer = await one.post(ADVANCE, {"seconds": 30 * 86_400, "wait_ms": 0})
        assert answer.status_code == 202
        assert shown(answer) == ("advancing", FROZEN_AT, target)
        again = await one.post(ADVANCE, {"seconds": 60})
        assert (again.status_code, again.json()["code"]) == (409, "clock_advancing")
        world.desk.faults.open_gate("confirm")
        await spend
        same = await one.post(ADVANCE, {"to": target.isoformat(), "wait_ms": 30_000})
        assert same.status_code == 200
        assert shown(same) == ("standing", target, None)


async def test_r38_business_time_runs_with_real_time_until_the_first_advance(
    db: Database, tmp_path: Path
) -> None:
    """Where a test clock is allowed, its first advance starts it."""
    async with running_world(db, tmp_path, test_clock=True) as world, platform(world) as one:
        status, before, _ = shown(await one.get(CLOCK))
        assert (status, await read_clock(db)) == ("running", None)
        status, at, _ = shown(await one.post(ADVANCE, {"seconds": 86_400}))
        assert status == "standing"
        assert timedelta(days=1) <= at - before < timedelta(days=1, minutes=1)


BAD: list[tuple[Any, int, str, str]] = [
    ({}, 422, "invalid_request", "either seconds or to"),
    ({"seconds": 1, "to": "2027-03-01T00:00:00Z"}, 422, "invalid_request", "not both"),
    ({"seconds": 0}, 422, "invalid_request", "seconds"),
    ({"seconds": -1}, 422, "invalid_request", "seconds"),
    ({"seconds": 1.5}, 422, "invalid_request", "seconds"),
    ({"seconds": "60"}, 422, "invalid_request", "seconds"),
    ({"seconds": 10**9}, 422, "invalid_request", "seconds"),
    ({"to": "2027-03-01"}, 422, "invalid_request", "instant such as"),
    ({"to": "2027-03-01T00:00:00"}, 422, "invalid_request", "instant such as"),
    ({"to": "tomorrow"}, 422, "invalid_request", "to"),
    ({"to": 1_900_000_000}, 422, "invalid_request", "to"),
    ({"seconds": 60, "more": 1}, 422, "invalid_request", "more"),
    ({"to": "2027-01-31T22:59:59Z"}, 409, "clock_runs_forward", "only runs forward"),
    ({"to": "0001-01-01T00:00:00+14:00"}, 409, "clock_runs_forward", "only runs forward"),
    ({"to": "2099-01-01T00:00:00Z"}, 409, "clock_too_far", "3,660 days"),
    ({"to": "9999-12-31T23:59:59-14:00"}, 409, "clock_too_far", "3,660 days"),
]


async def test_r38_a_bad_advance_is_refused_and_changes_nothing(frozen_world: World) -> None:
    """Each with its code and what to do; business time stands where it did."""
    before = None
    async with platform(frozen_world) as one:
        for body, status, code, words in BAD:
            before = before or await dump(frozen_world.db)
            answer = await one.post(ADVANCE, body)
            assert (answer.status_code, answer.json()["code"]) == (status, code), (body, answer)
            assert words in answer.text, (body, answer.text)
        assert await dump(frozen_world.db) == before
    assert await read_clock(frozen_world.db) == STANDS


@pytest.mark.parametrize("verb", ["GET", "POST"])
async def test_r40_the_test_clock_is_the_platforms_alone(frozen_world: World, verb: str) -> None:
    """No key: 401. An agency's or a client's: there is nothing by this name. The platform's own
    that may only read: it reads, and advances nothing."""
    world = frozen_world
    await small_world(world)
    path, body = (CLOCK, None) if verb == "GET" else (ADVANCE, {"seconds": 60})
    roles: list[tuple[str | None, bool, int, str]] = [
        ("Agency", False, 404, "not_found"),
        ("Client 1", False, 404, "not_found"),
        ("Agency", True, *((404, "not_found") if verb == "GET" else (403, "read_only_key"))),
        (None, True, *((200, "") if verb == "GET" else (403, "read_only_key"))),
    ]
    async with (
        serving_api(world, with_worker=False) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http,
    ):
        nobody = await http.request(verb, path, json=body)
        assert (nobody.status_code, nobody.json()["code"]) == (401, "not_authenticated")
        for name, read_only, status, code in roles:
            secret = await key_for(world, name, read_only=read_only)
            headers = {"Authorization": f"Bearer {secret}"}
            answer = await http.request(verb, path, json=body, headers=headers)
            assert answer.status_code == status, (name, read_only, answer)
            assert answer.json().get("code", "") == code
    assert await read_clock(world.db) == STANDS


async def test_r38_where_there_is_no_test_clock_the_api_says_so(world: World) -> None:
    """To the platform; to others it is as where there is one."""
    await small_world(world, clients=0)
    async with serving_api(world, with_worker=False) as url:
        for name, code in ((None, "no_test_clock"), ("Agency", "not_found")):
            async with caller(world, url, name) as one:
                for answer in (await one.get(CLOCK), await one.post(ADVANCE, {"seconds": 60})):
                    assert (answer.status_code, answer.json()["code"]) == (404, code)
                    assert answer.headers["content-type"] == "application/problem+json"
    assert await read_clock(world.db) is None


async def test_r38_a_server_goes_on_with_an_advance_that_another_began(
    frozen_world: World,
) -> None:
    """Its worker finds the target in the database."""
    target = FROZEN_AT + timedelta(days=2)
    moment = SystemClock().moment()
    async with serving_api(frozen_world) as url, caller(frozen_world, url, None) as one:
        await begin_advance(frozen_world.db, to=target, span=None, moment=moment)
        async with asyncio.timeout(30):
            while shown(answer := await one.get(CLOCK))[0] == "advancing":
                await asyncio.sleep(0.02)
    assert shown(answer) == ("standing", target, None)
