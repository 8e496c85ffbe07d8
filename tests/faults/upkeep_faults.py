"""Faults in upkeep: jobs, request logs, backups, free SQL."""

from tests.faults.fault import Fault

_CRONS = "unit/upkeep/test_crons.py::"
_QUEUE = "unit/upkeep/test_log_queue.py::"
_BACKUPS = "unit/upkeep/test_backups.py::"
_SWAP = "unit/app/test_data_swap.py::"
_CONSOLE = "stores/test_sqlite_console.py::"

UPKEEP_FAULTS = (
    Fault(
        id="jobs-run-beside-themselves",
        area="upkeep",
        file="upkeep/crons.py",
        right="if id in self._running:",
        wrong="if id is None:",
        noticed_by=(_CRONS + "test_a_job_never_runs_twice_at_once",),
        why="A slow backup would be joined by the next one, until the disk is full.",
    ),
    Fault(
        id="slept-minutes-are-forgotten",
        area="upkeep",
        file="upkeep/crons.py",
        right="first = max(seen + 1, now - CATCH_UP_MINUTES_MAX + 1)",
        wrong="first = now",
        noticed_by=(_CRONS + "test_minutes_that_were_slept_through_run_a_job_once",),
        why="A machine that sleeps at midnight would never be backed up.",
    ),
    Fault(
        id="tokens-of-addresses-are-kept",
        area="upkeep",
        file="upkeep/log_queue.py",
        right='if value and _SECRET_NAME.search(unquote(name, errors="replace")):',
        wrong="if value and _SECRET_NAME.fullmatch(value):",
        noticed_by=(_QUEUE + "test_values_of_secret_names_are_never_kept",),
        why="Whoever may read the logs could open everybody's protected files.",
    ),
    Fault(
        id="the-log-queue-has-no-end",
        area="upkeep",
        file="upkeep/log_queue.py",
        right="if len(waiting) >= WAITING_MAX:",
        wrong="if len(waiting) < 0:",
        noticed_by=(_QUEUE + "test_the_queue_has_an_end_and_counts_what_it_drops",),
        why="A slow disk would fill the memory of a busy server.",
    ),
    Fault(
        id="zips-may-write-elsewhere",
        area="upkeep",
        file="upkeep/backup_zip.py",
        right='any(part in ("", ".", "..") for part in parts)',
        wrong="any(part is None for part in parts)",
        noticed_by=(_BACKUPS + "test_what_is_not_whole_is_refused_before_anything_changes",),
        why="A zip that somebody sent could replace any file of the server's user.",
    ),
    Fault(
        id="backups-follow-the-writers",
        area="upkeep",
        file="stores/sqlite/snapshot.py",
        right='source.execute("BEGIN").fetchall()',
        wrong="assert source",
        noticed_by=(_BACKUPS + "test_a_copy_never_begins_anew",),
        why="Under steady writes the copy would begin anew for ever.",
    ),
    Fault(
        id="a-swap-forgets-where-it-was",
        area="upkeep",
        file="app/data_swap.py",
        right='state = self._write(_State("in", state.names))',
        wrong='state = _State("in", state.names)',
        noticed_by=(_SWAP + "test_a_crash_anywhere_leaves_the_old_or_leads_to_the_new",),
        why="A crash during a restore would end with the new data where the old is thrown away.",
    ),
    Fault(
        id="sql-leaves-list-items-behind",
        area="upkeep",
        file="stores/sqlite/by_hand.py",
        right="execute(table.side_statements(field)[1], (stamp,))",
        wrong="assert execute",
        noticed_by=(_CONSOLE + "test_a_write_counts_like_any_other",),
        why="Filters would find records by items that they no longer have.",
    ),
    Fault(
        id="sql-reaches-our-tables",
        area="upkeep",
        file="stores/sqlite/console.py",
        right='if (first or "").startswith(RESERVED_PREFIX) and inside is None:',
        wrong='if (first or "").startswith("\\0") and inside is None:',
        noticed_by=(_CONSOLE + "test_everything_else_is_refused_and_changes_nothing",),
        why="One careless DELETE would end replication, or unseal every secret.",
    ),
)
