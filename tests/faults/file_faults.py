"""Faults of files: who gets them, what they become, where they are kept."""

from tests.faults.fault import Fault

_FILES = "api/test_files.py::"
_THUMBS = "unit/files/test_thumbs.py::"
_PICTURES = "unit/files/test_pictures.py::"
_BUCKETS = "blobs/test_bucket_suites.py::"

FILE_FAULTS = (
    Fault(
        id="any-token-opens-protected-files",
        area="files",
        file="files/handing_out.py",
        right="if field.protected and not await",
        wrong="if field.protected and asking.caller.is_guest and not await",
        noticed_by=(_FILES + "test_protected_files_need_a_token_of_someone_who_may_view",),
        why="Every account could read every protected file whose name it learns.",
    ),
    Fault(
        id="waiting-requests-draw-again",
        area="files",
        file="files/thumbs.py",
        right="wanted = kept is None and key not in self._failed",
        wrong="wanted = key not in self._failed",
        noticed_by=(_THUMBS + "test_many_who_ask_at_once_share_one_drawing",),
        why="A gallery that opens for a hundred people would be drawn a hundred times.",
    ),
    Fault(
        id="a-thumbnail-outlives-its-picture",
        area="files",
        file="files/thumbs.py",
        right="            await self._still_wanted(found.key, key)\n",
        wrong="",
        noticed_by=(_THUMBS + "test_nothing_is_left_of_a_picture_that_goes_meanwhile",),
        why="A picture that somebody deleted would stay, small but to be recognised.",
    ),
    Fault(
        id="a-picture-of-any-size-is-unpacked",
        area="files",
        file="files/pictures.py",
        right="if image.width * image.height > PIXELS_MAX:",
        wrong="if image.width > PIXELS_MAX:",
        noticed_by=(
            "unit/files/test_pictures.py::test_a_picture_of_enormous_size_is_refused_by_its_head",
        ),
        why="An upload of 50 kB would take all memory of the machine.",
    ),
    Fault(
        id="a-smaller-picture-keeps-its-comment",
        area="files",
        file="files/pictures.py",
        right="    image.info.clear()  # Writers may put into the file what they find here.\n",
        wrong="",
        noticed_by=("unit/files/test_shrinking.py::test_nothing_but_the_picture_is_kept",),
        why="What the camera wrote about its owner would be published.",
    ),
    Fault(
        id="a-key-may-climb",
        area="files",
        file="blobs/safe_key.py",
        right='_SPECIAL = ("", ".", "..")',
        wrong='_SPECIAL = ("", ".")',
        noticed_by=(_BUCKETS + "TestLocalBucket::test_a_key_that_leads_elsewhere_finds_nothing",),
        why="A name could lead to any file of the machine.",
    ),
    Fault(
        id="the-last-of-many-writers-wins",
        area="files",
        file="blobs/objects/bucket.py",
        right='mode="create"',
        wrong='mode="overwrite"',
        noticed_by=(_BUCKETS + "TestGcsBucket::test_of_many_who_write_a_new_blob_one_succeeds",),
        why="Two writers would both believe that they were first.",
    ),
)
