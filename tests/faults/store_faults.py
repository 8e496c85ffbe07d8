"""Faults in the store: the change log, group commit, savepoints, versions."""

from tests.faults.fault import Fault

_SUITE = "stores/test_sqlite_suite.py::TestSqliteStore::"
_CONCURRENCY = "stores/test_sqlite_concurrency.py::"
_LONG_READS = "stores/test_sqlite_long_reads.py::"
_PLACES = "unit/stores_sql/test_places.py::"
_FILE = "stores/test_sqlite_file.py::"

READS = (
    Fault(
        id="a-page-is-taken-for-all-of-it",
        area="store",
        file="stores/sqlite/reads.py",
        right="return Counted(table.rows([raw[:-1] for raw in raws]), total)",
        wrong="return Counted(table.rows([raw[:-1] for raw in raws]), len(raws))",
        noticed_by=(_LONG_READS + "test_a_long_count_of_few_rows_comes_with_their_page",),
        why="Clients would stop after the first page.",
    ),
    Fault(
        id="every-second-long-read-begins-on-the-loop",
        area="store",
        file="stores/sqlite/reader.py",
        right="job.query.long = watch.slices > 0",
        wrong="job.query.long = watch.slices > 1",
        noticed_by=(_LONG_READS + "test_a_statement_just_above_the_limit_stays_in_the_thread",),
        why="All other requests would wait for it, again and again.",
    ),
    Fault(
        id="lists-show-what-sqlite-stores",
        area="store",
        file="stores/sqlite/table.py",
        right="columns[place] = read(columns[place])",
        wrong="assert read",
        noticed_by=(
            "unit/stores_sql/test_rows_by_columns.py::test_many_rows_are_read_as_each_of_them_is",
        ),
        why="A list would show 1 where the record itself shows true.",
    ),
    Fault(
        id="pages-are-joined-in-any-order",
        area="store",
        file="stores/sqlite/dialect.py",
        right='sql("({}) p CROSS JOIN {} t ON {} = p.k", keys, Sql(table), Sql(key))',
        wrong='sql("{} t CROSS JOIN ({}) p ON {} = p.k", Sql(table), keys, Sql(key))',
        noticed_by=(_PLACES + "test_a_page_is_in_order_although_its_rows_are_read_afterwards",),
        why="A page would hold the right records in the order of the table.",
    ),
)
CHANGE_LOG = (
    Fault(
        id="updates-leave-no-entry",
        area="change log",
        file="stores/sqlite/transaction.py",
        right='self._note("update", table, before, after, version)',
        wrong="assert version",
        noticed_by=(_SUITE + "test_every_write_adds_one_entry_in_commit_order",),
        why="Realtime, replication and moves would never hear of the change.",
    ),
    Fault(
        id="hashes-are-in-the-log",
        area="change log",
        file="stores/sqlite/log.py",
        right="return isinstance(field, PasswordField) or",
        wrong="return",
        noticed_by=(_SUITE + "test_a_delete_keeps_the_row_without_secrets",),
        why="Password hashes would leave the table, into logs and other databases.",
    ),
    Fault(
        id="token-keys-are-in-the-log",
        area="change log",
        file="stores/sqlite/log.py",
        right='"tokenKey"',
        wrong='"token"',
        noticed_by=(_SUITE + "test_a_delete_keeps_the_row_without_secrets",),
        why="Whoever reads the log could sign tokens.",
    ),
    Fault(
        id="images-of-updates-are-in-the-log",
        area="change log",
        file="stores/sqlite/log.py",
        right='before_image(entry) if entry.op == "delete" else None',
        wrong="before_image(entry) if entry.before else None",
        noticed_by=(_SUITE + "test_no_entry_carries_secrets",),
        why="The log would grow with whole rows, and keep what was overwritten.",
    ),
    Fault(
        id="deletes-leave-no-image",
        area="change log",
        file="stores/sqlite/log.py",
        right='before_image(entry) if entry.op == "delete" else None',
        wrong='before_image(entry) if entry.op == "" else None',
        noticed_by=(_SUITE + "test_a_delete_keeps_the_row_without_secrets",),
        why="Other processes could not judge who may hear of a deletion.",
    ),
    Fault(
        id="the-log-is-read-backwards",
        area="change log",
        file="stores/sqlite/log.py",
        right="ORDER BY position LIMIT",
        wrong="ORDER BY position DESC LIMIT",
        noticed_by=(
            _SUITE + "test_every_write_adds_one_entry_in_commit_order",
            _SUITE + "test_reading_goes_on_where_it_stopped",
        ),
        why="A follower would apply the older value last.",
    ),
    Fault(
        id="entries-of-an-undone-savepoint-stay",
        area="change log",
        file="stores/sqlite/transaction.py",
        right="del self.entries[entries:]",
        wrong="assert entries >= 0",
        noticed_by=(_SUITE + "test_a_savepoint_is_undone_alone",),
        why="Followers would make records that do not exist.",
    ),
    Fault(
        id="entries-of-a-failed-unit-stay",
        area="change log",
        file="stores/sqlite/writer.py",
        right="unit.entries.clear()",
        wrong="assert unit.over",
        noticed_by=(_CONCURRENCY + "test_the_log_never_tells_of_a_unit_that_failed",),
        why="The same, whenever a unit failed beside a good one.",
    ),
    Fault(
        id="system-rows-are-in-the-log",
        area="change log",
        file="stores/sqlite/transaction.py",
        right="if not table.collection.name.startswith(RESERVED_PREFIX):",
        wrong="if table.collection.name:",
        noticed_by=(_FILE + "test_reserved_collections_write_no_log",),
        why="Settings and their sealed secrets would be followed as records.",
    ),
)

