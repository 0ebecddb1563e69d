"""Every move that is possible in a state: workers, the gateway, callers, owners, accidents.

Two workers, which are alike, each with what it remembers: the call it is about to make and the answer
it has. What a worker remembers is lost when it is killed; the rows stay. A worker reads a purchase
when it takes it up and may be arbitrarily slow afterwards, so what it does then may be stale.
"""

from models import actions as act
from models.accidents import accidents, at_the_call, owners_and_deadlines
from models.design import Design, Scene
from models.gateway import execute
from models.layout import (
    AGE,
    AGENCY,
    AGENCY_BIT,
    BY_HAND,
    C_CAPTURED,
    CANCEL,
    CANCELING,
    CAPTURE,
    CAPTURING,
    CHARGE_STATE,
    CLIENT,
    CLIENT_BIT,
    CONFIRM,
    CREATE,
    CREATED,
    D_ABANDONED,
    D_CONSUMED,
    D_MET,
    DEMANDS,
    EVENT,
    FAULTS,
    FIRST,
    FREE_AGENCY,
    GRANTED,
    IN_STATE,
    LATE,
    LATE_REQUESTS,
    LENGTH,
    LOOK_UP,
    MONEY_VERBS,
    NOT_SENT,
    O_CREATED,
    O_CREATED_2,
    O_UNKNOWN,
    OPEN,
    OUTCOME,
    P_CREATED,
    PAYMENT,
    PLAN,
    PLANNED,
    PURCHASES,
    REFUND,
    S_ABANDONED,
    S_DONE,
    S_LATE,
    S_NOT_ASKED,
    S_REFUSED,
    S_TOLD,
    S_WAITING,
    SPENDS,
    SWITCHES,
    TASK,
    TASKS,
    TRIED,
    TRIED_A_DAY_AGO,
    WAITING,
    WORKERS,
    WRONG,
    close,
    task,
)
from models.planning import (
    admit,
    can_furnish,
    client_may_buy,
    is_at_gateway,
    plan_agency,
    plan_client,
)
from models.purchases import deliver, fail, give_up, let_waiters_go, open_intent, record
from models.stock import ASKING, end, offer, register, waiting
from models.wrong import SENT_TOO_LATE

Moves = list[tuple[int, bytes]]
_BEFORE = {
    CREATE: act.BEFORE_CREATE,
    CONFIRM: act.BEFORE_CONFIRM,
    CAPTURE: act.BEFORE_CAPTURE,
    CANCEL: act.BEFORE_CANCEL,
    REFUND: act.BEFORE_REFUND,
    LOOK_UP: act.LOOKED_UP,
}
_ONE, _OTHER = WORKERS


def first_row(scene: Scene, budget: int) -> bytes:
    """Where a scene begins: nothing has been asked for, everybody's auto-billing is on."""
    row = bytearray(LENGTH)
    row[FAULTS], row[FREE_AGENCY] = budget, scene.free
    row[SWITCHES] = CLIENT_BIT | AGENCY_BIT
    return bytes(row)


