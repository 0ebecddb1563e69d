"""R29, R37: a change of plan for which the bank wants its owner present is made by the owner's link."""

from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import Bought, Missing
from brimful.wiring import Authenticating
from tests.builders.year import Year
from tests.usecases.test_authentication import at_bank, token_of
from tests.usecases.test_change_plan import MAY, MIDDLE, on_small


async def asked_at_the_bank(year: Year) -> tuple[str, str]:
    """A client whose bank wants it present for an upgrade in the middle of the month: the secret of
    its link, and the agency's account at the bank."""
    _, large, bank = await on_small(year)
    await year.until(MIDDLE)
    await year.card("Client", "tok_authenticate_once")
    refused = await year.change("Client", large)
    assert isinstance(refused, Refuse) and refused.reason is Reason.authentication_required
    await year.settle()
    assert year.taken(bank) == [3_000]
    return await token_of(year, "Client"), bank


async def test_r29_r37_an_upgrade_is_confirmed_by_its_link(year: Year) -> None:
    """The difference is charged once, with the owner present, and the plan is the large one."""
    token, bank = await asked_at_the_bank(year)
    await at_bank(await year.engine.authenticate(token), complete=True)
    done = await year.engine.authenticate(token)
    assert isinstance(done, Authenticating) and done.state == "delivered"
    await year.settle()
    held = await year.subscription("Client")
    assert (held["credits"], held["chatbots"], held["recurring_minor"]) == (5_000, 5, 9_000)
    assert ((await year.credits("Client")).free, (await year.chatbots("Client")).free) == (3_000, 5)
    await year.until(MAY)
    assert year.taken(bank) == [3_000, 3_000, 9_000]


async def test_r29_r37_what_was_changed_meanwhile_is_not_changed_twice(year: Year) -> None:
    """Another card paid for the same upgrade before the link was opened: it makes no second charge."""
    token, bank = await asked_at_the_bank(year)
    large = await year.db.fetchval(
        "select package_id from purchase_line l join purchase p using (tenant_id, purchase_id) "
        "where p.state = 'failed' and l.kind = 'subscription'"
    )
    await year.card("Client")
    assert isinstance(await year.change("Client", large), Bought)
    later = await year.engine.authenticate(token)
    assert isinstance(later, Missing) or (
        isinstance(later, Refuse) and later.reason is Reason.already_subscribed
    )
    assert year.taken(bank) == [3_000, 3_000]


async def test_r29_r37_a_plan_that_ended_meanwhile_is_not_bought_anew(year: Year) -> None:
    """Its whole price was never asked for."""
    token, bank = await asked_at_the_bank(year)
    await year.cancel("Client")
    await year.until(MAY)
    assert isinstance(await year.engine.authenticate(token), Missing)
    assert year.taken(bank) == [3_000]
