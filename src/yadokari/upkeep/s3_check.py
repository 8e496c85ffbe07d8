"""Whether the S3 bucket of the application settings can be used: something is written and removed.

Not here: files themselves (files), backups (upkeep), how a bucket is opened (app).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from yadokari.base.errors import BadRequest, NotFound, YadokariError, invalid
from yadokari.base.json_text import JsonValue
from yadokari.base.problems import Problem, required
from yadokari.contract import messages
from yadokari.contract.codes import sentence_of
from yadokari.ports.bucket import BlobKey, Bucket
from yadokari.ports.entropy import Entropy
from yadokari.upkeep.app_settings import S3
from yadokari.upkeep.settings_keeper import SettingsKeeper

WAIT_S = 15  # Somebody sits before the dashboard.


class S3Check:
    """Tries the buckets that the settings name."""

    def __init__(
        self, *, keeper: SettingsKeeper, opening: Callable[[S3], Bucket], entropy: Entropy
    ) -> None:
        self._keeper, self._open, self._entropy = keeper, opening, entropy

    async def check(self, fields: Mapping[str, JsonValue]) -> None:
        """Write and remove a small blob in the bucket of ``fields["filesystem"]``.

        Raises:
            Invalid: that is no file system.
            BadRequest: it is not switched on, or cannot be used; the text says why.
        """
        s3 = self._named(fields.get("filesystem"))
        if not s3.enabled:
            raise BadRequest(f"{messages.S3_TEST_FAILED} S3 is not switched on.")
        key = BlobKey(f"yadokari_test_{self._entropy.bytes(5).hex()}/test.txt")
        bucket = self._open(s3)
        try:
            async with asyncio.timeout(WAIT_S):
                await bucket.put(key, b"test", content_type="text/plain", metadata={})
                await bucket.delete(key)
        except NotFound as error:
            raise BadRequest(f"{messages.S3_TEST_FAILED} There is no such bucket.") from error
        except TimeoutError as error:
            raise BadRequest(f"{messages.S3_TEST_FAILED} No answer in {WAIT_S} s.") from error
        except YadokariError as error:
            raise BadRequest(f"{messages.S3_TEST_FAILED} {error}") from error

    def _named(self, name: JsonValue) -> S3:
        if name is not None and not isinstance(name, str):
            raise BadRequest(messages.UNREADABLE)
        settings = self._keeper.current
        if name == "storage":
            return settings.s3
        if name == "backups":
            return settings.backups.s3
        code = "validation_in_invalid"
        problem = Problem(code, sentence_of(code)) if name else required()
        raise invalid(messages.S3_TEST_FAILED, {"filesystem": problem})