STORE = (
    Fault(
        id="answers-leave-before-the-commit",
        area="store",
        file="stores/sqlite/writer.py",
        right="await self._join(unit)\n            return Committed(",
        wrong=(
            "self._join(unit).add_done_callback(asyncio.Future.exception)\n"
            "            return Committed("
        ),
        noticed_by=(
            _CONCURRENCY + "test_every_answer_of_a_group_leaves_after_its_commit",
            _CONCURRENCY + "test_a_failing_commit_fails_its_whole_group",
        ),
        why="A power cut would lose a write that somebody was told is done.",
    ),
    Fault(
        id="refusals-leave-before-the-commit",
        area="store",
        file="stores/sqlite/writer.py",
        right="await self._join(unit)\n            raise",
        wrong="self._members.append(unit)\n            raise",
        noticed_by=(_CONCURRENCY + "test_every_answer_of_a_group_leaves_after_its_commit",),
        why="'Already taken' would be told of a record that is then lost.",
    ),
    Fault(
        id="failed-units-are-not-undone",
        area="store",
        file="stores/sqlite/writer.py",
        right='self.execute("ROLLBACK TO unit")',
        wrong="assert unit.over",
        noticed_by=(_SUITE + "test_units_at_once_do_not_harm_each_other",),
        why="Half of a refused request would be stored with its neighbour's commit.",
    ),
    Fault(
        id="units-of-a-group-have-no-savepoint",
        area="store",
        file="stores/sqlite/transaction.py",
        right="if self._group.dirty:",
        wrong="if not self._group.connection.in_transaction:",
        noticed_by=(_SUITE + "test_units_at_once_do_not_harm_each_other",),
        why="One refused write would take its neighbours back, after they were done.",
    ),
    Fault(
        id="savepoints-are-not-undone",
        area="store",
        file="stores/sqlite/transaction.py",
        right='self._execute(f"ROLLBACK TO {name}")',
        wrong="assert name",
        noticed_by=(_SUITE + "test_a_savepoint_is_undone_alone",),
        why="A failed part of a unit would stay in the tables.",
    ),
    Fault(
        id="versions-are-not-compared",
        area="store",
        file="stores/sqlite/transaction.py",
        right="if row.version != version:",
        wrong="if not row.version:",
        noticed_by=(_SUITE + "test_writing_over_another_version_is_refused",),
        why="Of two changes at once one would be lost without a word.",
    ),
    Fault(
        id="a-failed-commit-keeps-its-schema",
        area="store",
        file="stores/sqlite/writer.py",
        right="self.schema = self._committed_schema\n",
        wrong="self._committed_schema = self.schema\n",
        noticed_by=(_CONCURRENCY + "test_a_failing_commit_takes_the_schema_back",),
        why="The schema in force would speak of tables that are not there.",
    ),
    Fault(
        id="list-items-outlive-their-record",
        area="store",
        file="stores/sqlite/transaction.py",
        right="self._execute(table.side_statements(field)[1], (before.stamp,))",
        wrong="assert before.stamp",
        noticed_by=(_FILE + "test_no_list_item_outlives_its_record",),
        why="A later record with that stamp would be found by items of a dead one.",
    ),
    Fault(
        id="unique-conflicts-name-no-field",
        area="store",
        file="stores/sqlite/transaction.py",
        right="raise conflict_of(exc, collection) or translated(exc) from exc",
        wrong="raise translated(exc) from exc",
        noticed_by=(_SUITE + "test_a_unique_violation_names_every_column_of_the_index",),
        why="A form could not show which value is taken.",
    ),
)

STORE_FAULTS = (*READS, *CHANGE_LOG, *STORE)
