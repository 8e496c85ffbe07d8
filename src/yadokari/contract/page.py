"""The page object: how lists travel.

G1  Keys in this order: items, page, perPage, totalItems, totalPages.
G2  Totals are -1 when the client asked not to count.
"""

from __future__ import annotations

from typing import Final

PAGE_DEFAULT: Final = 1
PER_PAGE_DEFAULT: Final = 30
PER_PAGE_MAX: Final = 1_000
"""PocketBase's ceiling; larger wishes are served with this many."""
UNCOUNTED: Final = -1
_INT64_COUNT: Final = 2**64
_INT64_MAX: Final = 2**63 - 1


def offset_of(*, page: int, per_page: int) -> int:
    """Rows before a page, from 0.

    PocketBase counts in 64 bits, beyond which pages begin anew from the other end; a negative
    offset is none.
    """
    offset = (page - 1) * per_page
    if offset > _INT64_MAX:
        offset = (offset + _INT64_MAX + 1) % _INT64_COUNT - _INT64_MAX - 1
    return max(offset, 0)


def page_object(items: object, *, page: int, per_page: int, total_items: int) -> dict[str, object]:
    """The object of one page; pass ``UNCOUNTED`` as total when nothing was counted."""
    total_pages = UNCOUNTED if total_items < 0 else -(-total_items // per_page)
    return {
        "items": items,
        "page": page,
        "perPage": per_page,
        "totalItems": total_items,
        "totalPages": total_pages,
    }
