"""Opens the object store that settings name.

P1  Nothing is asked of the store here: a wrong key shows with the first request.
P2  Requests end: connecting, waiting for bytes and trying again are all bounded.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Literal, TypeAlias
from urllib.parse import urlsplit

import msgspec
from typing_extensions import override

from yadokari.blobs.objects.bucket import ObjectBucket

if TYPE_CHECKING:
    from obstore.store import ClientConfig, ObjectStore, RetryConfig

Provider: TypeAlias = Literal["s3", "r2", "supabase", "gcs", "azure"]

CONNECT_TIMEOUT_S = 5
SILENCE_TIMEOUT_S = 30  # Longest wait for the next bytes.
REQUEST_TIMEOUT_S = 3_600  # A large file over a slow line; silence ends it earlier.
TRIES_MAX = 3
TRIES_TIMEOUT_S = 20  # A client waits behind this.

_SUPABASE_S3 = "/storage/v1/s3"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Which bucket of whom; hidden from ``repr``."""

    provider: Provider
    bucket: str
    """Of S3 and Google; Azure's container."""
    region: str = ""
    endpoint: str = ""
    """Address of a store that is not the provider's own; for ``supabase`` the project's URL."""
    access_key: str = ""
    """Empty leaves it to the machine's own identity; Azure's account name."""
    secret: str = ""
    """Google: the service account's key as JSON. Supabase without access key: a project's JWT."""
    path_style: bool = True
    """The bucket stands in the path, not in the host name; counts with an endpoint."""

    @override
    def __repr__(self) -> str:
        return f"Place({self.provider}, {self.bucket})"


def open_objects(place: Place) -> ObjectBucket:
    """The bucket of this place."""
    match place.provider:
        case "gcs":
            return ObjectBucket(_gcs(place))
        case "azure":
            return ObjectBucket(_azure(place))
        case "supabase":
            return ObjectBucket(_s3(supabase_place(place), token=_session_token(place)))
        case "s3" | "r2":
            return ObjectBucket(_s3(place, token=""))


def supabase_place(place: Place) -> Place:
    """Supabase Storage's S3 interface, from the project's URL and its keys.

    The secret alone, a JWT, stands for a session of the project under its access policies.
    """
    url = urlsplit(place.endpoint)
    host = url.hostname or ""
    project = host.removesuffix(".supabase.co")
    if project != host and "." not in project:  # Straight to the storage, past the gateway.
        address = f"https://{project}.storage.supabase.co{_SUPABASE_S3}"
    else:
        address = place.endpoint.rstrip("/") + _SUPABASE_S3
    return msgspec.structs.replace(
        place,
        endpoint=address,
        access_key=place.access_key or project.partition(".")[0],
        path_style=True,
    )


def _session_token(place: Place) -> str:
    return "" if place.access_key else place.secret


def _s3(place: Place, *, token: str) -> ObjectStore:
    from obstore.store import S3Store

    own = place.endpoint
    if own and not place.path_style:
        scheme, _, rest = own.partition("://")
        own = f"{scheme}://{place.bucket}.{rest}"
    given = {
        "endpoint": own,
        "access_key_id": place.access_key,
        "secret_access_key": place.secret,
        "session_token": token,
        "region": place.region or ("auto" if place.provider == "r2" else "us-east-1"),
    }
    return S3Store(
        place.bucket,
        config={name: value for name, value in given.items() if value},
        virtual_hosted_style_request=bool(own) and not place.path_style,
        client_options=_client(own),
        retry_config=_retry(),
    )


def _gcs(place: Place) -> ObjectStore:
    from obstore.store import GCSStore

    given = {"base_url": place.endpoint, "service_account_key": place.secret}
    return GCSStore(
        place.bucket,
        config={name: value for name, value in given.items() if value},
        client_options=_client(place.endpoint),
        retry_config=_retry(),
    )


def _azure(place: Place) -> ObjectStore:
    from obstore.store import AzureStore

    given = {
        "account_name": place.access_key,
        "account_key": place.secret,
        "endpoint": place.endpoint,
    }
    return AzureStore(
        place.bucket,
        config={name: value for name, value in given.items() if value},
        client_options=_client(place.endpoint),
        retry_config=_retry(),
    )


def _client(endpoint: str) -> ClientConfig:
    return {
        "allow_http": endpoint.startswith("http://"),
        "connect_timeout": timedelta(seconds=CONNECT_TIMEOUT_S),
        "read_timeout": timedelta(seconds=SILENCE_TIMEOUT_S),
        "timeout": timedelta(seconds=REQUEST_TIMEOUT_S),
    }


def _retry() -> RetryConfig:
    return {"max_retries": TRIES_MAX, "retry_timeout": timedelta(seconds=TRIES_TIMEOUT_S)}
