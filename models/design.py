"""What is checked: the scenes, and the design, which is ours when it has none of its faults."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Who takes part and with how much. Amounts are small, in credits and packs.

    ``needs`` are the credits of the client's auto-billing, of the purchase by hand, and of the
    agency's two queries; 0 leaves one out. ``query`` is what the client's own query costs, ``pack``
    the credits in a pack of the supply, ``cap`` the most packs that the agency's owner allows, and
    ``slots`` how many auto-billings of the agency are followed.
    """

    name: str
    about: str
    needs: tuple[int, int, int, int]
    query: int = 0
    free: int = 0
    pack: int = 2
    cap: int = 2
    slots: int = 2
    budget: int
    # What an owner may do, and which deadlines may pass, at any instant.
    switches: bool = True
    deadlines: bool = True
    # Only when asked for by name: it takes minutes and gigabytes.
    long: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """Our design when all are false; each is a fault that a design of this kind can have."""

    capture_first: bool = False
    no_cancel: bool = False
    same_key_after_a_day: bool = False
    no_23_hour_rule: bool = False
    id_not_stored: bool = False
    grant_per_event: bool = False
    grant_without_reservation: bool = False
    grant_at_hold: bool = False
    timeout_is_failure: bool = False
    cap_outside: bool = False
    no_single_flight: bool = False
    no_compare_and_set: bool = False
    capture_not_committed: bool = False
    returned_at_decline: bool = False
    intent_reserves_nothing: bool = False
    waits_for_webhook: bool = False
    expiry_ignored: bool = False
    refund_though_secured: bool = False


OURS = Design()


SCENES = {
    scene.name: scene
    for scene in (
        Scene(
            name="one",
            about="one account's auto-billing for its two queries",
            needs=(0, 0, 1, 1),
            budget=3,
        ),
        Scene(
            name="capped",
            about="one account's auto-billing with a cap that leaves room for one of two queries",
            needs=(0, 0, 2, 2),
            cap=1,
            budget=2,
        ),
        Scene(
            name="alone",
            about="one auto-billing for one query, its owner does nothing",
            needs=(0, 0, 1, 0),
            budget=5,
            switches=False,
            deadlines=False,
        ),
        Scene(
            name="pair",
            about="a client's query buys at an agency that has to buy, too",
            needs=(2, 0, 0, 0),
            query=1,
            free=1,
            budget=2,
        ),
        Scene(
            name="held",
            about="one purchase by hand at an agency that has to buy, its owner does nothing",
            needs=(0, 2, 0, 0),
            free=1,
            budget=3,
            switches=False,
            deadlines=False,
        ),
        Scene(
            name="stocked",
            about="a purchase by hand and the agency's query compete for what the agency has",
            needs=(0, 2, 2, 0),
            free=2,
            budget=2,
        ),
        Scene(
            name="owners",
            about="two clients and the agency's query compete, and owners switch off",
            needs=(2, 2, 1, 0),
            query=1,
            free=1,
            budget=0,
        ),
        Scene(
            name="cascade",
            about="two clients and the agency's query compete, and things go wrong",
            needs=(2, 2, 1, 0),
            query=1,
            free=1,
            budget=1,
            switches=False,
        ),
        Scene(
            name="deep",
            about="as cascade, with patient callers and two accidents",
            needs=(2, 2, 1, 0),
            query=1,
            free=1,
            budget=2,
            switches=False,
            deadlines=False,
            long=True,
        ),
    )
}
