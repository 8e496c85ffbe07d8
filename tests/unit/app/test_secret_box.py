"""Which secret seals stored values: the given one, or the one kept in the data folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from yadokari.app.build import secret_box
from yadokari.app.log_lines import REDACTED, Redactor
from yadokari.app.parts import Surroundings
from yadokari.app.settings import read_settings
from yadokari.app.system_clock import SystemClock, SystemEntropy
from yadokari.auth.secret_key import SecretKeyError, Unsealable
from yadokari.base.log import SilentLog

OUTSIDE = "from-outside-" + "o" * 30
NEWER = "newer-" + "n" * 30


def surroundings(folder: Path, **variables: str) -> Surroundings:
    """Of a run with these variables."""
    return Surroundings(
        settings=read_settings({"dir": str(folder)}, variables, on_terminal=False),
        clock=SystemClock(),
        entropy=SystemEntropy(),
        log=SilentLog(),
        redactor=Redactor(),
    )


def test_development_needs_no_secret(tmp_path: Path):
    """One is made, once, and used again."""
    sealed = secret_box(surroundings(tmp_path)).seal("x", context="c")

    assert secret_box(surroundings(tmp_path)).open(sealed, context="c") == "x"


def test_after_a_secret_is_given_the_kept_one_still_opens(tmp_path: Path):
    """Going into production must not lose what development stored."""
    sealed = secret_box(surroundings(tmp_path)).seal("x", context="c")

    box = secret_box(surroundings(tmp_path, SECRET_KEY=OUTSIDE))

    assert box.open(sealed, context="c") == "x"
    assert not box.is_current(sealed)


def test_a_rotated_secret_opens_what_the_former_one_sealed(tmp_path: Path):
    """SECRET_KEY_PREVIOUS is for that, and without it there is an error, not rubbish."""
    sealed = secret_box(surroundings(tmp_path, SECRET_KEY=OUTSIDE)).seal("x", context="c")

    rotated = surroundings(tmp_path, SECRET_KEY=NEWER, SECRET_KEY_PREVIOUS=f"{OUTSIDE},{NEWER}")

    assert secret_box(rotated).open(sealed, context="c") == "x"
    with pytest.raises(Unsealable, match="SECRET_KEY_PREVIOUS"):
        secret_box(surroundings(tmp_path, SECRET_KEY=NEWER)).open(sealed, context="c")


def test_a_short_secret_stops_the_start(tmp_path: Path):
    """Also a former one: it would be guessed as easily."""
    with pytest.raises(SecretKeyError, match="SECRET_KEY has 5"):
        secret_box(surroundings(tmp_path, SECRET_KEY="short"))


def test_secrets_read_from_files_are_hidden_from_the_log(tmp_path: Path):
    """What a reference leads to is as secret as what stands in the variable."""
    (tmp_path / "key").write_text(OUTSIDE + "\n")
    given = surroundings(tmp_path, SECRET_KEY=f"file:{tmp_path}/key")

    secret_box(given)

    assert given.redactor.clean_text(f"it is {OUTSIDE}") == f"it is {REDACTED}"
