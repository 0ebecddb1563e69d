"""What may go wrong at any instant, and what owners and callers may do or not."""

from models import actions as act
from models.design import Design, Scene
from models.gateway import execute
from models.layout import (
    AGE,
    AGENCY_BIT,
    AUTO,
    BY_HAND,
    BY_SELLER,
    CAPTURE,
    CLIENT,
    CLIENT_BIT,
    CONFIRM,
    CREATE,
    D_WAITING,
    DAYS,
    DEMANDS,
    FAULTS,
    FIRST,
    IN_STATE,
    KEY_GONE,
    LATE,
    LOOK_UP,
    O_AUTHENTICATE,
    O_DECLINED,
    O_REFUSED,
    O_UNKNOWN,
    OUTCOME,
    P_AUTHENTICATE,
    P_CANCELED,
    P_CAPTURED,
    P_CREATED,
    P_DECLINED,
    P_HELD,
    P_NONE,
    PURCHASES,
    S_LATE,
    S_WAITING,
    SECOND,
    SPENDS,
    SWITCHES,
    TASK,
    TASKS,
    TRIED,
    TRIED_A_DAY_AGO,
    WORKERS,
    close,
    late_bit,
)
from models.purchases import release_hold
from models.stock import offer, refuse

Moves = list[tuple[int, bytes]]


def at_the_call(row: bytes, base: bytes, worker: int, design: Design, found: Moves) -> None:
    """A call goes wrong: the request or the reply is lost or late, the card or the gateway says no.
    ``base`` is the state in which the request has been sent."""
    if not row[FAULTS]:
        return
    verb, one, payment = TASKS[row[worker + TASK]]
    silent = bytearray(base)
    silent[FAULTS] -= 1
    silent[worker + OUTCOME] = O_UNKNOWN
    found.append((act.move(act.LOST_REQUEST, one), close(bytearray(silent))))
    if verb == LOOK_UP:
        return
    late = bytearray(silent)
    late[PURCHASES[one] + LATE] |= late_bit(verb, payment)
    found.append((act.move(act.DELAYED, one), close(late)))
    done = bytearray(silent)
    execute(done, design, verb, one, payment)
    found.append((act.move(act.LOST_REPLY, one), close(done)))
    at = PURCHASES[one] + FIRST + payment - 1
    state = row[at] & IN_STATE
    if verb == CONFIRM and state in (P_CREATED, P_DECLINED, P_AUTHENTICATE):
        _say(silent, worker, one, at, P_DECLINED, O_DECLINED, act.DECLINE, found)
        _say(silent, worker, one, at, P_AUTHENTICATE, O_AUTHENTICATE, act.AUTHENTICATE, found)
    elif verb == CAPTURE and state == P_HELD:
        _say(silent, worker, one, at, P_DECLINED, O_DECLINED, act.DECLINE, found)
    elif verb == CREATE and state == P_NONE:
        _say(silent, worker, one, at, P_NONE, O_REFUSED, act.REFUSE, found)


def _say(
    row: bytearray,
    worker: int,
    one: int,
    at: int,
    state: int,
    answer: int,
    action: int,
    found: Moves,
) -> None:
    after = bytearray(row)
    after[at] = after[at] & ~IN_STATE | state
    after[worker + OUTCOME] = answer
    found.append((act.move(action, one), close(after)))


def accidents(row: bytes, scene: Scene, design: Design, found: Moves) -> None:
    """A worker is killed, a day passes, a hold runs out, the agency meddles, a demand is too old."""
    spent = bytearray(row)
    spent[FAULTS] -= 1
    for worker in WORKERS:
        if row[worker + TASK]:
            after = bytearray(spent)
            after[worker : worker + 2] = b"\0\0"
            found.append((act.move(act.KILL, TASKS[row[worker + TASK]][0]), close(after)))
    if not row[DAYS]:
        found.append((act.move(act.DAY, 0), close(_tomorrow(bytearray(spent)))))
    for one, at in enumerate(PURCHASES):
        for place in (FIRST, SECOND):
            if row[at + place] & IN_STATE == P_HELD:
                after = bytearray(spent)
                after[at + place] = row[at + place] & ~IN_STATE | P_CANCELED
                found.append((act.move(act.HOLD_EXPIRED, one), close(after)))
                after = bytearray(spent)
                after[at + place] = row[at + place] & ~IN_STATE | P_CAPTURED | BY_SELLER
                found.append((act.move(act.SELLER_CAPTURED, one), close(after)))
    for demand, at in enumerate(DEMANDS):
        if row[at] == D_WAITING:
            after = bytearray(spent)
            refuse(after, scene, design, [demand])
            offer(after, scene, design)
            found.append((act.move(act.SWEPT, demand), close(after)))


def _tomorrow(row: bytearray) -> bytearray:
    row[DAYS] = 1
    for at in PURCHASES:
        if row[at + AGE] == TRIED:
            row[at + AGE] = TRIED_A_DAY_AGO
        for place in (FIRST, SECOND):
            if row[at + place]:
                row[at + place] |= KEY_GONE
    return row


def owners_and_deadlines(row: bytes, scene: Scene, design: Design, found: Moves) -> None:
    """A caller's patience may end, and each owner may switch off, once."""
    if scene.deadlines:
        for one in range(4):
            if one != BY_HAND and row[SPENDS + one] == S_WAITING:
                after = bytearray(row)
                after[SPENDS + one] = S_LATE
                found.append((act.move(act.ANSWER_BY, one), close(after)))
    if not scene.switches:
        return
    if row[SWITCHES] & AGENCY_BIT:
        after = bytearray(row)
        after[SWITCHES] &= ~AGENCY_BIT
        for one in (*AUTO, CLIENT):
            release_hold(after, scene, design, one)
        found.append((act.move(act.SWITCH_OFF, AUTO[0]), close(after)))
    if row[SWITCHES] & CLIENT_BIT and scene.needs[CLIENT]:
        after = bytearray(row)
        after[SWITCHES] &= ~CLIENT_BIT
        release_hold(after, scene, design, CLIENT)
        found.append((act.move(act.SWITCH_OFF, CLIENT), close(after)))
