"""When a certificate is asked for: renewal before its end, longer waits after each failure.

Q3  A certificate is renewed when 30 days are left of it, or a third of its life if that is less;
    somewhat earlier by chance, so that servers set up together do not ask together.
Q4  After a failure the wait doubles, from minutes to hours. Authorities allow five failures an
    hour for a name: waits of 5, 10, 20 and 40 minutes stay below.

Not here: asking (app/certificate_keeper.py).
"""

from __future__ import annotations

from yadokari.ports.entropy import Entropy

DAY_MS = 24 * 3_600 * 1_000
RENEW_BEFORE_MS = 30 * DAY_MS
RETRY_MIN_MS = 5 * 60 * 1_000
RETRY_MAX_MS = 6 * 3_600 * 1_000  # Four chances a day, for a month, before the site goes dark.
_SPREAD = 30  # The chance part is at most a thirtieth of the life: 3 days of 90.


def renewal_ms(*, begins_ms: int, ends_ms: int, entropy: Entropy) -> int:
    """When to renew a certificate with this life (Q3); all times in Unix milliseconds."""
    life_ms = max(ends_ms - begins_ms, 0)
    before_ms = min(RENEW_BEFORE_MS, life_ms // 3)
    return ends_ms - before_ms - entropy.below(life_ms // _SPREAD + 1)


def retry_ms(failures: int) -> int:
    """How long to wait after so many failures in a row (Q4), in milliseconds."""
    assert failures > 0
    doublings = min(failures - 1, RETRY_MAX_MS.bit_length())
    return min(RETRY_MIN_MS << doublings, RETRY_MAX_MS)
