"""The cascades in which everything is to fail once: who asks, and what goes wrong anyway."""

from brimful_testbank.cards import Behaviour
from brimful_testbank.faults import Rule
from tests.builders.cascade import Ask, Scenario

LOST = Behaviour(decline="lost_card", advice="do_not_try_again")


def _queries() -> list[Ask]:
    return [Ask("Client"), Ask("Sibling", credits=40), Ask("Agency", credits=700)]


def _by_hand() -> list[Ask]:
    """Purchases by hand, one of them too small to charge; the agency's own query cannot wait."""
    hurried = Ask("Agency", credits=700, wait_ms=20)
    return [Ask("Client", "credits"), Ask("Saver", "plan"), Ask("Sibling", credits=40), hurried]


def _gone() -> list[Ask]:
    gone = Ask("Sibling", credits=40, wait_ms=150, goes_away=True)
    return [Ask("Client"), gone, Ask("Agency", credits=700)]


def _lost(verb: str) -> list[Rule]:
    return [Rule("lost_before", verb=verb, merchant="platform", times=3)]


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("queries", _queries),
        Scenario("by_hand", _by_hand),
        # One client is charged at once, for stock that is there; only the other's card is held.
        Scenario("stocked", _queries, stock={2: 1_600, 3: 600}, holds={2: 1, 3: 2}),
        Scenario("declined", _queries, card=LOST, serves="nobody"),
        # The same, and the sellers take what their clients' cards held; it has to be given back.
        Scenario("aside", _queries, card=LOST, captured_aside="cancel at Agency", serves="nobody"),
        Scenario("outage", _queries, rules=lambda: _lost("confirm")),
        Scenario("gone", _gone, slow="create at platform", rules=lambda: _lost("create")),
        # The agency's owner switches off while its clients' cards are held and its own is charged.
        Scenario("switched_off", lambda: [*_queries(), Ask("Agency", "switch off")], serves="some"),
    )
}
