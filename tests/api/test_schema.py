"""Schemathesis over the whole API (R39): what the schema says is what is served, and nothing breaks.

The cases are drawn from the schema that the server itself serves, over a real socket; ids in them
are those of a small world, so that they reach what lies behind the walls. Fixed seed: the same
cases in every run.
"""

import asyncio
import copy
import hashlib
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode, Response
from schemathesis.checks import CheckContext
from schemathesis.core import NotSet
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks as conform

from brimful.billing import keys
from tests.api.routes import GOOD
from tests.builders.holds import held
from tests.builders.http import acc, key_for, serving_api
from tests.builders.world import World, small_world

# Cases of one operation by whose key it is: a read-only one is refused by most of them.
CASES = {None: 8, "Agency": 8, "Client 1": 8, "a reader": 4}
NOWHERE = "0" * 32
PROBLEM = "application/problem+json"


def problem_body(ctx: CheckContext, response: Response, case: Case[Any]) -> bool | None:
    """Every error is a problem with a stable code that repeats the status (R39)."""
    if response.status_code < 400 or response.request.method == "HEAD":
        return None
    kind = response.headers.get("content-type", [""])[0]
    told = response.json() if kind == PROBLEM else {}
    code = told.get("code", "")
    assert kind == PROBLEM, f"an error of type {kind!r}"
    assert told.get("status") == response.status_code
    assert code == code.lower() and code.replace("_", "").isalpha(), code
    assert told.get("detail")
    return None


CHECKS = [
    schemathesis.checks.not_a_server_error,
    conform.status_code_conformance,
    conform.content_type_conformance,
    conform.response_headers_conformance,
    conform.response_schema_conformance,
    conform.negative_data_rejection,
    conform.missing_required_header,
    problem_body,
]


async def ids_of(world: World, who: str | None) -> dict[str, list[str]]:
    """Ids that are there, by the name of the parameter or field that takes them, and of each kind
    one that is not; the accounts are those that the key may name."""
    made: dict[str, list[str]] = {}
    for name, prefix, sql in (
        ("package_id", "pkg", "select package_id from package order by 1 desc limit 3"),
        ("purchase_id", "pur", "select purchase_id from purchase"),
        ("auto_billing_id", "pur", "select purchase_id from purchase where automatic"),
        ("spend_id", "spd", "select spend_id from spend where held_as is null"),
        ("hold_id", "hld", "select hold_id from credit_hold where not leased"),
        ("lease_id", "hld", "select hold_id from credit_hold where leased"),
        ("chatbot_id", "bot", "select chatbot_id from chatbot"),
        ("notice_id", "ntc", "select notice_id from notice"),
        ("method_id", "pmt", "select method_id from payment_method"),
    ):
        rows = await world.db.fetch(sql)
        assert rows, name
        made[name] = [*(f"{prefix}_{row[0].hex}" for row in rows), f"{prefix}_{NOWHERE}"]
    made["child_id"] = [acc(world, "Client 1"), f"acc_{NOWHERE}"]
    mine = {None: ("Agency", "Client 1", None), "Client 1": ("Client 1",)}
    made["account_id"] = [acc(world, name) for name in mine.get(who, ("Agency", "Client 1"))]
    sacrificed = await keys.issue(
        world.db,
        account_id=world.names[who or "Agency"],
        tenant_id=world.names["Agency"],
        read_only=True,
        label="to be revoked",
        moment=world.engine.clock.moment(),
    )
    made["key_id"] = [f"key_{sacrificed[0].hex}", f"key_{NOWHERE}"]
    return made


# What the served schema says in words only, for good bodies that get further than validation.
FIELDS: dict[str, dict[str, Any]] = {
    "OpenAccount": {"currency": {"enum": ["USD", "JPY", None]}, "zone": {"enum": ["UTC", "Asia/Tokyo"]}},
    "PublishPackage": {"currency": {"enum": ["USD", None]}},
    "SaveCard": {"token": {"enum": ["tok_success", "tok_declined", "tok_nonsense"]}},
    "SetAutoBilling": {"given_by": {"enum": ["Owner", ""]}, "allowed_packages": {"type": "null"}},
    "PreviewSpend": {"credits": {"type": "integer", "minimum": 1, "maximum": 10_000}},
}  # fmt: skip
# Bodies of several kinds: the fields that make the kind, and those that do not go with it.
KINDS: dict[str, list[tuple[dict[str, dict[str, Any]], set[str]]]] = {
    "Spend": [
        ({"credits": {"type": "integer", "minimum": 1, "maximum": 10_000}}, {"model", "messages"}),
        ({"model": {"enum": ["gpt-4", "gpt-5"]}}, {"credits"}),
    ],
    "PublishPackage": [
        (
            {"kind": {"const": "additional_credits"}, "credits": {"enum": [2_000, 35_000, 1_000_000]}},
            {"interval", "chatbots", "chatbots_price_minor", "rolls_over"},
        ),
        (
            {"kind": {"const": "extra_chatbots"}, "interval": {"const": "month"}},
            {"credits", "chatbots", "chatbots_price_minor", "rolls_over"},
        ),
        (
            {"kind": {"const": "subscription"}, "interval": {"enum": ["month", "year"]}, "credits": {"const": 5}},
            {"chatbots_price_minor"},
        ),
    ],
}  # fmt: skip


