"""Events of the gateway at our endpoint: late, twice, out of order, forged or broken (R23, R45)."""

import itertools
import json
import time
from typing import Any

import pytest

from brimful.domain.event import is_sound
from brimful.domain.payment import BadEvent, Event
from brimful.gateways.testbank.adapter import EVENT_AGE_S, Testbank
from brimful_testbank.events import sign
from brimful_testbank.faults import Rule
from tests.api.dump import digest
from tests.builders.post import GOOD, SECRET, Post


async def test_r23_an_event_alone_brings_the_grant(post: Post) -> None:
    """The reply to the confirm is lost and nobody asks again: the event completes the query."""
    post.tell()
    post.world.desk.faults.rules[:] = [Rule(fault="lost_after", verb="confirm")]

    answer = await post.world.spend("Agency", 25, wait_ms=60_000)
    await post.told()

    assert answer.balance_after == 1_975
    assert post.world.taken() == [1_000]


@pytest.mark.parametrize(
    "mode",
    [{"copies": 5}, {"shuffle": True}, {"delay_ms": 150, "copies": 3, "shuffle": True}],
    ids=["many_times", "out_of_order", "late_and_all_that"],
)
async def test_r23_events_in_any_number_and_order_grant_once(post: Post, mode: Any) -> None:
    """A cascade to two cards beside its events: each card charged once, each grant made once."""
    post.tell(**mode)

    await post.world.spend("Client 1", 25)
    await post.told()

    assert sorted(post.world.taken()) == [2_000, 2_500]
    assert (await post.world.credits("Agency")).free == 1_000
    assert (await post.world.credits("Client 1")).free == 2_975
    assert post.world.held_open() == []


async def test_r23_every_order_of_old_events_changes_nothing(post: Post) -> None:
    """All that happened is told again afterwards, in many orders."""
    await post.world.spend("Client 1", 25)
    await post.world.settle()
    events = post.events()
    assert [one["kind"].split(".")[1] for one in events].count("captured") == 2
    before = await digest(post.world.db, but="gateway_event")
    for order in itertools.islice(itertools.permutations(events), 0, None, 12):
        for number, event in enumerate(order):
            told = {**event, "id": f"{event['id']}_{number}"}
            assert (await post.signed(told)).status_code == 200
    await post.world.settle()
    assert await digest(post.world.db, but="gateway_event") == before
    assert set((await post.verdicts()).values()) == {"recorded"}


DEEP = b"[" * 50_000
BROKEN: dict[str, Any] = {
    "not_json": b"{", "empty": b"", "a_list": b"[]", "a_number": b"1", "null": b"null", "deep": DEEP,
    "not_utf8": b"\xff\xfe\x00", "nul": {**GOOD, "payment": "pay\0"}, "raw_nul": b'{"id": "\x00"}',
    "half_a_character": {**GOOD, "payment": "\ud800"}, "long": {**GOOD, "payment": "x" * 10_000},
    "a_text_as_amount": {**GOOD, "amount": "7"}, "true": {**GOOD, "amount": True}, "large": b"a" * 1_000_000,
    "amount": {**GOOD, "amount": "a lot"}, "no_amount": {**GOOD, "amount": None},
    "infinite": json.dumps({**GOOD, "amount": float("inf")}).encode(),
    "metadata": {**GOOD, "metadata": 7}, "end_of_time": {**GOOD, "created": 10**30},
    "before_time": {**GOOD, "created": -(10**18)}, "no_time": {**GOOD, "created": None},
    **{f"without_{name}": {k: v for k, v in GOOD.items() if k != name} for name in GOOD},
}  # fmt: skip


@pytest.mark.parametrize("name", list(BROKEN))
async def test_r45_a_malformed_event_is_a_bad_request(post: Post, name: str) -> None:
    """Even with a good signature: 400 and a problem, nothing else."""
    before = await digest(post.world.db)
    answer = await post.signed(BROKEN[name])
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "bad_event"
    assert await digest(post.world.db) == before


async def test_r45_a_forged_event_is_a_bad_request(post: Post) -> None:
    """No signature, another's, a broken one, one for other words, too old, too new, elsewhere."""
    good = json.dumps(GOOD).encode()
    now = int(time.time())
    mark = sign(SECRET, good, now)
    forged = [
        await post.raw(good),
        await post.signed(GOOD, secret="another"),
        await post.signed(GOOD, secret=""),
        await post.raw(good + b" ", testbank_signature=mark),
        await post.raw(good, testbank_signature=mark.replace(f"t={now}", f"t={now + 1}")),
        await post.signed(GOOD, age_s=EVENT_AGE_S + 5),
        await post.signed(GOOD, age_s=-EVENT_AGE_S - 60),
        await post.raw(good, testbank_signature=mark, path="/v1/gateways/stripe/events"),
        await post.raw(good, testbank_signature=mark, content_type="text/plain"),
    ]
    for wrong in (
        b"",
        b",",
        b"t",
        b"t=,v1=",
        b"t=x,v1=y",
        b"t=" + b"9" * 5_000 + b",v1=0",
        b"\xe9",
    ):
        kind = (b"content-type", b"application/json")
        headers = [kind, (b"testbank-signature", wrong)]
        forged.append(await post.http.post(post.path, content=good, headers=headers))
    assert [answer.status_code for answer in forged] == [400] * len(forged)
    assert {answer.json()["code"] for answer in forged} == {"bad_event"}
    assert (await post.raw(good, testbank_signature=mark)).status_code == 200


def test_r45_reading_an_event_never_raises() -> None:
    """Whatever comes, the port answers with a value; without a secret nothing is authentic."""
    gateway = Testbank("http://127.0.0.1:9", events_secret=SECRET)
    for event in BROKEN.values():
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        headers = {"testbank-signature": sign(SECRET, body, int(time.time()))}
        read = gateway.parse_event(body=body, headers=headers)
        assert isinstance(read, BadEvent) or not is_sound(read)
    good = json.dumps(GOOD).encode()
    mark = {"testbank-signature": sign(SECRET, good, int(time.time()))}
    assert isinstance(gateway.parse_event(body=good, headers=mark), Event)
    for secret in ("", "another"):
        stranger = Testbank("http://127.0.0.1:9", events_secret=secret)
        own = {"testbank-signature": sign("", good, int(time.time()))}
        assert isinstance(stranger.parse_event(body=good, headers=own), BadEvent)
