"""Names: which exist, who may use them, and what they find."""

import pytest

from tests.oracle.client import Json
from tests.unit.rules.judged import judged
from tests.unit.rules.questions import operators_world
from tests.unit.rules.small_database import SUPERUSERS, SmallDatabase, collection_from
from yadokari.rules.bind import RequestContext, bind
from yadokari.rules.errors import RuleError, RuleForbidden
from yadokari.rules.joins import JOINS_MAX
from yadokari.rules.plan import ByCreation, Shuffled
from yadokari.rules.resolve import Query, check_rule, parse_text, resolve
from yadokari.rules.tokens import tokenize
from yadokari.schema.collection import Collection, Schema
from yadokari.schema.fields import RelationField, TextField

REFUSED = (
    "nope=1", "t.x=1", "t.x=null", "n.x=1", "t:nope=1", "t:lower:lower=1", "sm.0='a'", "sm.x=null",
    "r1.nope=1", "r1.t=1", "r1.id.x=1", "r1.name.x=1",
    "r1.boss.boss.boss.boss.boss.boss.name=''", "child_via_owner=1", "child_via_OWNER.ct?='a'",
    "team_via_boss.name=1", "child_via_tag.ct=1", "child_via_ct.ct=1", "no_via_owner.ct=1",
    "child_via_.ct=1", "collectionId='item_id'", "collectionName='x'", "expand=1", "@rowid=1",
    "@nope=1", "@now:lower=1", "@now.x=1", "@collection=1", "@collection.team=1",
    "@collection.nope.name='a'", "@collection.team:x:y.name='a'", "@request=1", "@request.x=1",
    "@request.auth=null", "@request.body=null", "@request.query=''", "@request.method.x=1",
    "@request.method:isset=true", "@request.context:lower='x'", "@request.auth.email.x=null",
    "@request.auth.email:nope=1", "@request.body.no:length=''", "@request.body.n:length=5",
    "@request.body.j:length=2", "@request.body.t:each='5'", "@request.query.qt:each='5'",
    "@request.query.qt:length=1", "@request.query.qt:changed=true", "@request.body.no:changed=true",
    "@request.body.t:nope=1", "true:lower=1", "null:lower=null", "f()=1", "strftime()=1",
    "strftime(d)=''", "strftime('%Y',d,t)=''", "strftime(5)=''",
    "strftime('%Y',strftime('%Y'))=''",
    "strftime('%Y','a','a','a','a','a','a','a','a','a','a')=''", "STRFTIME('%Y')=''",
    "geoDistance(1,2,3)>1", "geoDistance('1',2,3,4)>1", "geodistance(1,2,3,4)>1",
)  # fmt: skip
FINDS = {
    "r1.id = r1": 24, "r1.boss.boss.boss.boss.boss.name=''": 24, "CHILD_via_owner.ct?='a'": 2,
    "t:length='a'": 2, "t:each='a'": 2, "t:isset='a'": 2, "j:each=1": 2, "j:length=1": 2,
    "j.x.y.z.1.2.3.4.5.6.7=null": 24, "g.x=null": 24, "TRUE=true": 24, "nUlL=''": 24,
    "@collection.TEAM.name?='a'": 24, "@collection.team_id.name?='a'": 24,
    "@request.auth.id:isset=true": 0, "@request.auth.no=null": 24, "@request.auth.no.x=null": 24,
    "@request.auth.collectionName='_superusers'": 24,
    "@request.auth.collectionId:lower!=''": 0, "@request.auth.verified:lower='1'": 24,
    "@request.auth.email:length='root@example.com'": 24,
    "@request.auth.email:lower='root@example.com'": 24, "@request.auth.password=''": 24,
    "@request.method='GET'": 24, "@request.context='default'": 24,
    "@request.headers.x_five='5'": 24, "@request.headers.x_five:isset=true": 24,
    "@request.query.qt:lower='5'": 24, "@request.query.no:isset=false": 24,
    "@request.body.r1.nope=null": 24, "@request.body.r1.only_via_owner.ot=null": 24,
    "@request.body.j.k=5": 24, "@request.body.sm.1='5'": 24, "@request.body.sm.7=null": 24,
    "@request.body.sm.1:isset=true": 24, "@request.body.sm.7:isset=true": 0,
    "@request.body.t.x=null": 24, "@request.body.n:changed=true": 20,
    "@request.body.r1:changed=true": 22, "@request.body.id:changed=true": 0,
    "@request.body.n:lower='5'": 24, "@request.body.b:lower='true'": 24,
    "@request.body.sm:lower=''": 24, "@request.body.nil=null": 24, "@request.body.free=5": 24,
    "@request.body.sm:length=2": 24, "@request.body.no.x:isset=true": 0,
    "strftime('%Y','2000-01-01')='2000'": 24, "strftime('%Y')>'2000'": 24,
    "geoDistance(0,0,0,0)=0": 24, "@todayEnd > @todayStart": 24, "@yearEnd >= @monthEnd": 24,
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_names_that_mean_nothing_are_refused(text: str):
    """The oracle answers 400 to each, and does not save it as a rule."""
    world = operators_world()

    with pytest.raises(RuleError):
        world.plan(text)
    if not text.startswith("@request.auth."):  # A guest has no fields; all of them are null.
        assert check_rule(text, world.collection, world.database.schema) is not None


@pytest.mark.parametrize("text", FINDS)
def test_names_find_what_the_oracle_finds(text: str):
    """Numbers of rows, measured on the oracle with the same fixture and request."""
    answers = operators_world().answers(text)

    assert {way: len(ids) for way, ids in answers.items()} == dict.fromkeys(answers, FINDS[text])


def test_a_good_rule_has_nothing_wrong():
    """V3 is checked when a rule is saved, too."""
    world = operators_world()

    assert check_rule("@request.auth.id != '' && rm.name ?= 'a'", world.collection,
                      world.database.schema) is None  # fmt: skip


def test_a_path_to_a_missing_collection_is_refused():
    """Collections can be deleted while a relation still names them."""
    gone: Json = {"name": "gone", "type": "relation", "collectionId": "nowhere", "maxSelect": 1}
    collection = collection_from({"id": "c", "name": "c", "fields": [gone]})
    schema = Schema(collections=(collection,))

    assert check_rule("gone.id = ''", collection, schema) is None
    assert check_rule("gone.name = ''", collection, schema) is not None
    assert check_rule("@request.body.gone.name = ''", collection, schema) is None


def test_a_guest_has_no_values():
    """Rules of a collection hold for guests, whose every value is null."""
    world = operators_world()
    plan = resolve(
        Query(collection=world.collection, rules=("@request.auth.anything.x = ''",)),
        world.database.schema,
    )

    assert len(world.database.scanned(plan, bind(plan, RequestContext()))) == 24


# --- what clients may not ----------------------------------------------------------------------


def small(team_rule: str | None) -> SmallDatabase:
    """Posts of authors in teams; the authors' secrets are hidden, their mails theirs."""

    def relation(name: str, target: str, several: int = 1) -> dict[str, Json]:
        return {"name": name, "type": "relation", "collectionId": target, "maxSelect": several}

    collections: list[dict[str, Json]] = [
        {"id": "t", "name": "team", "listRule": team_rule, "fields": [
            {"name": "name", "type": "text"},
            {"name": "marks", "type": "select", "values": ["x", "y"], "maxSelect": 3}]},
        {"id": "u", "name": "user", "type": "auth", "listRule": "", "fields": [
            {"name": "secret", "type": "text", "hidden": True}, relation("team", "t"),
            {**relation("shy", "t"), "hidden": True}]},
        {"id": "p", "name": "post", "listRule": "", "fields": [
            {"name": "title", "type": "text"}, relation("author", "u"), relation("teams", "t", 5)]},
    ]  # fmt: skip
    schema = Schema(collections=(SUPERUSERS, *map(collection_from, collections)))
    database = SmallDatabase(schema)
    database.put("team", {"id": "red", "name": "red", "marks": ["x", "y"]})
    database.put("team", {"id": "blue", "name": "blue"})
    for name, visible in (("ann", True), ("bob", False)):
        database.put("user", {"id": name, "email": f"{name}@a.co", "emailVisibility": visible,
                              "team": "red" if visible else "blue", "secret": "s"})  # fmt: skip
    database.put("post", {"id": "p1", "title": "one", "author": "ann", "teams": ["red", "blue"]})
    database.put("post", {"id": "p2", "title": "two", "author": "bob", "teams": ["blue"]})
    database.put("post", {"id": "p3", "title": "three", "author": "", "teams": []})
    return database


def found(database: SmallDatabase, filter_text: str, *, of: str = "post", sort: str = "") -> str:
    """What a client's filter finds, by a scan, by look-ups and by the evaluator alike."""
    collection = database.schema.find(of)
    assert collection is not None
    tree = parse_text(filter_text) if filter_text else None
    plan = resolve(Query(collection=collection, filter=tree, sort=sort), database.schema)
    binding = bind(plan, RequestContext(), tokenize(filter_text).literals)
    scanned = database.scanned(plan, binding)
    assert sorted(scanned) == judged(database, plan, binding)
    assert sorted(scanned) == sorted(database.looked_up(plan, binding, scanned))
    return " ".join(scanned)


@pytest.mark.parametrize("text", ["@request.auth.id = null", "@collection.team.name = null"])
def test_clients_may_not_ask_about_requests_and_other_collections(text: str):
    """Q3: it would tell what rules hide."""
    with pytest.raises(RuleForbidden):
        found(small(""), text)
    with pytest.raises(RuleForbidden):
        found(small(""), "", sort=text.split(" ")[0])


@pytest.mark.parametrize(
    "text",
    ["secret = null", "author.secret = null", "author.shy.name = null", "user_via_shy.id = ''"],
)
def test_clients_may_not_ask_about_hidden_fields(text: str):
    """W2: a filter on them would tell their values letter by letter."""
    with pytest.raises(RuleError):
        found(small(""), text, of="user" if text.startswith("s") else "post")
    with pytest.raises(RuleError):
        found(small(""), "user_via_shy.id = null", of="team")


def test_a_mail_is_found_where_it_is_shown():
    """Filters on mails would tell the hidden ones; sorting does not."""
    database = small("")

    assert found(database, "email != null", of="user") == "ann"
    assert found(database, "author.email != null") == "p1"
    assert found(database, "author.email:lower = 'ann@a.co'") == "p1"
    assert found(database, "", of="user", sort="-email") == "bob ann"


def test_a_related_collection_must_be_listable():
    """W2: without a list rule nothing is told of its records."""
    with pytest.raises(RuleError):
        found(small(None), "author.team.name != null")
    with pytest.raises(RuleError):
        found(small(None), "", sort="teams.name")
    assert found(small(None), "author.team = null") == "p3"


def test_a_list_rule_guards_the_joined_row():
    """W2: rows whose relation may not be listed are lost, whatever else the filter says."""
    database = small("name = 'red'")

    assert found(database, "author.team.name != null || title != null") == "p1 p3"
    assert found(database, "teams.name ?!= null || title != null") == "p1 p3"


def test_a_list_rule_chooses_elements_of_its_own():
    """J1: what the rule finds among a row's items is not what the filter must find."""
    database = small("marks:each ?= 'x'")

    assert found(database, "teams.marks:each ?= teams.marks:each") == "p1 p3"
    assert found(database, "teams.marks:each ?= 'y'") == "p1"
    assert found(database, "teams.id ?!= null && teams.marks:each ?> 'ann@a.co'") == "p1"


@pytest.mark.parametrize(
    ("rule", "through_many", "through_one"),
    [
        ("marks:each = 'x'", "p3", "p3"),
        ("marks:each != 'z'", "p1 p2 p3", "p1 p2 p3"),
        ("marks:each != 'x'", "p1 p2 p3", "p2 p3"),
        ("user_via_team.email != 'bob@a.co'", "p1 p3", "p1 p3"),
    ],
)
def test_a_list_rule_is_contradicted_by_its_own_row_alone(
    rule: str, through_many: str, through_one: str
):
    """R3: other elements beside the guarded row say nothing about it."""
    database = small(rule)

    assert found(database, "teams.name ?!= null || title != null") == through_many
    assert found(database, "author.team.name != null || title != null") == through_one


def test_a_list_rule_is_not_guarded_itself():
    """It is a rule: it may read what clients may not, and circles end there."""
    database = small("user_via_team.team.name != '' && user_via_team.secret ?= 's'")

    assert found(database, "teams.name ?!= null || title != null") == "p1 p2 p3"


def test_a_list_rule_guards_what_is_sorted_by():
    """An order tells values, too."""
    assert found(small("marks:each != 'x'"), "", sort="teams.name,-title") == "p3 p2 p1"
    assert found(small("marks:each = 'x'"), "", sort="teams.name") == "p3"


def test_too_many_joins_are_refused():
    """The database has a limit, and says so less clearly."""
    aliases = " || ".join(f"@collection.team:a{n}.name ?= ''" for n in range(JOINS_MAX + 1))

    with pytest.raises(RuleError, match="joins"):
        operators_world().plan(aliases)


# --- orders ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sort",
    ["id,", "id,,t", "nope", "--t", "+-t", "@now", "@nope", "true", "NULL", "5", "'a'", "t n",
     "(t)", "t:nope", "collectionId", "child_via_owner", "geoDistance(1,2,3,4)",
     ",".join(["t"] * 9), "j." + "k" * 254, "@request.auth.id"],
)  # fmt: skip
def test_sorts_that_mean_nothing_are_refused(sort: str):
    """The oracle answers 400 to each."""
    with pytest.raises(RuleError):
        operators_world().plan("", sort=sort)


