"""Quirks of importing and changing collections, each as a short scenario."""

import pytest

from tests.oracle.client import Json
from tests.oracle.scene import Scene, field_of, text

FAILED = "validation_collections_import_failure"


def test_a_new_collection_keeps_whatever_id_it_brings(scene: Scene):
    """Only a single creation looks at the length and the characters of an id."""
    for name, given in (("im_a", "x" * 101), ("im_b", "a b"), ("im_c", "é'\"`")):
        item: Json = {"id": given, "name": name, "type": "base", "fields": [text("t")]}

        assert put(scene, item) == 204
        assert scene.root("GET", f"…/{name}")["id"] == given
        assert scene.root("POST", f"…/{name}/records", {"t": "x"})["collectionId"] == given
        assert scene.root("DELETE", f"…/{name}").status == 204


def test_names_of_required_indexes_are_cut(scene: Scene):
    """They carry the id, which may be long."""
    given = "y" * 101

    assert put(scene, {"id": given, "name": "im_w", "type": "auth"}) == 204

    indexes = scene.root("GET", "…/im_w")["indexes"]
    assert isinstance(indexes, list)
    assert [str(one).split("`")[1] for one in indexes] == [
        f"idx_tokenKey_{'y' * 51}", f"idx_email_{'y' * 54}",
    ]  # fmt: skip


def test_a_used_index_names_the_collection_as_it_is_called_now(scene: Scene):
    """Deviation 7: the oracle keeps the letters that the table had at first."""
    scene.collection("im_x", text("t"), indexes=["CREATE INDEX im_x_i ON im_x (t)"])
    scene.change("im_x", name="IM_X")

    refused = scene.root("POST", "…", {
        "name": "im_y", "fields": [text("t")], "indexes": ["CREATE INDEX im_x_i ON im_y (t)"],
    })  # fmt: skip

    called = {"oracle": "im_x", "ours": "IM_X"}[scene.server.kind]
    assert refused.has({"data": {"indexes": {"0": {"params": {"usedTableName": called}}}}})


def test_an_item_is_matched_by_its_id_alone_when_it_has_one(scene: Scene):
    """The name counts only without an id; an id that is another's name is refused."""
    scene.collection("im_d", text("t"), id="im_d_id")

    assert put(scene, {"id": "other", "name": "im_d"}) == 400
    assert put(scene, {"id": "im_d", "name": "im_d2"}) == 400
    assert put(scene, {"id": "", "name": "im_d"}) == 400
    assert put(scene, {"id": None, "name": "im_d"}) == 400
    assert put(scene, {"name": "IM_D"}) == 204
    assert scene.root("GET", "…/im_d")["name"] == "IM_D"


def test_a_collection_may_be_listed_twice_and_the_last_counts(scene: Scene):
    """Each item starts from what was there before the import."""
    scene.collection("im_e", text("t"))
    scene.root("POST", "…/im_e/records", {"t": "x"})

    seen = put(
        scene,
        {"name": "im_e", "fields": [text("a")], "listRule": "a = 1"},
        {"name": "im_e", "fields": [text("b")], "viewRule": "b = 1"},
    )

    assert seen == 204
    assert scene.root("GET", "…/im_e?fields=listRule,viewRule,fields.name").body == {
        "listRule": "", "viewRule": "b = 1",
        "fields": [{"name": "b"}, {"name": "id"}, {"name": "t"}],
    }  # fmt: skip
    assert scene.root("GET", "…/im_e/records?fields=t,b")["items"] == [{"t": "x", "b": ""}]


def test_a_new_collection_listed_twice_is_refused(scene: Scene):
    """There is nothing yet that both could mean."""
    assert put(scene, {"name": "im_f"}, {"name": "im_f"}) == 400
    assert put(scene, {"id": "im_f", "name": "im_g"}, {"id": "im_f", "name": "im_h"}) == 400
    assert put(scene, {"id": "im_f", "name": "im_f"}) == 400


def test_new_items_are_taken_before_those_that_are_there(scene: Scene):
    """A name is free once its holder gave it up, which comes later however the list is ordered."""
    scene.collection("im_i", id="im_i_id")
    renamed: Json = {"id": "im_i_id", "name": "im_j"}

    assert put(scene, renamed, {"id": "im_k_id", "name": "im_i"}) == 400
    late: Json = {"id": "im_k_id", "name": "im_i", "created": "2099-01-01 00:00:00.000Z"}
    assert put(scene, renamed, late) == 204
    assert scene.root("GET", "…/im_j")["id"] == "im_i_id"
    assert str(scene.root("GET", "…/im_i")["created"]) < "2099"


def test_a_field_is_found_again_by_its_name_and_type(scene: Scene):
    """Under another id the field that is there takes its place, options and all."""
    scene.collection("im_l", text("t", max=3))
    before = scene.root("GET", "…/im_l?fields=fields")["fields"]
    assert isinstance(before, list)

    seen = put(scene, {"name": "im_l", "fields": [field_of("text", "t", id="other", max=9)]})

    assert seen == 204
    assert scene.root("GET", "…/im_l?fields=fields")["fields"] == before[::-1]
    number = field_of("number", "t", id="other")
    assert put(scene, {"name": "im_l", "fields": [number]}) == 400