class Checker:
    """All moves of a scene under a design."""

    def __init__(self, scene: Scene, design: Design) -> None:
        self.scene, self.design = scene, design

    def moves(self, row: bytes) -> Moves:
        """Every move from a state, with the state after it."""
        found: Moves = []
        self._operations(row, found)
        for worker in WORKERS:
            other = _OTHER if worker == _ONE else _ONE
            if row[worker] == 0:
                if worker == _ONE or row[other]:
                    self._idle(row, worker, other, found)
            elif row[worker + OUTCOME] == NOT_SENT:
                self._about_to(row, worker, found)
            else:
                self._heard(row, worker, found)
        self._late(row, found)
        owners_and_deadlines(row, self.scene, self.design, found)
        if row[FAULTS]:
            accidents(row, self.scene, self.design, found)
        return found

    # --- Callers -----------------------------------------------------------------------------------

    def _operations(self, row: bytes, found: Moves) -> None:
        for one, need in enumerate(self.scene.needs):
            if need and row[SPENDS + one] == S_NOT_ASKED:
                after = bytearray(row)
                self._arrive(after, one)
                found.append((act.move(act.DEMAND_REGISTERED, one), close(after)))
            elif row[SPENDS + one] == S_LATE and one != BY_HAND:
                after = bytearray(row)
                self._abandon(after, one)
                found.append((act.move(act.ABANDON_SPEND, one), close(after)))

    def _arrive(self, row: bytearray, one: int) -> None:
        """A caller asks: served at once, refused where the chain cannot succeed, or registered."""
        need = self.scene.needs[one]
        if one == CLIENT:
            ok = client_may_buy(row) and can_furnish(row, self.scene, need)
            row[SPENDS] = S_WAITING if ok else S_REFUSED
        elif one == BY_HAND:
            ok = can_furnish(row, self.scene, need)
            row[SPENDS + one] = S_DONE if ok else S_REFUSED
            if ok:
                open_intent(row, self.scene, self.design, BY_HAND)
        elif row[FREE_AGENCY] >= need:
            row[FREE_AGENCY] -= need
            row[SPENDS + one], row[DEMANDS[one]] = S_DONE, D_CONSUMED
        elif not waiting(row) and not can_furnish(row, self.scene, need):
            row[SPENDS + one] = S_REFUSED
        else:
            row[SPENDS + one] = S_WAITING
            register(row, self.scene, self.design, one)

    def _abandon(self, row: bytearray, one: int) -> None:
        """The caller hears "pending"; by compare-and-set its spend is not debited any more (R20)."""
        if self.design.no_compare_and_set:
            row[SPENDS + one] = S_TOLD
            return
        row[SPENDS + one] = S_ABANDONED
        if one != CLIENT:
            end(row, one, D_ABANDONED)
            offer(row, self.scene, self.design)

    # --- Workers -----------------------------------------------------------------------------------

    def _idle(self, row: bytes, worker: int, other: int, found: Moves) -> None:
        if row[SPENDS] in ASKING and row[PURCHASES[CLIENT]] not in OPEN:
            self._take(row, worker, PLAN, CLIENT, act.BEFORE_PLAN, found)
        if waiting(row) and (self.design.no_single_flight or not is_at_gateway(row)):
            self._take(row, worker, PLAN, AGENCY, act.BEFORE_PLAN, found)
        driven = TASKS[row[other]] if row[other] else (PLAN, 0, 0)
        for purchase, at in enumerate(PURCHASES):
            if row[at] not in OPEN:
                continue
            if driven[1] == purchase and driven[0] <= LOOK_UP:
                if row[FAULTS]:
                    busy = bytearray(row)
                    busy[FAULTS] -= 1
                    self._drive(bytes(busy), worker, purchase, found, act.LEASE_RAN_OUT)
            else:
                self._drive(row, worker, purchase, found, None)
            if row[at + PAYMENT]:
                self._webhook(row, worker, purchase, found)

    def _take(
        self, row: bytes, worker: int, verb: int, one: int, action: int, found: Moves
    ) -> None:
        """A worker takes something up. In the faulty designs it decides already now."""
        after = bytearray(row)
        after[worker + TASK] = task(verb, one, after[PURCHASES[one] + PAYMENT] or 1)
        if verb == PLAN:
            after[worker + TASK] = task(PLAN, one)
            if one == AGENCY and (self.design.cap_outside or self.design.no_single_flight):
                packs, _, refused = admit(row, self.scene)
                after[worker + OUTCOME] = 0 if refused else packs
                after[worker + TASK] = task(PLAN, one, 2)
        found.append((act.move(action, one), close(after)))

    def _drive(
        self, row: bytes, worker: int, one: int, found: Moves, action: int | None
    ) -> None:  # fmt: skip
        """The one call that a purchase's state asks for (``effects/drive.py``)."""
        at = PURCHASES[one]
        state, old = row[at], row[at + AGE] == TRIED_A_DAY_AGO and not self.design.no_23_hour_rule
        if state == PLANNED and old and not self.design.same_key_after_a_day:
            after = bytearray(row)
            give_up(after, self.scene, self.design, one)
            found.append((act.move(act.TOO_LATE, one), close(after)))
        elif self.design.waits_for_webhook and row[at + AGE] == TRIED:
            return
        elif state == CANCELING:
            self._drive_canceling(row, worker, one, found, action)
        elif state == WAITING:
            if self.design.capture_not_committed and row[DEMANDS[one]] == D_MET:
                self._take(row, worker, CAPTURE, one, act.BEFORE_CAPTURE, found)
        else:
            verb = {PLANNED: CREATE, CREATED: LOOK_UP, CAPTURING: LOOK_UP if old else CAPTURE}[
                state
            ]
            self._take(row, worker, verb, one, action or _BEFORE[verb], found)

    def _drive_canceling(
        self, row: bytes, worker: int, one: int, found: Moves, action: int | None
    ) -> None:
        after = bytearray(row)
        let_waiters_go(after, self.scene, self.design, one)
        at = PURCHASES[one]
        if after[at + PAYMENT] == 0:
            fail(after, self.scene, self.design, one)
            found.append((act.move(act.FAIL_UNCHARGED, one), close(after)))
            return
        # Given back is only what cannot be delivered: with its stock still reserved, it is.
        secured = row[DEMANDS[one]] == D_MET and not self.design.refund_though_secured
        taken = after[at + CHARGE_STATE] == C_CAPTURED
        verb = REFUND if taken and not secured else CANCEL
        self._take(bytes(after), worker, verb, one, action or _BEFORE[verb], found)

    def _webhook(self, row: bytes, worker: int, one: int, found: Moves) -> None:
        """An event about a payment may come at any time, any number of times, in any order: what
        counts is the payment read afresh (R45)."""
        payment = row[PURCHASES[one] + PAYMENT]
        if row[PURCHASES[one] + FIRST + payment - 1] & IN_STATE <= P_CREATED:
            return
        after = bytearray(row)
        after[worker + TASK] = task(EVENT, one, payment)
        after[worker + OUTCOME] = execute(after, self.design, EVENT, one, payment)
        found.append((act.move(act.WEBHOOK, one), close(after)))

    def _about_to(self, row: bytes, worker: int, found: Moves) -> None:
        verb, one, payment = TASKS[row[worker + TASK]]
        if verb == PLAN:
            self._plan(row, worker, one, 0, found)
            return
        at = PURCHASES[one]
        base = bytearray(row)
        if verb in MONEY_VERBS:
            if row[at + AGE] == TRIED_A_DAY_AGO:
                if self.design.no_23_hour_rule:
                    base[WRONG] = SENT_TOO_LATE
                elif not self.design.same_key_after_a_day:
                    base[worker : worker + 2] = b"\0\0"
                    found.append((act.move(act.TOO_LATE, one), close(base)))
                    return
            elif row[at] in OPEN:
                base[at + AGE] = TRIED
        after = bytearray(base)
        outcome = execute(after, self.design, verb, one, payment)
        if verb == LOOK_UP and outcome == O_CREATED and row[at] == CREATED:
            outcome = O_CREATED if payment == 1 else O_CREATED_2
            if row[at + AGE] != TRIED_A_DAY_AGO or self.design.no_23_hour_rule:
                # Nobody has confirmed it yet: this worker goes on to do so.
                after[worker + TASK], outcome = task(CONFIRM, one, payment), NOT_SENT
                found.append((act.move(act.BEFORE_CONFIRM, one), close(after)))
                at_the_call(row, bytes(base), worker, self.design, found)
                return
        after[worker + OUTCOME] = outcome
        found.append((act.move(act.ANSWER, one), close(after)))
        at_the_call(row, bytes(base), worker, self.design, found)

    def _plan(self, row: bytes, worker: int, one: int, decided: int, found: Moves) -> None:
        after = bytearray(row)
        after[worker : worker + 2] = b"\0\0"
        if one == AGENCY:
            plan_agency(after, self.scene, self.design, decided)
        else:
            plan_client(after, self.scene, self.design)
        found.append((act.move(act.INTENT_COMMITTED, one), close(after)))

    def _heard(self, row: bytes, worker: int, found: Moves) -> None:
        verb, one, payment = TASKS[row[worker + TASK]]
        outcome = row[worker + OUTCOME]
        if verb == PLAN:
            self._plan(row, worker, one, outcome, found)
            return
        after = bytearray(row)
        after[worker : worker + 2] = b"\0\0"
        if outcome == O_UNKNOWN:
            self._unknown(row, after, one, found)
            return
        if verb == EVENT and self.design.grant_per_event and after[PURCHASES[one] + GRANTED] == 1:
            deliver(after, self.scene, self.design, one)
        elif record(after, self.scene, self.design, one, outcome, payment):
            # The id is stored, and this very worker goes on.
            after[worker + TASK] = task(CONFIRM, one, 1 if outcome == O_CREATED else 2)
            found.append((act.move(act.BEFORE_CONFIRM, one), close(after)))
            return
        found.append((act.move(act.RECORD, one), close(after)))

    def _unknown(self, row: bytes, after: bytearray, one: int, found: Moves) -> None:
        """No answer is neither done nor failed: tried again, or after some tries given up (R22)."""
        if self.design.timeout_is_failure:
            if after[PURCHASES[one]] in OPEN:
                fail(after, self.scene, self.design, one)
            found.append((act.move(act.RECORD, one), close(after)))
            return
        found.append((act.move(act.NOTE_TRY, one), close(bytearray(after))))
        if self.design.same_key_after_a_day:
            return
        if after[PURCHASES[one]] in (PLANNED, CREATED):
            give_up(after, self.scene, self.design, one)
            found.append((act.move(act.GIVE_UP, one), close(after)))

    def _late(self, row: bytes, found: Moves) -> None:
        """Requests that were late arrive whenever they like; nobody hears the answer."""
        for one, at in enumerate(PURCHASES):
            if not row[at + LATE]:
                continue
            for verb, payment, bit in LATE_REQUESTS:
                if row[at + LATE] & bit:
                    after = bytearray(row)
                    after[at + LATE] &= ~bit
                    execute(after, self.design, verb, one, payment)
                    found.append((act.move(act.LATE_REQUEST, one), close(after)))