@pytest.mark.parametrize(
    "sort",
    ["t,-n", " t , +n ", "-j.k.x", "rm.name", "-sm:length", "sm:each", "t:lower", "r1.boss.name",
     "@collection.team.name", "-j." + "k" * 253, ",".join(["t"] * 8)],
)  # fmt: skip
def test_sorts_keep_every_row_once(sort: str):
    """Many-valued keys must not multiply rows."""
    world = operators_world()
    plan, binding = world.plan("", sort=sort)

    assert sorted(world.database.scanned(plan, binding)) == sorted(world.database.rows["item_id"])


def test_rows_can_be_shuffled_or_stand_in_order_of_creation():
    """The two orders that are no field."""
    world = operators_world()

    assert world.plan("", sort="@random")[0].order == (Shuffled(),)
    plan, binding = world.plan("", sort="-@rowid,t")
    assert plan.order[0] == ByCreation(descending=True)
    assert world.database.scanned(plan, binding) == sorted(
        world.database.rows["item_id"], reverse=True
    )


def test_views_have_no_order_of_creation():
    """Their rows are computed."""
    view = collection_from({"id": "v", "name": "v", "type": "view", "fields": []})

    with pytest.raises(RuleError):
        resolve(Query(collection=view, sort="@rowid"), Schema(collections=(view,)))


