"""The model's names are the code's: whoever adds a step or a state to one changes the other."""

import importlib
import re
from pathlib import Path

import pytest
from models.layout import (
    CHARGE_STATES,
    DEMAND_STATES,
    MODES,
    OUTCOMES,
    PURCHASE_STATES,
    SPEND_STATES,
    STEPS,
    VERBS,
)
from models.purchases import CODE

from brimful.domain import payment as answers
from brimful.gateways.port import Gateway
from brimful.usecases.steps import Step
from models import actions as act

ROOT = Path(__file__).resolve().parents[2]
GROUND = ROOT / "src" / "brimful" / "db" / "migrations" / "0001_ground"
# What a payment is not asked for on its way, and what the model has beside the port's verbs.
OTHER_VERBS = {"find", "save_method", "remove_method", "parse_event", "minimum_minor", "mode"}
NO_VERBS = {"event", "plan"}
# A charge made anew with its owner present: a person's affair, in which no machine decides.
NOT_MODELLED = {"authenticating"}
# A hold is a spend that ends so where another is done: to the model they are the same.
HELD = {"held"}


def allowed(file: str, table: str, column: str = "state") -> set[str]:
    """The values that a column's check constraint allows."""
    text = (GROUND / file).read_text(encoding="utf-8")
    created = re.search(rf"^create table {table} \((.*?)^\)", text, re.M | re.S)
    assert created is not None
    check = re.search(
        rf"^    {column} text not null[^\n]*?check \({column} in\s*\((.*?)\)\)",
        created.group(1),
        re.M | re.S,
    )
    assert check is not None
    return set(re.findall(r"'(\w+)'", check.group(1)))


def test_every_step_of_the_code_is_a_move_and_conversely() -> None:
    """The steps at which tests hold work up are moves by the same names."""
    assert set(STEPS) == {step.value for step in Step}
    assert set(STEPS) <= set(act.NAMES)


@pytest.mark.parametrize(
    ("file", "table", "column", "named"),
    [
        (
            "040_operations.sql",
            "purchase",
            "state",
            (set(PURCHASE_STATES) - {"none"}) | NOT_MODELLED,
        ),
        ("040_operations.sql", "purchase", "mode", {*MODES, "receivable"}),
        ("040_operations.sql", "charge", "state", set(CHARGE_STATES)),
        (
            "040_operations.sql",
            "spend",
            "state",
            (set(SPEND_STATES) - {"not asked", "late", "told"}) | HELD,
        ),
        ("030_ledger.sql", "demand", "state", set(DEMAND_STATES) - {"none"}),
    ],
)
def test_states_are_those_of_the_tables(
    file: str, table: str, column: str, named: set[str]
) -> None:
    """A receivable makes no charge, and is not modelled, nor is a charge that waits for its owner; a
    late spend is one past its answer_by."""
    assert named == allowed(file, table, column)


def test_calls_are_the_ports_verbs() -> None:
    """All that a purchase asks of a gateway."""
    port = {name for name in vars(Gateway) if not name.startswith("_")}
    assert set(VERBS) - NO_VERBS <= port
    assert port - set(VERBS) <= OTHER_VERBS


def test_answers_are_the_gateways() -> None:
    """Each outcome that the model knows is one of the port, and every one of a payment is known; a
    payment not found and a gateway not reached are no answer, as Unknown is."""
    known = set(OUTCOMES) - {"", "Created another"}
    port = {
        one.__name__
        for union in (answers.PaymentOutcome, answers.CreateOutcome, answers.RefundOutcome)
        for one in union.__args__
    }
    assert known == port - {"NotFound", "Unreachable"}


@pytest.mark.parametrize("name", CODE)
def test_each_transaction_of_the_model_is_one_of_the_code(name: str) -> None:
    """A use case that is renamed or goes has to do so here."""
    module, function = CODE[name].split(":")
    assert callable(getattr(importlib.import_module(module), function))
