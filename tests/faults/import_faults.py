"""Faults in moving in from PocketBase, and in erasing people."""

from tests.faults.fault import Fault

_MOVED = "oracle/test_import_pocketbase.py::"
_ODD = "oracle/test_import_refusals.py::"
_FOREIGN = "stores/test_sqlite_foreign.py::"
_CANONICAL = "unit/importing/test_canonical.py::"
_ERASE = "unit/cli/test_erase.py::"
_FILE = "stores/test_sqlite_erasing.py::"

IMPORT = (
    Fault(
        id="rows-come-in-any-order",
        area="import",
        file="stores/sqlite/foreign.py",
        right="ORDER BY rowid LIMIT ?",
        wrong="ORDER BY rowid % 2, rowid LIMIT ?",
        noticed_by=(
            _ODD + "test_many_rows_come_in_their_order_and_odd_values_as_pocketbase_shows_them",
        ),
        why="Lists without a sort would be shuffled, and rows between two batches be lost.",
    ),
    Fault(
        id="the-write-ahead-log-is-left-behind",
        area="import",
        file="stores/sqlite/foreign.py",
        right="if any(_is_filled(path.with_name(path.name + suffix)) for suffix in _SIDE_FILES):",
        wrong="if not any((path, scratch)):",
        noticed_by=(_FOREIGN + "test_what_a_write_ahead_log_holds_is_read_from_a_copy",),
        why="The last records before a crash would be missing without a word.",
    ),
    Fault(
        id="a-folder-in-use-is-imported",
        area="import",
        file="stores/sqlite/foreign.py",
        right="_SHARED_MEMORY_LOCKS = (120, 9)",
        wrong="_SHARED_MEMORY_LOCKS = (20, 9)\n_FILE_LOCKS = (20, 9)",
        noticed_by=(_ODD + "test_a_folder_in_use_is_refused",),
        why="What PocketBase writes during the import would be lost.",
    ),
    Fault(
        id="odd-values-are-not-told",
        area="import",
        file="importing/canonical.py",
        right="findings.changed(NOT_AS_STORED,",
        wrong="str((NOT_AS_STORED,) and",
        noticed_by=(_CANONICAL + "test_what_does_not_fit_is_told",),
        why="A date that plain SQL wrote would change, and nobody would know.",
    ),
    Fault(
        id="types-of-files-are-lost",
        area="import",
        file="importing/files.py",
        right="content_type=info.content_type or PLAIN_TYPE,",
        wrong="content_type=PLAIN_TYPE,",
        noticed_by=("unit/importing/test_files.py::test_a_file_keeps_its_bytes_type_and_names",),
        why="Pictures would be downloaded instead of shown.",
    ),
    Fault(
        id="the-order-is-not-compared",
        area="import",
        file="importing/rows.py",
        right="if stored is None or stored.stamp <= stamp:",
        wrong="if stored is None or stored.stamp < 0:",
        noticed_by=("unit/importing/test_rows.py::test_a_store_that_changes_a_value_is_found_out",),
        why="A store that shuffles records would pass for a faithful one.",
    ),
    Fault(
        id="other-bytes-pass-for-the-same-file",
        area="import",
        file="importing/files.py",
        right="if read != written or not _is_same(here, there):",
        wrong="if not _is_same(here, there):",
        noticed_by=("unit/importing/test_files.py::test_a_file_that_is_not_the_same_is_found_out",),
        why="A damaged copy would be found when the original is gone.",
    ),
    Fault(
        id="a-failed-import-leaves-its-work",
        area="import",
        file="app/import_pocketbase.py",
        right="            with contextlib.suppress(OSError):\n                target.root.rmdir()",
        wrong="            target.root.touch()",
        noticed_by=(_ODD + "test_a_failed_import_leaves_the_target_as_it_was",),
        why="The next try would find a folder that is not empty.",
    ),
    Fault(
        id="token-secrets-are-drawn-anew",
        area="import",
        file="importing/definitions.py",
        right='{**decode_object(_text(row["options"]).encode()), **wire}',
        wrong="{**wire}",
        noticed_by=(_MOVED + "test_tokens_of_either_server_are_good_on_the_other",),
        why="Everybody would be signed out by the move.",
    ),
)
ERASING = (
    Fault(
        id="images-of-the-erased-stay",
        area="erasing",
        file="stores/sqlite/erasing.py",
        right="if count and not dry_run:",
        wrong="if count and dry_run:",
        noticed_by=(_FILE + "test_a_deleted_row_is_nowhere_in_the_files",),
        why="The change log would still hold the person's record.",
    ),
    Fault(
        id="free-pages-keep-the-erased",
        area="erasing",
        file="stores/sqlite/erasing.py",
        right='connection.execute("VACUUM").fetchall()',
        wrong="connection.cache_flush()",
        noticed_by=(_FILE + "test_a_deleted_row_is_nowhere_in_the_files",),
        why="Whoever reads the file's bytes would still find the person.",
    ),
    Fault(
        id="the-wal-keeps-the-erased",
        area="erasing",
        file="stores/sqlite/erasing.py",
        right="mode=apsw.SQLITE_CHECKPOINT_TRUNCATE",
        wrong="mode=apsw.SQLITE_CHECKPOINT_PASSIVE",
        noticed_by=(_ERASE + "test_the_address_is_gone_when_nobody_else_holds_it",),
        why="The old pages would lie in the write-ahead log for days.",
    ),
    Fault(
        id="a-dry-run-erases",
        area="erasing",
        file="upkeep/erasing.py",
        right="            if dry_run:\n                raise _Undo",
        wrong="            if not id:\n                raise _Undo",
        noticed_by=(_ERASE + "test_a_dry_run_tells_the_same_and_changes_nothing",),
        why="Somebody who only looked would have erased a person.",
    ),
    Fault(
        id="claims-go-with-the-answers",
        area="erasing",
        file="upkeep/idempotency.py",
        right="await transaction.put(emptied, expected=row.version)",
        wrong="await transaction.remove(row) if emptied else None",
        noticed_by=(_ERASE + "test_a_claim_outlives_the_answer_that_is_erased",),
        why="A client that sends its write again would bring the person back.",
    ),
)
IMPORT_FAULTS = (*IMPORT, *ERASING)
