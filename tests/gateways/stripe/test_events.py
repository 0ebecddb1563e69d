"""Messages of Stripe at the verifier: whatever comes, the answer is a value (R45)."""

import json
import os
import random
from collections.abc import Iterator
from typing import Any

import pytest
from stripe import WebhookSignature

from brimful.domain.payment import BadEvent, Event
from brimful.gateways.stripe.events import AGE_S, BODY_MAX, DEPTH_MAX, Events

SECRET, CONNECT = "whsec_platform", "whsec_connect"
NOW = 1_800_000_000
# The million of the acceptance is run with this set; a part of it always.
CASES = int(os.environ.get("BRIMFUL_EVENT_FUZZ", "20000"))
EVENTS = Events(secret=SECRET, connect_secret=CONNECT, now=lambda: NOW)
INTENT: dict[str, Any] = {
    "id": "pi_1", "object": "payment_intent", "amount": 1_000, "currency": "usd",
    "metadata": {"reference": "x"},
}  # fmt: skip


def event(kind: Any = "payment_intent.succeeded", **more: Any) -> dict[str, Any]:
    """A message about a payment."""
    about = more.pop("about", INTENT)
    return {
        "id": "evt_1", "object": "event", "type": kind, "created": NOW, "livemode": False,
        "data": {"object": about}, **more,
    }  # fmt: skip


def sign(body: bytes, secret: str = SECRET, at: int = NOW) -> dict[str, str]:
    """A header as Stripe signs."""
    text = body.decode()
    return {
        "stripe-signature": WebhookSignature.generate_signature_header(text, secret, timestamp=at)
    }


def parsed(given: Any, secret: str = SECRET, at: int = NOW) -> Event | BadEvent:
    """What is made of a signed message."""
    body = given if isinstance(given, bytes) else json.dumps(given).encode()
    return EVENTS.parse(body=body, headers=sign(body, secret, at))


def test_r45_a_message_is_read_as_a_hint() -> None:
    """Mode, account, payment, amount and currency are what it says, nothing is believed of it."""
    read = parsed(event())
    assert isinstance(read, Event)
    assert (read.kind, read.mode, read.account_ref) == ("payment.captured", "test", "platform")
    assert (read.payment_id, read.amount_minor, read.currency) == ("pi_1", 1_000, "USD")
    assert dict(read.metadata) == {"reference": "x"}
    live = parsed(event(livemode=True, account="acct_1"), CONNECT)
    assert isinstance(live, Event) and (live.mode, live.account_ref) == ("live", "acct_1")


@pytest.mark.parametrize(
    ("kind", "about", "ours", "payment"),
    [
        ("payment_intent.amount_capturable_updated", INTENT, "payment.held", "pi_1"),
        ("payment_intent.payment_failed", INTENT, "payment.declined", "pi_1"),
        ("payment_intent.canceled", INTENT, "payment.canceled", "pi_1"),
        ("charge.succeeded", {"payment_intent": "pi_2"}, "payment.updated", "pi_2"),
        ("charge.refunded", {"payment_intent": "pi_2", "captured": True}, "refund.updated", "pi_2"),
        ("charge.refunded", {"payment_intent": "pi_2", "captured": False}, "payment.updated", "pi_2"),
        ("charge.succeeded", {"payment_intent": None}, "payment.updated", None),
        ("refund.failed", {"payment_intent": {"id": "pi_3"}}, "refund.updated", "pi_3"),
        ("charge.dispute.closed", {"payment_intent": "pi_4"}, "dispute.updated", "pi_4"),
        ("checkout.session.completed", {"id": "cs_1", "payment_intent": "pi_5"}, "page.completed", None),
        ("payment_method.detached", {"id": "pm_1"}, "method.updated", None),
        ("account.application.deauthorized", {"id": "ca_1"}, "account.disconnected", None),
        ("customer.created", {"id": "cus_1"}, "customer.created", None),
    ],
)  # fmt: skip
def test_r45_kinds_name_the_payment_they_are_about(
    kind: str, about: dict[str, Any], ours: str, payment: str | None
) -> None:
    """Payments by their own messages, those of their charges, refunds and disputes."""
    read = parsed(event(kind, about=about))
    assert isinstance(read, Event)
    assert (read.kind, read.payment_id) == (ours, payment)


