"""Where object stores are: addresses made of what people have at hand."""

import pytest

from yadokari.blobs.objects.open import Place, open_objects, supabase_place

KEYS = {"access_key": "id", "secret": "secret"}


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://abc.supabase.co", "https://abc.storage.supabase.co/storage/v1/s3"),
        ("https://abc.supabase.co/", "https://abc.storage.supabase.co/storage/v1/s3"),
        ("http://127.0.0.1:54321", "http://127.0.0.1:54321/storage/v1/s3"),
        ("https://files.example.com", "https://files.example.com/storage/v1/s3"),
    ],
)
def test_supabase_is_found_by_its_projects_address(url: str, address: str):
    """Its storage speaks S3 beside the project, past the gateway where there is one."""
    place = supabase_place(Place(provider="supabase", bucket="b", endpoint=url, **KEYS))

    assert (place.endpoint, place.access_key, place.path_style) == (address, "id", True)


def test_a_key_of_the_project_alone_opens_a_session():
    """Then the project's name stands where the access key would."""
    place = supabase_place(
        Place(provider="supabase", bucket="b", endpoint="https://abc.supabase.co", secret="jwt")
    )

    assert place.access_key == "abc"


@pytest.mark.parametrize(
    "place",
    [
        Place(provider="s3", bucket="b", **KEYS),
        Place(provider="s3", bucket="b", endpoint="https://s3.example", path_style=False, **KEYS),
        Place(provider="r2", bucket="b", endpoint="https://a.r2.cloudflarestorage.com", **KEYS),
        Place(provider="supabase", bucket="b", endpoint="https://abc.supabase.co", **KEYS),
        Place(provider="azure", bucket="b", access_key="account", secret="a2V5"),
    ],
)
def test_every_provider_is_opened_without_asking_it(place: Place):
    """P1: the start does not wait for a cloud."""
    assert open_objects(place) is not None
    assert "secret" not in repr(place)
