"""Uploads on every kind of storage: the same requests, the same answers."""

from __future__ import annotations

import asyncio
from io import BytesIO
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from tests.api.program import PASSWORD, House, Part, opened
from tests.api.test_files import NOTES, blobs, names, notes
from tests.blobs.places import azure_place, gcs_place, s3_place
from tests.pictures import picture
from tests.servers.fixtures import azure_url, gcs_url, s3_url
from yadokari.blobs.objects.open import Place, open_objects

__all__ = ["azure_url", "gcs_url", "s3_url"]
PICTURE = picture("PNG", 300, 200)


def place_of(kind: str, request: pytest.FixtureRequest) -> Place | None:
    """A new bucket of this kind, None for the folder."""
    if kind == "local":
        return None
    make = {"s3": s3_place, "azure": azure_place, "gcs": gcs_place}[kind]
    return make(request.getfixturevalue(f"{kind}_url"))


def flags_of(place: Place | None) -> tuple[dict[str, str], dict[str, str]]:
    """Flags and secrets that name a bucket."""
    if place is None:
        return {}, {}
    flags = {
        "storage_provider": place.provider,
        "storage_bucket": place.bucket,
        "storage_endpoint": place.endpoint,
    }
    secrets = {
        "YADOKARI_STORAGE_ACCESS_KEY": place.access_key,
        "YADOKARI_STORAGE_SECRET": place.secret,
    }
    return flags, secrets


async def keys(place: Place | None, folder: Path) -> list[str]:
    """Names of everything that is kept."""
    if place is None:
        return sorted(blobs(folder))
    return [key.rpartition("/")[2] async for key in open_objects(place).list("")]


@pytest.mark.parametrize("kind", ["local", "s3", "azure", "gcs"])
async def test_an_avatar_is_uploaded_shown_and_removed(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """What an application does on its first day works wherever files are kept."""
    place = place_of(kind, request)
    flags, secrets = flags_of(place)
    async with opened(tmp_path, flags=flags, variables=secrets) as house:
        made = await house(
            "POST",
            "/api/collections/users/records",
            [
                Part("email", b"a@example.com"),
                Part("password", PASSWORD.encode()),
                Part("passwordConfirm", PASSWORD.encode()),
                Part("avatar", PICTURE, "My Face 顔.png"),
            ],
            token=house.root,
        )
        assert made.status == 200, made.body
        avatar = str(made.record["avatar"])
        path = f"/api/files/users/{made.id}/{avatar}"

        whole = await house("GET", path)
        part = await house("GET", path, headers={"Range": "bytes=10-19"})
        small = await house("GET", f"{path}?thumb=100x100")
        kept = await keys(place, tmp_path)
        gone = await house("DELETE", f"/api/collections/users/records/{made.id}", token=house.root)

        assert (whole.status, whole.body) == (200, PICTURE)
        assert whole.headers["content-type"] == "image/png"
        assert (part.status, part.body) == (206, PICTURE[10:20])
        assert Image.open(BytesIO(small.body)).size == (100, 100)
        assert sorted(kept) == sorted([avatar, f"100x100_{avatar}"])
        assert gone.status == 204
        assert (await house("GET", path)).status == 404
        async with asyncio.timeout(10):
            while await keys(place, tmp_path):  # noqa: ASYNC110 - the bucket tells nobody
                await asyncio.sleep(0.01)


async def switched(house: House, place: Place) -> None:
    """Switch the settings' S3 on."""
    s3 = {
        "enabled": True, "bucket": place.bucket, "endpoint": place.endpoint, "region": "us-east-1",
        "accessKey": place.access_key, "secret": place.secret, "forcePathStyle": True,
    }  # fmt: skip
    await house.settings(s3=s3)


async def test_the_settings_switch_the_storage_while_it_runs(
    house: House, s3_url: str, tmp_path: Path
) -> None:
    """ST1: new files go there at once, and back again."""
    place = s3_place(s3_url)
    await notes(house)

    await switched(house, place)
    there = await house("POST", NOTES, [Part("files", b"there", "a.txt")])
    served = await house("GET", f"/api/files/notes/{there.id}/{names(there)[0]}")
    await house.settings(s3={"enabled": False})
    here = await house("POST", NOTES, [Part("files", b"here", "b.txt")])
    lost = await house("GET", f"/api/files/notes/{there.id}/{names(there)[0]}")

    assert served.body == b"there"
    assert await keys(place, tmp_path) == names(there)
    assert await keys(None, tmp_path) == names(here)
    assert lost.status == 404


async def test_the_settings_are_tried_on_the_real_bucket(
    house: House, s3_url: str, tmp_path: Path
) -> None:
    """204 when it can be used, 400 with the reason when it cannot; nothing is left there."""
    place = s3_place(s3_url)
    path, body = "/api/settings/test/s3", {"filesystem": "storage"}

    off = await house("POST", path, body, token=house.root)
    await switched(house, place)
    good = await house("POST", path, body, token=house.root)
    left = await keys(place, tmp_path)
    await house.settings(s3={"secret": "wrong"})
    refused = await house("POST", path, body, token=house.root)
    await switched(house, msgspec.structs.replace(place, endpoint="http://127.0.0.1:9"))
    silent = await house("POST", path, body, token=house.root)

    assert [one.status for one in (off, good, refused, silent)] == [400, 204, 400, 400]
    assert left == []
    assert "access key" in str(refused.record["message"])


async def test_an_unreachable_bucket_fails_the_upload_and_keeps_no_record(house: House) -> None:
    """I1: the blob comes first."""
    await notes(house)
    nowhere = Place(
        provider="s3", bucket="b", endpoint="http://127.0.0.1:9", access_key="k", secret="s"
    )
    await switched(house, nowhere)

    failed = await house("POST", NOTES, [Part("files", b"x", "a.txt")])

    assert failed.status == 503
    assert (await house("GET", NOTES)).record["totalItems"] == 0


async def test_backups_are_kept_in_the_bucket_that_the_settings_name(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Made, listed, downloaded, verified and deleted there; the folder keeps none."""
    place = s3_place(request.getfixturevalue("s3_url"))
    async with opened(tmp_path) as house:
        await house.settings(
            backups={
                "s3": {
                    "enabled": True,
                    "bucket": place.bucket,
                    "region": "us-east-1",
                    "endpoint": place.endpoint,
                    "accessKey": place.access_key,
                    "secret": place.secret,
                    "forcePathStyle": True,
                }
            }
        )
        made = await house("POST", "/api/backups", {"name": "away.zip"}, token=house.root)
        listed = await house("GET", "/api/backups", token=house.root)
        token = (await house("POST", "/api/files/token", token=house.root)).record["token"]
        content = await house("GET", f"/api/backups/away.zip?token={token}")
        there = await keys(place, tmp_path)
        verified = await house.program.commands.run(
            "backup.verify", msgspec.Raw(b'{"key":"away.zip"}')
        )
        deleted = await house("DELETE", "/api/backups/away.zip", token=house.root)

        assert (made.status, deleted.status) == (204, 204), made.body
        assert [item["key"] for item in listed.items] == ["away.zip"]
        assert content.body[:4] == b"PK\x03\x04"
        assert there == ["away.zip"]
        assert isinstance(verified, dict)
        assert verified["ok"] is True, verified
        assert list((tmp_path / "data" / "backups").glob("*.zip")) == []
        assert await keys(place, tmp_path) == []
