"""Who may read and write what: rules, superusers, hidden fields, e-mails, managers."""

import pytest
from msgspec.structs import replace

from tests.unit.records.world import NOTES, PEOPLE, SUPERUSER, TEAMS, codes, made
from yadokari.base.errors import BadRequest, Forbidden, Invalid, NotFound
from yadokari.records.caller import GUEST
from yadokari.records.reading import ListQuery
from yadokari.schema.collection import AuthOptions

OWN = "author = @request.auth.id && @request.auth.id != ''"


# --- rules that are null, unmet, or met ----------------------------------------------------------


async def test_a_null_rule_is_forbidden_and_an_unmet_one_hides():
    """G1, G2: 403 tells nothing of records; 404 tells nothing of rules."""
    closed = await made(PEOPLE, NOTES)
    await closed.put("notes", "n1")
    hiding = await made(PEOPLE, replace(NOTES, view_rule="public = true", list_rule="public=true"))
    await hiding.put("notes", "n1")
    guest, query = hiding.asking(GUEST), ListQuery()

    with pytest.raises(Forbidden):
        await closed.records.view(guest, NOTES, "n1")
    with pytest.raises(Forbidden):
        await closed.records.view(guest, NOTES, "missing")
    with pytest.raises(Forbidden):
        await closed.records.list(guest, NOTES, query)
    with pytest.raises(NotFound):
        await hiding.records.view(guest, hiding.records.collection("notes"), "n1")
    listed = await hiding.records.list(guest, hiding.records.collection("notes"), query)
    assert not listed.rows


async def test_an_empty_rule_is_for_everyone():
    """The empty rule and null are opposites."""
    everyone = replace(NOTES, view_rule="", create_rule="", update_rule="", delete_rule="")
    world = await made(PEOPLE, TEAMS, everyone)

    await world.create("notes", {"title": "a"})
    await world.update("notes", "made", {"title": "b"})
    row = await world.records.view(world.asking(GUEST), everyone, "made")
    await world.delete("notes", "made", by=GUEST)

    assert row.values["title"] == "b"
    assert await world.stored("notes", "made") is None


async def test_writing_under_a_null_rule_is_forbidden():
    """G1 for writes, before anything is looked at."""
    world = await made(PEOPLE, NOTES)
    await world.put("notes", "n1")

    with pytest.raises(Forbidden):
        await world.create("notes", {})
    with pytest.raises(Forbidden):
        await world.update("notes", "n1", {})
    with pytest.raises(Forbidden):
        await world.delete("notes", "n1", by=GUEST)


async def test_unmet_write_rules_are_told_as_the_contract_says():
    """A create that may not be is a bad request, a record that may not be changed is not found."""
    no = "title = 'never'"
    world = await made(
        PEOPLE, TEAMS, replace(NOTES, create_rule=no, update_rule=no, delete_rule=no)
    )
    await world.put("notes", "n1", title="mine")

    with pytest.raises(BadRequest):
        await world.create("notes", {"title": "other"})
    with pytest.raises(NotFound):
        await world.update("notes", "n1", {"title": "never"})
    with pytest.raises(NotFound):
        await world.delete("notes", "n1", by=GUEST)
    assert await world.value("notes", "n1", "title") == "mine"


async def test_superusers_pass_every_rule():
    """No rule is asked, a null one included."""
    no = "title = 'never'"
    world = await made(PEOPLE, TEAMS, replace(NOTES, view_rule=no, update_rule=no))
    asking, notes = world.asking(SUPERUSER), world.records.collection("notes")

    await world.create("notes", {"title": "a"}, by=SUPERUSER)
    await world.update("notes", "made", {"title": "b"}, by=SUPERUSER)
    row = await world.records.view(asking, notes, "made")
    listed = await world.records.list(asking, notes, ListQuery())
    await world.delete("notes", "made")

    assert row.values["title"] == "b"
    assert listed.total == 1


# --- what a rule sees ----------------------------------------------------------------------------


async def test_a_create_rule_does_not_see_generated_values():
    """W2: what the server makes is not the caller's to be judged by."""
    world = await made(
        PEOPLE, TEAMS, replace(NOTES, create_rule="code = '' && created = '' && title = 'a'")
    )

    row = await world.create("notes", {"title": "a"})

    assert len(str(row.values["code"])) == 8
    assert row.values["created"] != ""


async def test_an_update_rule_sees_the_stored_row_and_the_body():
    """W2: nobody makes a record their own by changing its author."""
    world = await made(PEOPLE, TEAMS, replace(NOTES, update_rule=OWN))
    await world.put("people", "ann")
    await world.put("people", "bob")
    await world.put("notes", "n1", author="ann")
    ann, bob = await world.caller("ann"), await world.caller("bob")

    with pytest.raises(NotFound):
        await world.update("notes", "n1", {"author": "bob"}, by=bob)
    await world.update("notes", "n1", {"author": "bob"}, by=ann)

    assert await world.value("notes", "n1", "author") == "bob"


async def test_an_update_rule_may_ask_for_the_submitted_values():
    """The body stands beside the stored row, modifiers resolved."""
    rule = "@request.body.readers:length <= 2 && title = 'old'"
    world = await made(PEOPLE, TEAMS, replace(NOTES, update_rule=rule))
    for name in ("ann", "bob", "cid"):
        await world.put("people", name)
    await world.put("notes", "n1", title="old", readers=("ann",))

    await world.update("notes", "n1", {"readers+": "bob"})
    with pytest.raises(NotFound):
        await world.update("notes", "n1", {"readers+": "cid"})

    assert await world.value("notes", "n1", "readers") == ("ann", "bob")


# --- hidden fields -------------------------------------------------------------------------------


