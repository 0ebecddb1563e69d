"""Receivers that keep silent do so until they are told to answer, however slow the machine."""

from datetime import timedelta

import pytest

from brimful.domain import webhook
from brimful.effects.http_post import Poster


@pytest.fixture(autouse=True)
def patient_posters(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is sent waits for its answer, and no endpoint is sent to again by itself meanwhile."""
    monkeypatch.setitem(Poster.__init__.__kwdefaults__, "timeout_s", 60.0)
    monkeypatch.setattr(webhook, "REST", timedelta(seconds=100))
