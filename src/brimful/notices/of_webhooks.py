"""What is told of webhooks that do not arrive, once, to whoever they are for (R42).

Facts: ``host``, where they were to go; ``error``, what went wrong last, a stable word or "http_500".
"""

from collections.abc import Callable, Mapping

from brimful.notices.text import Facts, Text


def _failed(facts: Facts) -> Text:
    return Text(
        f"Webhooks to {facts['host']} do not arrive",
        f"A notice was sent again and again for three days and was given up ({facts['error']}). Others "
        "are still tried. What was given up is in the list of webhook deliveries and can be sent again.",
    )


def _disabled(facts: Facts) -> Text:
    return Text(
        f"Webhooks to {facts['host']} are switched off",
        "The receiver answered that it is gone for good (HTTP 410), so nothing more is sent to it. "
        "The endpoint can be switched on again.",
    )


KINDS_OF_WEBHOOKS: Mapping[str, Callable[[Facts], Text]] = {
    "webhook_failed": _failed,
    "webhook_disabled": _disabled,
}
