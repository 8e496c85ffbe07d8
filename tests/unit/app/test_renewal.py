"""When certificates are renewed, and how failures are waited out."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from yadokari.app.renewal import (
    DAY_MS,
    RETRY_MAX_MS,
    RETRY_MIN_MS,
    renewal_ms,
    retry_ms,
)
from yadokari.testing.fake_entropy import FakeEntropy

HOUR_MS = 3_600_000


@given(st.integers(min_value=0))
def test_ninety_days_are_renewed_a_month_before_their_end(seed: int):
    """Q3: early enough for a month of failures, and not all servers at once."""
    ends_ms = 90 * DAY_MS

    left_ms = ends_ms - renewal_ms(begins_ms=0, ends_ms=ends_ms, entropy=FakeEntropy(seed=seed))

    assert 30 * DAY_MS <= left_ms <= 33 * DAY_MS


def test_chance_spreads_renewals():
    """Q3: a thousand servers of one hour must not ask in one hour."""
    times = {
        renewal_ms(begins_ms=0, ends_ms=90 * DAY_MS, entropy=FakeEntropy(seed=seed)) // HOUR_MS
        for seed in range(100)
    }

    assert len(times) > 30


@given(st.integers(min_value=0, max_value=400 * DAY_MS), st.integers(min_value=0))
def test_short_lives_are_not_renewed_at_once(life_ms: int, seed: int):
    """Q3: a certificate of six days would otherwise be asked for again and again."""
    due_ms = renewal_ms(begins_ms=0, ends_ms=life_ms, entropy=FakeEntropy(seed=seed))

    assert life_ms * 0.6 - 1 <= due_ms <= life_ms


def test_a_certificate_that_ends_before_it_begins_is_due():
    """A file from nowhere must not stop the server."""
    assert renewal_ms(begins_ms=1_000, ends_ms=0, entropy=FakeEntropy()) == 0


def test_waits_double_from_minutes_to_hours():
    """Q4: five failures an hour are allowed, and a mended name is served the same day."""
    waits_ms = [retry_ms(failures) for failures in range(1, 10)]

    assert waits_ms[0] == RETRY_MIN_MS
    assert all(late == min(2 * early, RETRY_MAX_MS) for early, late in pairwise(waits_ms))
    assert sum(waits_ms[:3]) < HOUR_MS <= sum(waits_ms[:4])
    assert retry_ms(10_000) == RETRY_MAX_MS
