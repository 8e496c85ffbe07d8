"""Distance on the globe, as SQLite computes it from the contract's formula."""

from __future__ import annotations

import math

from yadokari.rules.comparison import SqlValue, as_number

EARTH_RADIUS_KM = 6371


def distance(
    first_lon: SqlValue, first_lat: SqlValue, second_lon: SqlValue, second_lat: SqlValue
) -> float | None:
    """Kilometres between two points in degrees; None when a part is no number."""
    parts = [as_number(part) for part in (first_lon, first_lat, second_lon, second_lat)]
    angles = [
        float(part) * (math.pi / 180)
        for part in parts
        if part is not None and not isinstance(part, str)
    ]
    if len(angles) < len(parts) or not all(map(math.isfinite, angles)):
        return None
    lon, lat, other_lon, other_lat = angles
    cosine = math.cos(lat) * math.cos(other_lat) * math.cos(other_lon - lon)
    cosine += math.sin(lat) * math.sin(other_lat)
    return EARTH_RADIUS_KM * math.acos(max(-1.0, min(1.0, cosine)))
