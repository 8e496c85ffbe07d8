"""Operations of migrations: there and back, by id, without secrets."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from yadokari.collections.operations import (
    AddField,
    ChangeField,
    CreateCollection,
    DeleteCollection,
    DropField,
    ImportCollections,
    Operation,
    OperationError,
    OrderFields,
    RenameField,
    UpdateCollection,
    applied,
    definition_of,
    operations_between,
)
from yadokari.schema.collection import Collection, OAuth2, OAuth2Provider, Schema
from yadokari.schema.defaults import ID_FIELD
from yadokari.schema.fields import Field, NumberField, TextField
from yadokari.schema.system import users_collection
from yadokari.testing.fake_entropy import FakeEntropy

NOW = "2025-01-02 03:04:05.000Z"
BASE = Collection(
    id="notes_id",
    name="notes",
    fields=(ID_FIELD, TextField(id="t1", name="title"), NumberField(id="n1", name="count")),
)


def schema(*collections: Collection) -> Schema:
    """A schema of these."""
    return Schema(collections=collections)


def after(before: Schema, operations: list[Operation]) -> Schema:
    """The schema that the operations make, after a way through JSON."""
    travelled = msgspec.json.decode(msgspec.json.encode(operations), type=list[Operation])
    outcome = applied(before, travelled, draw=FakeEntropy(), now=NOW)
    changed = {item.id: item for item in outcome.changed}
    kept = [item for item in before.collections if item.id not in outcome.removed]
    new = [item for item in outcome.changed if item.id not in before.by_id]
    return Schema(collections=tuple(changed.get(item.id, item) for item in (*kept, *new)))


def definitions(of: Schema) -> dict[str, object]:
    """What counts of a schema."""
    return {item.id: definition_of(item) for item in of.collections}


def made_of(own_id: str, name: str, rule: str | None, fields: list[Field]) -> Collection:
    """A collection with these fields after its id."""
    return Collection(id=own_id, name=name, list_rule=rule, fields=(ID_FIELD, *fields))


FIELDS = st.lists(
    st.one_of(
        st.builds(
            TextField,
            id=st.sampled_from(["t1", "t2", "t3"]),
            name=st.sampled_from(["a", "b", "c", "title"]),
            max=st.integers(0, 9),
            hidden=st.booleans(),
        ),
        st.builds(
            NumberField,
            id=st.sampled_from(["n1", "n2"]),
            name=st.sampled_from(["x", "y", "count"]),
            only_int=st.booleans(),
        ),
    ),
    max_size=5,
    unique_by=(lambda field: field.id, lambda field: field.name),
)
COLLECTIONS = st.lists(
    st.builds(
        made_of,
        st.sampled_from(["c1", "c2", "c3"]),
        st.sampled_from(["one", "two", "three"]),
        st.sampled_from([None, "", "id != ''"]),
        FIELDS,
    ),
    max_size=3,
    unique_by=(lambda item: item.id, lambda item: item.name),
)


@given(before=COLLECTIONS, wanted=COLLECTIONS)
def test_operations_lead_there_and_back(before: list[Collection], wanted: list[Collection]) -> None:
    """OP2, on any two schemas."""
    one, other = schema(*before), schema(*wanted)

    there = after(one, operations_between(one, other))
    back = after(there, operations_between(other, one))

    assert definitions(there) == definitions(other)
    assert definitions(back) == definitions(one)
    assert operations_between(one, one) == []


def test_rename_is_no_drop() -> None:
    """OP1: a dropped column would take its values along."""
    fields: tuple[Field, ...] = (ID_FIELD, TextField(id="t1", name="headline", max=5))
    wanted = replace(BASE, fields=fields)

    found = operations_between(schema(BASE), schema(wanted))

    assert found == [
        DropField("notes_id", "n1"),
        RenameField("notes_id", "t1", "headline"),
        ChangeField("notes_id", "t1", {"max": 5}),
    ]


def test_rules_indexes_and_order_are_operations() -> None:
    """Everything but times can be migrated."""
    id_field, title, count = BASE.fields
    wanted = replace(BASE, fields=(id_field, count, title), list_rule="", indexes=("x",))

    assert operations_between(schema(BASE), schema(wanted)) == [
        OrderFields("notes_id", [ID_FIELD.id, "n1", "t1"]),
        UpdateCollection("notes_id", {"listRule": "", "indexes": ["x"]}),
    ]
    assert operations_between(schema(BASE), schema(replace(BASE, updated=NOW))) == []


def test_no_operation_holds_a_secret() -> None:
    """OP3: files go into version control."""
    users = users_collection(draw=FakeEntropy(), now=NOW)
    assert users.auth is not None
    google = OAuth2Provider(name="google", client_id="me", client_secret="hush-hush")
    auth = replace(users.auth, oauth2=OAuth2(enabled=True, providers=(google,)))
    wanted = replace(users, auth=auth)

    made = msgspec.json.encode(operations_between(schema(), schema(wanted)))
    changed = msgspec.json.encode(operations_between(schema(users), schema(wanted)))

    for text in (made, changed):
        assert b"hush-hush" not in text
        assert users.auth.auth_token.secret.encode() not in text


def test_provider_without_a_known_secret_is_left_out() -> None:
    """It could not work, and would make every other change of the file fail."""
    users = users_collection(draw=FakeEntropy(), now=NOW)
    oauth2 = {"enabled": True, "providers": [{"name": "google", "clientId": "me"}]}
    change = UpdateCollection(users.id, {"oauth2": oauth2, "listRule": None})

    [found] = after(schema(users), [change]).collections

    assert found.auth is not None
    assert found.auth.oauth2.providers == ()
    assert not found.auth.oauth2.enabled
    assert found.list_rule is None


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        (UpdateCollection("nope", {}), "no collection with the id 'nope'"),
        (DeleteCollection("nope"), "no collection with the id 'nope'"),
        (DropField("notes_id", "nope"), "no field with the id 'nope'"),
        (AddField("notes_id", {"id": "t1", "type": "text", "name": "z"}), "is there already"),
        (CreateCollection({"id": "notes_id", "name": "z"}), "is there already"),
        (ChangeField("notes_id", "t1", {"max": "5"}), "invalid formatting"),
        (ImportCollections([{"name": 5}]), "invalid formatting"),
    ],
)
def test_misfit_is_named_with_its_place(operation: Operation, reason: str) -> None:
    """Whoever merges two branches has to find it."""
    rename = UpdateCollection("notes_id", {"name": "other"})

    with pytest.raises(OperationError, match=reason) as caught:
        applied(schema(BASE), [rename, operation], draw=FakeEntropy(), now=NOW)

    assert caught.value.position == 2