def variants(body: dict[str, Any], kinds: list[tuple[dict[str, Any], set[str]]]) -> dict[str, Any]:
    """A body as one of its kinds."""
    made = []
    for fields, foreign in kinds:
        kept = {name: of for name, of in body["properties"].items() if name not in foreign}
        required = sorted({*body.get("required", ()), *fields})
        made.append({**body, "properties": {**kept, **fields}, "required": required})
    return {"anyOf": made}


def narrowed(schema: dict[str, Any], ids: dict[str, list[str]], *, bodies: bool) -> dict[str, Any]:
    """The schema with ids of the world for its ids. Bodies stay as they are where bad ones are
    drawn: what is bad by a narrower schema need not be bad by the one that is served."""
    schema = copy.deepcopy(schema)
    for operations in schema["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] in ids:
                    parameter["schema"] = {"type": "string", "enum": ids[parameter["name"]]}
    if not bodies:
        return schema
    known = schema["components"]["schemas"]
    for name, body in known.items():
        fields = body.get("properties", {})
        if name in GOOD and "package_id" in fields:
            fields["package_id"] = {"type": "string", "enum": ids["package_id"]}
        fields.update(FIELDS.get(name, {}))
        if name in KINDS:
            known[name] = variants(body, KINDS[name])
    return schema


Operation = APIOperation[Any, Any, Any, Any]


def whole(value: Any) -> Any:
    """The same with 5 for 5.0, which is an integer in JSON Schema and never one here (R26)."""
    if isinstance(value, dict):
        return {name: whole(one) for name, one in value.items()}
    if isinstance(value, list):
        return [whole(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def made_good(case: Case[Any]) -> Case[Any]:
    """A good case whose numbers are whole, and whose key is not another body's."""
    if case.body is not None and not isinstance(case.body, NotSet):
        case.body = whole(case.body)
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = hashlib.sha256(repr(case.body).encode()).hexdigest()
    return case


def failures_of(
    good: Operation, bad: Operation, secret: str, session: requests.Session, cases: int
) -> tuple[int, list[str]]:
    """How many cases of one operation were answered, and what was wrong with the first that was."""
    answered = 0
    headers = {"Authorization": f"Bearer {secret}"}

    @given(
        case=st.one_of(
            good.as_strategy(generation_mode=GenerationMode.POSITIVE).map(made_good),
            bad.as_strategy(generation_mode=GenerationMode.NEGATIVE),
        )
    )
    @settings(
        max_examples=cases,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    def probe(case: Case[Any]) -> None:
        nonlocal answered
        answered += 1
        case.call_and_validate(session=session, headers=headers, checks=CHECKS, timeout=30)

    try:
        probe()
    except (FailureGroup, Failure, AssertionError) as wrong:
        told = getattr(wrong, "exceptions", [wrong])
        return answered, [f"{good.label}: {one}" for one in told]
    return answered, []


def operations_of(schema: dict[str, Any], url: str) -> list[Operation]:
    """Every operation of a schema, those that take away last."""
    loaded = schemathesis.openapi.from_dict(schema)
    loaded.config.update(base_url=url)
    loaded.config.generation.update(with_security_parameters=False, allow_x00=False)
    operations = [found.ok() for found in loaded.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) == sum(len(verbs) for verbs in schema["paths"].values())
    ends = {"DELETE": 1, "/close": 2}
    return sorted(
        operations, key=lambda one: ends.get(one.path[-6:], ends.get(one.method.upper(), 0))
    )


def probe_all(
    schema: dict[str, Any], ids: dict[str, list[str]], url: str, secret: str, cases: int
) -> tuple[int, list[str]]:
    """Good and bad cases of every operation, with one key."""
    answered, failures = 0, []
    goods = operations_of(narrowed(schema, ids, bodies=True), url)
    bads = operations_of(narrowed(schema, ids, bodies=False), url)
    with requests.Session() as session:
        session.trust_env = False
        for good, bad in zip(goods, bads, strict=True):
            count, wrong = failures_of(good, bad, secret, session, cases)
            answered += count
            failures += wrong
    return answered, failures


@pytest.mark.parametrize(
    ("who", "read_only"),
    [(None, False), ("Agency", False), ("Client 1", False), ("Agency", True)],
)
async def test_r39_the_api_is_what_its_schema_says(
    world: World, who: str | None, read_only: bool
) -> None:
    """No 5xx, no undocumented status or content, bad data refused, errors problems with a code."""
    await small_world(world)
    await world.rate("Agency", "gpt-4", 25)
    await world.package("Agency", 900, credits=1_000, chatbots=1, interval="month")
    await world.stock("Agency", credits=50, chatbots=2)
    await world.stock("Client 1", credits=5, chatbots=1)
    await world.create_chatbot("Client 1", "bot")
    await world.spend("Client 1", 100)
    await held(world, "Client 1", 1, ttl_s=86_400)
    await held(world, "Client 1", 1, ttl_s=3_600, held_as="lease")
    await world.settle()
    secret = await key_for(world, who, read_only=read_only)
    ids, cases = await ids_of(world, who), CASES["a reader" if read_only else who]
    async with serving_api(world) as url:
        async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
            schema = (await http.get(f"{url}/openapi.json")).json()
        assert schema["openapi"].startswith("3.1")
        answered, failures = await asyncio.to_thread(probe_all, schema, ids, url, secret, cases)
    assert failures == [], "\n\n".join(failures)
    assert answered >= cases // 2 * sum(len(verbs) for verbs in schema["paths"].values())
