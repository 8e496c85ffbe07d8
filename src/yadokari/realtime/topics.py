"""Topics: what a client asks to hear.

T1  The whole string, options included, is the topic's name in messages.
T2  A collection is named by id or exact name; unknown topics are accepted and stay silent.
T3  Options that are no JSON object of the known shape count as none.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote_plus

import msgspec

TOPICS_MAX = 1_000  # the contract's limit for one client
TOPIC_CHARS_MAX = 2_500  # the contract's limit
EVERY_RECORD = "*"


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """One subscription, taken apart."""

    name: str
    """As subscribed."""
    collection: str
    """Id or name."""
    record: str
    """An id, or EVERY_RECORD."""
    query: Mapping[str, str] = msgspec.field(default_factory=dict)
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)


def parse_topic(name: str) -> Topic:
    """A subscription string taken apart; never fails (T2, T3)."""
    path, _, options = name.partition("?")
    collection, slash, record = path.partition("/")
    query, headers = _options(options)
    return Topic(
        name=name,
        collection=collection,
        record=record if slash else EVERY_RECORD,
        query=query,
        headers=headers,
    )


def _options(text: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
    for pair in text.split("&"):
        key, _, value = pair.partition("=")
        if key == "options":
            try:
                found = msgspec.json.decode(unquote_plus(value))
            except (msgspec.DecodeError, RecursionError):
                return {}, {}
            if isinstance(found, dict):
                return _texts(found.get("query")), _texts(found.get("headers"))
    return {}, {}


def _texts(values: object) -> Mapping[str, str]:
    if not isinstance(values, dict):
        return {}
    return {str(key): _text(value) for key, value in values.items()}


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()
