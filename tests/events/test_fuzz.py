"""Fuzzed input to the verifier and to the endpoint: no 5xx, nothing handled that should not be (R45).

A part runs; BRIMFUL_EVENT_FUZZ=50000 sends so many to the endpoint, and over twenty times as many to the
verifier.
"""

import asyncio
import os
import time
from collections import Counter

import pytest

from brimful.domain.event import is_sound
from brimful.domain.payment import BadEvent
from brimful.gateways.testbank.adapter import Testbank
from tests.api.dump import digest
from tests.builders.post import GOOD, SECRET, Post
from tests.events.fuzz import Fuzzer
from tests.events.hostile import corpus, open_payments

SEED = 45
INPUTS = int(os.environ.get("BRIMFUL_EVENT_FUZZ", "0")) or 400
AT_ONCE = 8
_NOT_OURS = """
    select event_id from gateway_event
    where verdict = 'recorded' and not (mode = 'test' and (account_ref, payment_id) in (($1, $2), ($3, $4)))
"""


@pytest.mark.timeout(3_600)
def test_r45_no_input_makes_the_verifier_raise_or_believe() -> None:
    """Bad input is not an event, whatever it is; what is authentic is read."""
    gateway = Testbank("http://127.0.0.1:9", events_secret=SECRET)
    fuzzer = Fuzzer(SEED, [GOOD])
    sorts: Counter[str] = Counter()
    begun = time.monotonic()
    for _ in range(22 * INPUTS):
        one = fuzzer.next()
        if one.sort == "astray":
            continue
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in one.headers}
        read = gateway.parse_event(body=one.body, headers=headers)
        assert one.bad == (isinstance(read, BadEvent) or not is_sound(read)), one
        sorts[one.sort] += 1
    print(f"{sorts.total()} inputs in {time.monotonic() - begun:.0f} s: {dict(sorts)}")
    assert sorts.total() > 20 * INPUTS


@pytest.mark.timeout(3_600)
async def test_r45_no_input_makes_the_endpoint_fail_or_grant(inside: Post) -> None:
    """Over HTTP, with payments open that a wrong grant could complete: 400 or 200, and all as before
    but for the verdicts."""
    opened = await open_payments(inside)
    events = [event for event, _ in await corpus(inside, opened)]
    fuzzer = Fuzzer(SEED, events)
    before = await digest(inside.world.db, but="gateway_event")
    answers: Counter[tuple[str, int]] = Counter()

    async def send() -> None:
        one = fuzzer.next()
        answer = await inside.http.post(one.path, content=one.body, headers=one.headers)
        answers[one.sort, answer.status_code] += 1
        assert answer.status_code < 500, one
        assert one.bad == (answer.status_code >= 400), (one, answer.status_code)

    begun = time.monotonic()
    for _ in range(INPUTS // AT_ONCE):
        await asyncio.gather(*(send() for _ in range(AT_ONCE)))
    print(f"{answers.total()} inputs in {time.monotonic() - begun:.0f} s: {dict(answers)}")
    while "due" in (await inside.verdicts()).values():
        await inside.later(60)
    assert await digest(inside.world.db, but="gateway_event") == before
    stored = Counter((await inside.verdicts()).values())
    believed = sum(count for (_, status), count in answers.items() if status == 200)
    print(f"stored: {dict(stored)}")
    assert stored.total() <= believed and stored["parked"] == 0
    ours = ("platform", opened.at_platform, opened.agency, opened.at_agency)
    assert await inside.world.db.fetch(_NOT_OURS, *ours) == []