async def test_hidden_fields_are_shown_to_superusers_alone():
    """V2: and secrets to nobody."""
    world = await made(PEOPLE, TEAMS, NOTES)
    await world.put("notes", "n1", remark="psst")
    await world.put("people", "ann", password="h", tokenKey="k")

    assert "remark" not in await world.shown("notes", "n1")
    assert (await world.shown("notes", "n1", by=SUPERUSER))["remark"] == "psst"
    person = await world.shown("people", "ann", by=SUPERUSER)
    assert {"diary"} == person.keys() & {"diary", "password", "tokenKey"}


async def test_hidden_fields_are_written_by_superusers_alone():
    """S2: such keys are dropped without a word, modifiers included."""
    world = await made(PEOPLE, TEAMS, replace(NOTES, create_rule="", update_rule=""))

    made_by_guest = await world.create("notes", {"title": "a", "remark": "x"})
    await world.update("notes", "made", {"remark:autogenerate": "y"})
    changed_by_guest = await world.value("notes", "made", "remark")
    await world.update("notes", "made", {"remark": "z"}, by=SUPERUSER)

    assert made_by_guest.values["remark"] == changed_by_guest == ""
    assert await world.value("notes", "made", "remark") == "z"


async def test_related_records_are_shown_under_their_own_view_rule():
    """E1: expanding is viewing."""
    seen = replace(PEOPLE, view_rule="name = 'ann'")
    world = await made(seen, TEAMS, NOTES)
    await world.put("people", "p1", name="ann")
    await world.put("people", "p2", name="bob")
    await world.put("teams", "t1")
    await world.put("notes", "n1", readers=("p1", "p2"), team="t1")

    record = await world.shown("notes", "n1", expand="readers,team")

    expanded = record["expand"]
    assert isinstance(expanded, dict)
    assert list(expanded) == ["readers"]
    assert [one["id"] for one in expanded["readers"]] == ["p1"]


# --- e-mails and managers ------------------------------------------------------------------------


async def test_an_email_is_shown_to_its_owner_to_superusers_and_where_it_is_public():
    """V3."""
    world = await made(PEOPLE)
    await world.put("people", "ann", email="ann@a.co")
    await world.put("people", "bob", email="bob@a.co", emailVisibility=True)
    ann, bob = await world.caller("ann"), await world.caller("bob")

    shown = [await world.shown("people", "ann", by=by) for by in (GUEST, bob, ann, SUPERUSER)]

    assert ["email" in one for one in shown] == [False, False, True, True]
    assert (await world.shown("people", "bob"))["email"] == "bob@a.co"


async def test_a_manager_sees_emails():
    """B1: who may change them may read them."""
    managed = replace(PEOPLE, auth=AuthOptions(manage_rule="@request.auth.name = 'boss'"))
    world = await made(managed)
    await world.put("people", "ann", email="ann@a.co")
    await world.put("people", "boss", name="boss")

    boss = await world.shown("people", "ann", by=await world.caller("boss"))

    assert boss.get("email") == "ann@a.co"
    assert "email" not in await world.shown("people", "ann")


@pytest.mark.parametrize("rule", [None, "", "@request.auth.name = 'boss'"])
async def test_without_managing_nobody_changes_emails_or_takes_over_passwords(rule: str | None):
    """B1, B2: a null and an empty manage rule make nobody a manager."""
    world = await made(replace(PEOPLE, update_rule="", auth=AuthOptions(manage_rule=rule)))
    await world.put("people", "ann", email="ann@a.co", tokenKey="k" * 30, password="hash of old")
    taken = {"password": "new-password", "passwordConfirm": "new-password"}

    for by in (GUEST, await world.caller("ann")):
        with pytest.raises(Invalid) as mail:
            await world.update("people", "ann", {"email": "x@a.co", "verified": True}, by=by)
        with pytest.raises(Invalid) as password:
            await world.update("people", "ann", taken, by=by)
        with pytest.raises(Invalid) as wrong:
            await world.update("people", "ann", {**taken, "oldPassword": "no"}, by=by)
        assert set(codes(mail.value.problems)) == {"email", "verified"}
        assert codes(password.value.problems) == {"oldPassword": "validation_required"}
        assert codes(wrong.value.problems) == {"oldPassword": "validation_invalid_old_password"}


async def test_a_manager_changes_emails_and_passwords():
    """B1: the rule speaks of whoever asks."""
    managed = AuthOptions(manage_rule="@request.auth.name = 'boss'")
    world = await made(replace(PEOPLE, update_rule="", auth=managed))
    await world.put("people", "ann", email="ann@a.co", tokenKey="k" * 30, password="hash of old")
    await world.put("people", "boss", name="boss")
    boss = await world.caller("boss")

    await world.update("people", "ann", {"email": "x@a.co", "verified": True}, by=boss)
    new = {"password": "new-password", "passwordConfirm": "new-password"}
    row = await world.update("people", "ann", new, by=boss)

    assert row.values["email"] == "x@a.co"
    assert row.values["password"] == "hash of new-password"


async def test_a_new_password_or_email_ends_every_token():
    """W3: the token key is renewed; other changes keep it."""
    world = await made(replace(PEOPLE, update_rule=""))
    key = "k" * 30
    await world.put("people", "ann", email="ann@a.co", tokenKey=key, password="hash of old")
    new = {
        "oldPassword": "old",
        "password": "new-password",
        "passwordConfirm": "new-password",
    }

    named = await world.update("people", "ann", {"name": "Ann"})
    changed = await world.update("people", "ann", new)
    mailed = await world.update("people", "ann", {"email": "b@a.co"}, by=SUPERUSER)

    keys = [row.values["tokenKey"] for row in (named, changed, mailed)]
    assert keys[0] == key
    assert len(set(keys)) == 3