CARD_KINDS = ("automatically_updated", "updated", "detached")


@pytest.mark.parametrize(
    ("kind", "page", "method"),
    [
        *[(f"payment_method.{kind}", None, "obj_1") for kind in CARD_KINDS],
        ("payment_method.attached", None, None),
        ("checkout.session.completed", "obj_1", None),
        ("customer.created", None, None),
    ],
)
def test_r45_messages_name_the_page_or_card_they_are_about(
    kind: str, page: str | None, method: str | None
) -> None:
    """By its id, which has to be one; the rest of a card is left where it is."""
    about = {"id": "obj_1", "customer": "cus_1", "card": {"last4": "0000"}}
    read = parsed(event(kind, about=about))
    assert isinstance(read, Event)
    assert (read.page_id, read.method_id, read.payment_id) == (page, method, None)
    for odd in ({}, {"id": 7}, {"id": "a\0"}):
        named = page is not None or method is not None
        assert isinstance(parsed(event(kind, about=odd)), BadEvent if named else Event)


def nested(depth: int) -> bytes:
    """A signed message that goes so deep."""
    inner = b"[" * depth + b"]" * depth
    return json.dumps(event()).encode()[:-1] + b', "x": ' + inner + b"}"


BROKEN: dict[str, Any] = {
    "empty": b"", "not_json": b"{", "list": b"[]", "number": b"1", "null": b"null",
    "no_event": b"{}", "other_object": event(object="v2.core.event"), "deep": nested(DEPTH_MAX + 1),
    "very_deep": nested(100_000), "large": b" " * (BODY_MAX + 1), "no_data": event(data=None),
    "data_is_text": event(data="x"), "about_is_list": event(about=[]), "no_id": event(id=None),
    "id_is_number": event(id=7), "nul": event(id="evt\0"), "half": event(id="\ud800"),
    "long_id": event(id="e" * 501), "kind": event(kind=None), "mode": event(livemode="false"),
    "created": event(created=10**30), "before": event(created=-1), "float": event(created=1.5),
    "bool": event(created=True), "account": event(account=7), "nan": b'{"object": "event", "x": NaN}',
    "amount": event(about={**INTENT, "amount": -1}), "huge": event(about={**INTENT, "amount": 2**63}),
    "text_amount": event(about={**INTENT, "amount": "1000"}),
    "payment": event(about={**INTENT, "id": None}), "half_payment": event(about={**INTENT, "id": "\udfff"}),
    "metadata": event(about={**INTENT, "metadata": [1]}),
    "metadata_value": event(about={**INTENT, "metadata": {"a": {}}}),
    "much_metadata": event(about={**INTENT, "metadata": {str(n): "" for n in range(51)}}),
    "digits": b'{"object": "event", "created": ' + b"9" * 5_000 + b"}",
}  # fmt: skip


@pytest.mark.parametrize("name", list(BROKEN))
def test_r45_a_malformed_message_is_bad_even_if_signed(name: str) -> None:
    """The same by both secrets: a value, no exception, and nothing to handle."""
    for secret in (SECRET, CONNECT):
        assert isinstance(parsed(BROKEN[name], secret), BadEvent)


def test_r45_a_good_neighbour_of_the_broken_ones_is_read() -> None:
    """The limits are where they are said to be."""
    assert isinstance(parsed(nested(DEPTH_MAX - 2)), Event)
    edge = json.dumps(event()).encode()
    assert isinstance(parsed(edge + b" " * (BODY_MAX - len(edge))), Event)
    assert isinstance(parsed(event(about={**INTENT, "amount": 2**63 - 1})), Event)


@pytest.mark.parametrize(
    ("late_s", "kind"),
    [(0, Event), (AGE_S, Event), (-AGE_S, Event), (AGE_S + 1, BadEvent), (-AGE_S - 1, BadEvent)],
)
def test_r45_neither_old_nor_future_messages_are_taken(late_s: int, kind: type) -> None:
    """The SDK by itself takes any from the future."""
    assert isinstance(parsed(event(), at=NOW - late_s), kind)