@pytest.mark.parametrize("listed", [[], None])
def test_an_unknown_type_wants_fields_when_an_empty_list_was_sent(scene: Scene, listed: Json):
    """Without a list it keeps those it has, or begins with an id."""
    wrong: Json = {"name": "im_m", "type": "nope"}
    assert isinstance(wrong, dict)
    scene.collection("im_n", text("t"))
    both = {"type": "validation_in_invalid", "fields": "validation_required"}

    assert scene.root("POST", "…", wrong).codes == {"type": "validation_in_invalid"}
    assert scene.root("POST", "…", {**wrong, "fields": listed}).codes == both
    assert scene.root("PATCH", "…/im_n", {"type": "nope"}).codes == {"type": both["type"]}
    assert scene.root("PATCH", "…/im_n", {"type": "nope", "fields": listed}).codes == both

    scene.root("DELETE", "…/im_n")


def test_fields_without_a_name_are_fields_of_their_own(scene: Scene):
    """The second one doubles the first one's name."""
    refused = scene.root("POST", "…", {"name": "im_o", "fields": [text(""), {"type": "text"}]})

    assert refused.has({
        "data": {"fields": {"2": {"name": {"code": "validation_duplicated_field_name"}}}}
    })  # fmt: skip


def test_a_name_that_is_the_own_id_is_refused_from_the_first_change_on(scene: Scene):
    """At the creation nothing has that id yet."""
    scene.collection("im_p", id="im_p")

    refused = scene.root("PATCH", "…/im_p", {})

    assert refused.codes == {"name": "validation_collection_name_id_duplicate"}
    assert scene.root("PATCH", "…/im_p", {"name": "im_p2"}).status == 200


def test_an_auth_collection_without_a_name_lacks_nothing_else(scene: Scene):
    """Its required indexes stand on no table yet, which only an import minds."""
    nameless: Json = {"name": "", "type": "auth"}

    assert scene.root("POST", "…", nameless).codes == {"name": "validation_required"}
    refused = scene.root("PUT", "…/import", {"collections": [nameless]})
    scene.change("users")  # Deviation 6.
    wrong = {"code": "validation_invalid_index_expression"}
    assert refused.has({"data": {"indexes": {"0": wrong, "1": wrong}}})


def test_a_new_collection_is_told_that_both_its_id_and_its_name_are_taken(scene: Scene):
    """Even when the same collection has both."""
    scene.collection("im_t", id="im_t_id")

    assert scene.root("POST", "…", {"name": "IM_T", "id": "im_t_id"}).codes == {
        "id": "validation_invalid_or_existing_id",
        "name": "validation_collection_name_exists",
    }


@pytest.mark.parametrize("given", ["a/b", "a\\b", ".", ".."])
def test_an_id_that_cannot_name_a_folder_is_refused_by_us(scene: Scene, given: str):
    """Deviation 5: `a/b` would lie in the folder that goes when `a` is deleted."""
    expected = {"oracle": 204, "ours": 400}[scene.server.kind]

    assert put(scene, {"id": given, "name": "im_q"}) == expected

    scene.root("DELETE", "…/im_q")


def test_a_refused_import_is_not_to_be_seen_with_us(scene: Scene):
    """Deviation 6: the oracle goes on showing what it undid until a collection is saved."""
    scene.collection("im_r", text("t"), id="im_r_id")
    wrong: Json = {"id": "im_r_id", "name": "im_s", "indexes": ["CREATE INDEX i ON im_s (nope)"]}

    refused = scene.root("PUT", "…/import", {"collections": [wrong], "deleteMissing": False})
    shown = [scene.root("GET", f"…/{name}").status for name in ("im_r", "im_s")]
    scene.change("users")

    assert refused.status == 400
    assert shown == {"oracle": [404, 200], "ours": [200, 404]}[scene.server.kind]
    assert scene.root("GET", "…/im_r").status == 200


def test_a_taken_id_hides_no_name_from_the_rules(scene: Scene):
    """The collection that has the id is still found in `@collection`."""
    scene.collection("im_u", text("t"), id="im_u_id")

    refused = scene.root("POST", "…", {
        "name": "im_v", "id": "im_u_id", "listRule": "@collection.im_u.t = 'a'",
        "viewRule": "@collection.im_nope.t = 'a'",
    })  # fmt: skip

    assert refused.codes == {
        "id": "validation_invalid_or_existing_id", "viewRule": "validation_invalid_rule",
    }  # fmt: skip


def put(scene: Scene, *items: Json) -> int:
    """The status of an import that keeps what it does not list."""
    seen = scene.root("PUT", "…/import", {"collections": [*items], "deleteMissing": False})
    if seen.status == 400:
        assert seen.codes == {"collections": FAILED}
        scene.change("users")  # Deviation 6.
    return seen.status