def test_a_sort_looks_at_the_elements_that_the_filter_chose():
    """The order of friends named so is the order by those friends."""
    database = small("")

    assert found(database, "teams.name ?!= null", sort="-teams.name") == "p1 p2"
    assert found(database, "teams.marks:each ?= null", sort="teams.name,-title") == "p3 p2 p1"


@pytest.mark.parametrize("name", ["@request.auth.email", "@request.auth.id", "@request.body.t"])
def test_an_order_by_a_value_of_the_request_is_refused(name: str):
    """The oracle has no column for it; a caller's field is one, though all rows have it alike."""
    world = operators_world()

    with pytest.raises(RuleError):
        world.plan("", sort=name)
    assert world.plan("", sort="@request.auth.email:lower")[0].order


def test_a_saved_rule_may_lead_nowhere_below_a_submitted_relation():
    """Nothing is submitted while a rule is saved; it fails when somebody sends such a record."""
    world = operators_world()
    rule = "@request.body.r1.name.x = 1"

    assert check_rule(rule, world.collection, world.database.schema) is None
    with pytest.raises(RuleError):
        world.plan(rule)


def test_back_relations_of_two_collections_are_two_joins():
    """J1: their fields may have one name, yet their rows and list rules are their own."""
    id_field = TextField(id="id", name="id", primary_key=True)
    owner = RelationField(id="owner", name="owner", collection_id="one_id")
    one = Collection(id="one_id", name="one", fields=(id_field,))
    others = [
        Collection(id=f"{name}_id", name=name, fields=(id_field, owner), list_rule="")
        for name in ("two", "three")
    ]

    tree = parse_text("two_via_owner.id ?= 'a' && three_via_owner.id ?= 'a'")
    plan = resolve(Query(collection=one, filter=tree), Schema(collections=(one, *others)))

    assert [join.collection for join in plan.joins] == others
