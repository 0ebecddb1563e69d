"""Stock: what an agency's pool has free, who has reserved of it, and who waits, in arrival order.

As in the code: a demand reserves at once what is free up to what it needs; what comes free is offered
to those that wait in the order of their arrival; what a demand completes happens in the same
transaction (R17, R19, R20).
"""

from models.design import Design, Scene
from models.layout import (
    AGE,
    CANCELING,
    CAPTURING,
    D_ABANDONED,
    D_CONSUMED,
    D_FAILED,
    D_MET,
    D_NONE,
    D_ORDER,
    D_RESERVED,
    D_STATE,
    D_WAITING,
    DEMANDS,
    FREE_AGENCY,
    FREE_CLIENT,
    NOT_TRIED,
    PURCHASES,
    S_ABANDONED,
    S_DONE,
    S_LATE,
    S_REFUSED,
    S_TOLD,
    S_WAITING,
    SPENDS,
    STATE,
    WAITING,
    WRONG,
)
from models.wrong import SERVED_AFTER_PENDING

ASKING = (S_WAITING, S_LATE, S_TOLD)


def waiting(row: bytearray | bytes) -> list[int]:
    """The demands that wait on the agency's pool, in arrival order."""
    found = [
        (row[at + D_ORDER], demand)
        for demand, at in enumerate(DEMANDS)
        if row[at] == D_WAITING
    ]  # fmt: skip
    found.sort()
    return [demand for _, demand in found]


def register(row: bytearray, scene: Scene, design: Design, demand: int) -> bool:
    """Register a demand after all others and reserve what is free; True when that is enough."""
    at = DEMANDS[demand]
    row[at + D_ORDER] = 1 + max(row[other + D_ORDER] for other in DEMANDS)
    row[at] = D_WAITING
    return _try(row, scene, design, demand)


def reserve(row: bytearray, scene: Scene, demand: int) -> bool:
    """Set aside what is free, up to what a demand lacks; True when it lacks no more."""
    at, need = DEMANDS[demand], scene.needs[demand]
    got = min(row[FREE_AGENCY], need - row[at + D_RESERVED])
    row[FREE_AGENCY] -= got
    row[at + D_RESERVED] += got
    if row[at + D_RESERVED] < need:
        return False
    row[at], row[at + D_ORDER] = D_MET, 0
    return True


def _try(row: bytearray, scene: Scene, design: Design, demand: int) -> bool:
    """Give a waiting demand what is free and complete what waited for it; True when it is done
    with: met, consumed, or abandoned because its caller has gone."""
    if demand >= 2 and row[SPENDS + demand] == S_LATE and not design.no_compare_and_set:
        row[SPENDS + demand] = S_ABANDONED
        end(row, demand, D_ABANDONED)
        return True
    if not reserve(row, scene, demand):
        return False
    if demand >= 2:
        consume(row, demand)
        if row[SPENDS + demand] == S_TOLD:
            row[WRONG] = SERVED_AFTER_PENDING
        row[SPENDS + demand] = S_DONE
        return True
    at = PURCHASES[demand]
    if row[at] == WAITING and not design.capture_not_committed:
        row[at], row[at + AGE] = CAPTURING, NOT_TRIED
    return True


def consume(row: bytearray, demand: int) -> None:
    """Use up what a demand has reserved."""
    at = DEMANDS[demand]
    row[at + D_STATE], row[at + D_RESERVED], row[at + D_ORDER] = D_CONSUMED, 0, 0


def offer(row: bytearray, scene: Scene, design: Design) -> None:
    """Offer what is free to the demands that wait, in arrival order."""
    for demand in waiting(row):
        if not row[FREE_AGENCY]:
            return
        _try(row, scene, design, demand)


def end(row: bytearray, demand: int, state: int) -> None:
    """End a demand without delivery, if it has not ended: what it had reserved is free again."""
    at = DEMANDS[demand]
    if row[at] in (D_WAITING, D_MET):
        row[FREE_AGENCY] += row[at + D_RESERVED]
        row[at + D_STATE], row[at + D_RESERVED], row[at + D_ORDER] = state, 0, 0


def refuse(row: bytearray, scene: Scene, design: Design, only: list[int]) -> None:
    """End waiting demands in arrival order because the agency cannot buy what they lack; each is
    first offered what the ones before it gave back."""
    for demand in waiting(row):
        if _try(row, scene, design, demand) or demand not in only:
            continue
        end(row, demand, D_FAILED)
        if demand >= 2:
            row[SPENDS + demand] = S_REFUSED
        elif row[PURCHASES[demand] + STATE] == WAITING:
            row[PURCHASES[demand] + STATE] = CANCELING


def refuse_client(row: bytearray) -> None:
    """End the client's own query, whose auto-billing failed."""
    if row[SPENDS] in ASKING:
        row[SPENDS] = S_ABANDONED if row[SPENDS] == S_LATE else S_REFUSED


def serve_client(row: bytearray, scene: Scene, design: Design) -> None:
    """The client's pool was filled: its query is done, unless its caller has gone."""
    if row[SPENDS] not in ASKING:
        return
    if row[SPENDS] == S_LATE and not design.no_compare_and_set:
        row[SPENDS] = S_ABANDONED
    elif row[FREE_CLIENT] >= scene.query:
        if row[SPENDS] == S_TOLD:
            row[WRONG] = SERVED_AFTER_PENDING
        row[FREE_CLIENT] -= scene.query
        row[SPENDS] = S_DONE


def is_open(row: bytearray | bytes, demand: int) -> bool:
    """Whether a demand waits or is met."""
    return row[DEMANDS[demand]] not in (D_NONE, D_CONSUMED, D_FAILED, D_ABANDONED)
