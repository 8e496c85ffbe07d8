"""GeoPoint values: JSON text ``{"lon":…,"lat":…}`` in degrees.

Not here: JSON itself (base/json_text.py).
"""

from __future__ import annotations

import math

from yadokari.base.json_text import JsonValue, MalformedJson, decode, number_text
from yadokari.base.problems import Problem, required
from yadokari.schema.fields import GEO_ZERO, GeoPointField
from yadokari.schema.number_text import as_double, canonical_number


def geo_point_of(submitted: object) -> str:
    """What a geoPoint field makes of a submitted value; never fails."""
    if isinstance(submitted, str):
        return geo_point_of_text(submitted)
    return _written(*_coordinates(submitted))


def geo_point_of_text(text: str) -> str:
    """The point in a JSON text; what follows its first value is ignored."""
    try:
        value: JsonValue = decode(text.encode("utf-8", "surrogatepass"))
    except MalformedJson:
        return GEO_ZERO
    return _written(*_coordinates(value))


def geo_point_problem(field: GeoPointField, value: str) -> Problem | None:
    """What is wrong with a point."""
    lon, lat = coordinates(value)
    if lon == 0 and lat == 0:
        return required() if field.required else None
    if not -90 <= lat <= 90:
        return Problem("validation_invalid_latitude", "The latitude must be within ±90 degrees.")
    if not -180 <= lon <= 180:
        return Problem("validation_invalid_longitude", "The longitude must be within ±180 degrees.")
    return None


def coordinates(value: str) -> tuple[float, float]:
    """Longitude and latitude in degrees of a canonical value; 0, 0 when it is none."""
    if value == GEO_ZERO:
        return 0, 0
    try:
        return _coordinates(decode(value.encode()))
    except MalformedJson:
        return 0, 0


def _coordinates(value: object) -> tuple[float, float]:
    if not isinstance(value, dict):
        return 0, 0
    lon, lat = value.get("lon"), value.get("lat")
    for part in (lon, lat):
        if part is not None and (isinstance(part, bool) or not isinstance(part, int | float)):
            return 0, 0
    found = _degrees(lon), _degrees(lat)
    return found if math.isfinite(found[0]) and math.isfinite(found[1]) else (0, 0)


def _degrees(part: object) -> float:
    return as_double(part) if isinstance(part, int | float) else 0


def _written(lon: float, lat: float) -> str:
    lon_text, lat_text = (number_text(canonical_number(part)) for part in (lon, lat))
    return f'{{"lon":{lon_text},"lat":{lat_text}}}'
