"""Pages and records of every gateway: a card saved on a page, and their own lists of payments (R24, R27)."""

from datetime import UTC, datetime, timedelta

from brimful.domain.payment import Held, MethodRefused, SavedMethod
from brimful.gateways.pages import HostedPage, Onboarding
from brimful.gateways.records import PaymentRecord, RecordsPage
from tests.gateways.rigs import Rig, key

BACK = "https://app.example.com/billing?tab=cards"


async def page(rig: Rig, customer_id: str | None = None) -> HostedPage:
    """A page for one owner."""
    made = await rig.pages.setup_page(
        account_ref=rig.account_ref, customer_id=customer_id, reference=key(), return_url=BACK
    )
    assert isinstance(made, HostedPage), made
    return made


async def test_r27_a_card_saved_on_a_page_can_be_held(rig: Rig) -> None:
    """Not before its owner has completed the page; afterwards without them."""
    made = await page(rig)
    assert made.url.startswith("http")
    named = {"account_ref": rig.account_ref, "token": made.page_id}
    early = await rig.gateway.save_method(**named, customer_id=made.customer_id)
    assert isinstance(early, MethodRefused)
    await rig.complete(made)
    saved = await rig.gateway.save_method(**named, customer_id=made.customer_id)
    assert isinstance(saved, SavedMethod) and saved.customer_id == made.customer_id
    assert await rig.gateway.save_method(**named, customer_id=made.customer_id) == saved
    payment = await rig.payment(method=saved)
    assert isinstance(await rig.confirm(payment), Held)


async def test_r27_a_page_belongs_to_its_customer_and_account(rig: Rig) -> None:
    """Whoever else knows its id has not got the card."""
    made, other = await page(rig), await page(rig)
    await rig.complete(made)
    for customer, account in (
        (other.customer_id, rig.account_ref),
        (None, rig.account_ref),
        (made.customer_id, rig.other_ref),
    ):
        refused = await rig.gateway.save_method(
            account_ref=account, customer_id=customer, token=made.page_id
        )
        assert isinstance(refused, MethodRefused)
    again = await page(rig, made.customer_id)
    assert again.customer_id == made.customer_id and again.page_id != made.page_id


async def test_r44_a_seller_connects_its_account(rig: Rig) -> None:
    """An account is opened once for a seller; the page for it can be had again."""
    reference = key()
    asked = {"reference": reference, "email": "owner@example.com", "return_url": BACK}
    first = await rig.pages.onboarding_page(account_ref=None, **asked)
    assert isinstance(first, Onboarding) and first.url.startswith("http")
    for ref in (None, first.account_ref):
        again = await rig.pages.onboarding_page(account_ref=ref, **asked)
        assert isinstance(again, Onboarding) and again.account_ref == first.account_ref


async def test_r24_the_gateway_lists_what_it_has_of_us(rig: Rig) -> None:
    """Every payment once, newest first, page by page, with what became of it; of one account."""
    references = [key() for _ in range(4)]
    ids = [await rig.payment(reference=reference) for reference in references]
    await rig.payment(account_ref=rig.other_ref)
    await rig.confirm(ids[1])
    await rig.confirm(ids[2])
    await rig.capture(ids[2], 900)
    await rig.refund(ids[2], 100)
    await rig.cancel(ids[3])
    records = await listed(rig)
    assert [record.payment_id for record in records] == ids[::-1]
    assert [record.reference for record in records] == references[::-1]
    assert [(r.state, r.captured_minor, r.refunded_minor) for r in reversed(records)] == [
        ("created", 0, 0), ("held", 0, 0), ("captured", 900, 100), ("canceled", 0, 0),
    ]  # fmt: skip
    assert {(record.amount_minor, record.currency) for record in records} == {(1_000, "USD")}
    assert await listed(rig, until=timedelta(hours=-1)) == []


async def listed(rig: Rig, until: timedelta = timedelta(hours=1)) -> list[PaymentRecord]:
    """All records of the last two hours, or of the first of them."""
    now = datetime.now(UTC)
    found: list[PaymentRecord] = []
    after = None
    while True:
        answer = await rig.records.list_payments(
            account_ref=rig.account_ref,
            since=now - timedelta(hours=2),
            before=now + until,
            after=after,
        )
        assert isinstance(answer, RecordsPage), answer
        found += answer.records
        after = answer.after
        if after is None:
            return found
