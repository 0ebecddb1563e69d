"""Planning: one auto-billing for all that waits on a pool, within its caps (R17, R19, R28)."""

from models.design import Design, Scene
from models.layout import (
    AGENCY_BIT,
    AUTO,
    BREAKERS,
    CLIENT,
    CLIENT_BIT,
    D_RESERVED,
    DEMANDS,
    FAILED,
    FREE_AGENCY,
    NONE,
    OPEN,
    PURCHASES,
    QUANTITY,
    SPENDS,
    SWITCHES,
)
from models.purchases import open_auto_billing, open_intent
from models.stock import ASKING, offer, refuse, refuse_client, waiting

Row = bytearray | bytes


def may_buy(row: Row, bit: int) -> bool:
    """Whether an owner's auto-billing is on and its card may be tried."""
    return bool(row[SWITCHES] & bit) and not row[BREAKERS] & bit


def client_may_buy(row: Row) -> bool:
    """A client's also needs the agency's to be on (R9, R10)."""
    return may_buy(row, CLIENT_BIT) and bool(row[SWITCHES] & AGENCY_BIT)


def is_at_gateway(row: Row) -> bool:
    """Whether an auto-billing of the agency is open."""
    return any(row[PURCHASES[auto]] in OPEN for auto in AUTO)


def left_of_cap(row: Row, scene: Scene) -> int:
    """The packs that the agency may still buy: all that is not known to have failed counts."""
    spent = 0
    for auto in AUTO:
        if row[PURCHASES[auto]] not in (NONE, FAILED):
            spent += row[PURCHASES[auto] + QUANTITY]
    return scene.cap - spent


def slot(row: Row, scene: Scene) -> int | None:
    """The next auto-billing of the agency that can be followed; none: it is refused, as at a cap."""
    for auto in AUTO[: scene.slots]:
        if row[PURCHASES[auto]] == NONE:
            return auto
    return None


def can_furnish(row: Row, scene: Scene, credits: int) -> bool:
    """Whether the agency has some credits or may buy what it lacks of them (R17)."""
    short = credits - row[FREE_AGENCY]
    if short <= 0:
        return True
    packs = -(-short // scene.pack)
    return (
        may_buy(row, AGENCY_BIT)
        and slot(row, scene) is not None
        and packs <= left_of_cap(row, scene)
    )


def admit(row: Row, scene: Scene) -> tuple[int, int, list[int]]:
    """For the demands that wait, in arrival order: the packs to buy, for whom, and who is refused
    because the cap would be passed."""
    left = left_of_cap(row, scene) if slot(row, scene) is not None else 0
    lacking = sized = 0
    refused: list[int] = []
    for demand in waiting(row):
        lacks = scene.needs[demand] - row[DEMANDS[demand] + D_RESERVED]
        if -(-(lacking + lacks) // scene.pack) > left:
            refused.append(demand)
        else:
            lacking += lacks
            sized |= 1 << demand
    return -(-lacking // scene.pack), sized, refused


def plan_agency(row: bytearray, scene: Scene, design: Design, decided: int) -> None:
    """Open one auto-billing for all that waits on the agency's pool. ``decided``, of a faulty
    design alone, are the packs that were allowed before this transaction began."""
    offer(row, scene, design)
    if is_at_gateway(row) and not (design.no_single_flight and decided):
        return
    while waiting(row):
        packs, sized, refused = admit(row, scene)
        if not may_buy(row, AGENCY_BIT):
            refuse(row, scene, design, [0, 1, 2, 3])
        elif decided and design.cap_outside and (at := slot(row, scene)) is not None:
            open_auto_billing(row, at, decided, sized)
            return
        elif refused:
            refuse(row, scene, design, refused)
        else:
            auto = slot(row, scene)
            assert auto is not None, "without a slot every demand is refused"
            open_auto_billing(row, auto, packs, sized)
            return


def plan_client(row: bytearray, scene: Scene, design: Design) -> None:
    """Open the client's auto-billing for its query, if the chain above it can furnish it."""
    if row[SPENDS] not in ASKING or row[PURCHASES[CLIENT]] in OPEN:
        return
    if (
        row[PURCHASES[CLIENT]] != NONE
        or not client_may_buy(row)
        or not can_furnish(row, scene, scene.needs[CLIENT])
    ):
        refuse_client(row)
    else:
        open_intent(row, scene, design, CLIENT)
