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
