"""Files of a view's rows: the record that they were uploaded to.

VF1  A view's file column leads to the collection whose column it is, through other views too; the
     record there is the one that holds the file's name.
VF2  Who may have the file was judged on the view's row; nothing is judged again here.
"""

from __future__ import annotations

from yadokari.base.errors import BadRequest
from yadokari.ports.store import Row, Store
from yadokari.records.plans import Plans
from yadokari.rules.bind import RequestContext
from yadokari.schema.collection import Collection
from yadokari.schema.fields import FileField, Value, is_list

VIEWS_DEEP_MAX = 6  # PocketBase's: a view over a view, and five more below it.
_NO_CONTEXT = RequestContext()


class Origins:
    """Finds what a view's files belong to."""

    def __init__(self, *, store: Store, plans: Plans) -> None:
        self._store, self._plans = store, plans

    async def of(self, view: Collection, row: Row, field: str, name: str) -> Row | None:
        """The record that holds the file which a view's row shows (VF1), None when none does.

        Args:
            field: Of the view.
            name: Of the file.
        """
        found = self._column(view, field)
        if found is None:
            return None
        collection, column = found
        # Most views hand the id of their record on; other rows are looked for by the name.
        same = (await self._store.get(collection, (row.id,))).get(row.id)
        if same is not None and holds(same.values[column.name], name):
            return same
        operand = f"{column.name}:each" if is_list(column) else column.name
        quoted = name.replace("\\", "\\\\").replace("'", "\\'")
        bound = self._plans.query(
            collection,
            (),
            caller=None,
            context=_NO_CONTEXT,
            filter=f"{operand} ?= '{quoted}'",
            restricted=False,
        )
        return await self._store.first(bound.plan, bound.binding)

    def _column(self, view: Collection, field: str) -> tuple[Collection, FileField] | None:
        """The collection and the field that a view's column comes from."""
        collection = view
        for _ in range(VIEWS_DEEP_MAX):
            try:
                columns = self._store.view_columns(collection.view_query)
            except BadRequest:  # Saved by another version, say.
                return None
            column = next((one for one in columns if one.name == field), None)
            if column is None or column.collection is None or column.source is None:
                return None
            source = self._store.schema.named(column.collection)
            origin = None if source is None else source.by_name.get(column.source.name)
            if source is None or not isinstance(origin, FileField):
                return None
            if not source.is_view:
                return source, origin
            collection, field = source, origin.name
        return None


def holds(value: Value, name: str) -> bool:
    """Whether a file field's value names this file."""
    return name == value or (isinstance(value, tuple) and name in value)