@pytest.mark.parametrize("named", [{}, {"account": "acct_1"}])
def test_r45_a_forged_signature_is_no_signature(named: dict[str, str]) -> None:
    """Another secret, none, other words, broken headers of every kind; of a message about the
    platform's account as of one about a connected account."""
    body = json.dumps(event(**named)).encode()
    good = sign(body)["stripe-signature"]
    assert isinstance(EVENTS.parse(body=body, headers={"stripe-signature": good}), Event)
    forged = [
        sign(body, "another")["stripe-signature"], sign(body, "")["stripe-signature"],
        good.replace("v1", "v0"), f"{good}\xe9", f"\x00{good}", good.replace(f"t={NOW}", "t=1"), "", "t",
        "t=,v1=", "t=1", "v1=0", good.replace("t=", "t=+"), good.replace("t=", "t=0_"), f"t={NOW},{good}",
        f"t={'9' * 5_000},v1=0", "t=\u0661,v1=0", good + "," * 9,
    ]  # fmt: skip
    for header in forged:
        assert isinstance(EVENTS.parse(body=body, headers={"stripe-signature": header}), BadEvent)
    assert isinstance(EVENTS.parse(body=body, headers={}), BadEvent)
    assert isinstance(EVENTS.parse(body=body + b" ", headers={"stripe-signature": good}), BadEvent)
    nobody = Events(secret="", connect_secret="", now=lambda: NOW)
    assert isinstance(nobody.parse(body=body, headers=sign(body, "")), BadEvent)


def test_r45_connected_accounts_do_not_speak_for_the_platform() -> None:
    """Signed with the secret of their endpoint, a message has to name whose it is."""
    assert isinstance(parsed(event(), CONNECT), BadEvent)
    named = parsed(event(account="acct_1"), CONNECT)
    assert isinstance(named, Event) and named.account_ref == "acct_1"


def spoilt(count: int, seed: int) -> Iterator[tuple[bytes, dict[str, str]]]:
    """Messages spoilt in every way, most of them with a signature that is right for them."""
    rng = random.Random(seed)
    odd: list[Any] = [
        None,
        True,
        -1,
        0,
        2**63,
        2**70,
        1.5,
        "",
        "\0",
        "\ud800",
        "x" * 600,
        [],
        {},
        [[]],
        "é",
        "٣",
    ]
    base = event(account="acct_1")

    def spoil(value: Any) -> Any:
        if isinstance(value, dict) and value and rng.random() < 0.8:
            name = rng.choice(list(value))
            if rng.random() < 0.2:
                return {k: v for k, v in value.items() if k != name}
            return {**value, name: spoil(value[name])}
        return rng.choice(odd)

    for _ in range(count):
        way = rng.random()
        body = json.dumps(spoil(base)).encode()
        if way < 0.3:
            cut = bytearray(body)
            for _ in range(rng.randint(1, 4)):
                cut[rng.randrange(len(cut))] = rng.randrange(256)
            body = bytes(cut)
        elif way < 0.4:
            body = rng.randbytes(rng.randint(0, 60))
        try:
            headers = sign(
                body, rng.choice([SECRET, CONNECT, "another"]), NOW + rng.randint(-400, 400)
            )
        except UnicodeDecodeError:
            headers = {"stripe-signature": f"t={NOW},v1={'0' * 64}"}
        if rng.random() < 0.15:
            header = list(headers["stripe-signature"])
            header[rng.randrange(len(header))] = chr(rng.choice([0, 61, 44, 233, 0x663, 0xD800]))
            headers = {"stripe-signature": "".join(header)}
        yield body, headers


def test_r45_no_input_gets_an_exception_out_of_the_verifier() -> None:
    """Fuzzed bodies and headers: every answer is a value, and a good one is sound to the letter."""
    good = bad = 0
    for body, headers in spoilt(CASES, seed=7):
        read = EVENTS.parse(body=body, headers=headers)
        if isinstance(read, BadEvent):
            bad += 1
            continue
        good += 1
        assert "another" not in headers and read.event_id and "\0" not in read.event_id
        assert read.amount_minor is None or 0 <= read.amount_minor < 2**63
        for text in (read.event_id, read.kind, read.account_ref, read.payment_id or "x"):
            assert text.encode()
    assert good > CASES // 100 and bad > CASES // 2
