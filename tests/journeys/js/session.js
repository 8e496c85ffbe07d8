// An unmodified session of the official JavaScript SDK against a running server.
//
// Run: node session.js http://127.0.0.1:8090 root@example.com root-password-1
//
// It prints one line a step and ends with status 1 at the first step that fails. The same script has
// to pass against PocketBase and against Yadokari.
import assert from "node:assert/strict";
import { EventSource } from "eventsource";
import PocketBase, { ClientResponseError } from "pocketbase";

globalThis.EventSource = EventSource; // Node 20 has none; the SDK takes the global one.

const [url, email, password] = process.argv.slice(2);
const EVENT_MS_MAX = 5_000; // An event that takes longer is lost.

const root = new PocketBase(url);
const pb = new PocketBase(url);
for (const client of [root, pb]) client.autoCancellation(false);

const steps = [];
const step = (name, work) => steps.push([name, work]);

async function refused(promise, status) {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof ClientResponseError, String(error));
    assert.equal(error.status, status, JSON.stringify(error.response));
    return error.response;
  }
  assert.fail(`expected ${status}`);
}

const codes = (response) =>
  Object.fromEntries(Object.entries(response.data).map(([key, one]) => [key, one.code]));

step("health", async () => {
  const answer = await pb.health.check();
  assert.equal(answer.code, 200);
});

step("superuser signs in and refreshes", async () => {
  const answer = await root.collection("_superusers").authWithPassword(email, password);
  assert.equal(answer.record.collectionName, "_superusers");
  assert.ok(root.authStore.isValid && root.authStore.isSuperuser);
  await root.collection("_superusers").authRefresh();
  assert.ok(root.authStore.isSuperuser);
  assert.deepEqual(Object.keys((await root.health.check()).data).sort(), [
    "canBackup",
    "possibleProxyHeader",
    "realIP",
  ]);
});

const open = { listRule: "", viewRule: "", createRule: "", updateRule: "", deleteRule: "" };

step("collections: create, update, list, import, scaffolds", async () => {
  const team = await root.collections.create({
    name: "team",
    type: "base",
    ...open,
    fields: [{ name: "name", type: "text", required: true }],
  });
  assert.equal(team.fields[0].name, "id");
  assert.match(team.id, /^pbc_\d+$/);
  const post = await root.collections.create({
    name: "post",
    type: "base",
    ...open,
    createRule: "@request.auth.id != ''",
    fields: [
      { name: "title", type: "text", required: true, max: 20 },
      { name: "views", type: "number" },
      { name: "tags", type: "select", values: ["x", "y", "z"], maxSelect: 3 },
      { name: "team", type: "relation", collectionId: team.id, maxSelect: 1 },
      { name: "cover", type: "file", maxSelect: 1 },
      { name: "docs", type: "file", maxSelect: 5 },
      { name: "meta", type: "json" },
      { name: "created", type: "autodate", onCreate: true },
      { name: "updated", type: "autodate", onCreate: true, onUpdate: true },
    ],
  });
  const renamed = await root.collections.update("post", {
    indexes: ["CREATE INDEX `idx_post_views` ON `post` (`views`)"],
  });
  assert.equal(renamed.indexes.length, 1);
  assert.equal(renamed.id, post.id);
  const names = (await root.collections.getFullList({ sort: "name" })).map((one) => one.name);
  assert.ok(names.includes("team") && names.includes("_superusers") && names.includes("users"));
  assert.equal((await root.collections.getFirstListItem("name='post'")).id, post.id);
  assert.equal(await root.collections.import([{ ...team, viewRule: null }], false), true);
  assert.equal((await root.collections.getOne("team")).viewRule, null);
  await root.collections.update("team", { viewRule: "" });
  const scaffolds = await root.collections.getScaffolds();
  assert.deepEqual(Object.keys(scaffolds).sort(), ["auth", "base", "view"]);
  const wrong = await refused(root.collections.create({ name: "team", type: "base" }), 400);
  assert.deepEqual(codes(wrong), { name: "validation_collection_name_exists" });
  await refused(pb.collections.getList(1, 1), 401);
});

step("users: sign up, sign in, refresh, wrong password", async () => {
  const user = await pb.collection("users").create({
    email: "ann@example.com",
    password: "ann-password-1",
    passwordConfirm: "ann-password-1",
    name: "Ann",
  });
  assert.equal(user.email, undefined);
  const methods = await pb.collection("users").listAuthMethods();
  assert.deepEqual(methods.password, { enabled: true, identityFields: ["email"] });
  const wrong = pb.collection("users").authWithPassword("ann@example.com", "nope");
  assert.deepEqual((await refused(wrong, 400)).data, {});
  const answer = await pb
    .collection("users")
    .authWithPassword("ann@example.com", "ann-password-1", { fields: "token,record.id,record.email" });
  assert.equal(answer.record.email, "ann@example.com");
  await pb.collection("users").authWithPassword("ann@example.com", "ann-password-1");
  assert.ok(pb.authStore.isValid && !pb.authStore.isSuperuser);
  await pb.collection("users").authRefresh();
  assert.equal(pb.authStore.record.id, user.id);
  const short = pb.collection("users").create({ email: "x", password: "1", passwordConfirm: "1" });
  assert.deepEqual(codes(await refused(short, 400)), {
    email: "validation_is_email",
    password: "validation_min_text_constraint",
  });
});

const made = {};

step("records: create, view, update, modifiers, delete, error shapes", async () => {
  made.team = await pb.collection("team").create({ name: "Red" });
  made.post = await pb.collection("post").create({
    title: "One",
    views: 5,
    tags: ["x", "y"],
    team: made.team.id,
    meta: { k: 1 },
  });
  assert.equal(made.post.collectionName, "post");
  assert.match(made.post.id, /^[a-z0-9]{15}$/);
  assert.match(made.post.created, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z$/);
  const viewed = await pb.collection("post").getOne(made.post.id, { expand: "team" });
  assert.equal(viewed.expand.team.name, "Red");
  const changed = await pb
    .collection("post")
    .update(made.post.id, { "views+": 2, "tags-": "x", "tags+": ["z"] });
  assert.equal(changed.views, 7);
  assert.deepEqual(changed.tags, ["y", "z"]);
  const wrong = await refused(pb.collection("post").create({ title: "", tags: ["q"] }), 400);
  assert.deepEqual(codes(wrong), {
    tags: "validation_invalid_value",
    title: "validation_required",
  });
  assert.deepEqual(Object.keys(wrong).sort(), ["data", "message", "status"]);
  await refused(pb.collection("post").getOne("nothing"), 404);
  await refused(pb.collection("nothing").getList(), 404);
  await refused(new PocketBase(url).collection("post").create({ title: "No" }), 400);
  const gone = await pb.collection("post").create({ title: "Gone" });
  assert.equal(await pb.collection("post").delete(gone.id), true);
  await refused(pb.collection("post").delete(gone.id), 404);
});

step("lists: pages, full list, first item, bound filters", async () => {
  for (let index = 0; index < 12; index++) {
    await pb.collection("post").create({ title: `it's ${index}`, views: index });
  }
  const page = await pb.collection("post").getList(2, 5, { sort: "-views", filter: "views >= 0" });
  assert.deepEqual([page.page, page.perPage, page.totalItems, page.totalPages], [2, 5, 13, 3]);
  assert.equal(page.items.length, 5);
  const quick = await pb.collection("post").getList(1, 2, { skipTotal: true });
  assert.deepEqual([quick.totalItems, quick.totalPages], [-1, -1]);
  const all = await pb.collection("post").getFullList({ batch: 4, sort: "views", fields: "id,views" });
  assert.equal(all.length, 13);
  assert.deepEqual(Object.keys(all[0]).sort(), ["id", "views"]);
  const bound = pb.filter("title = {:title} && views > {:views} && created < {:now}", {
    title: "it's 3",
    views: 2,
    now: new Date(Date.now() + 86_400_000),
  });
  assert.equal((await pb.collection("post").getFirstListItem(bound)).views, 3);
  const none = pb.collection("post").getFirstListItem(pb.filter("title = {:t}", { t: "none" }));
  await refused(none, 404);
  await refused(pb.collection("post").getList(1, 1, { filter: "nope = 1" }), 400);
  await refused(pb.collection("post").getList(1, 1, { sort: "nope" }), 400);
});

step("files: upload, address, download, append, remove", async () => {
  const record = await pb.collection("post").create({
    title: "Files",
    cover: new File(["hello"], "cover page.txt", { type: "text/plain" }),
    docs: [new File(["a"], "a.txt"), new File(["bb"], "b.txt")],
    meta: { nested: [1, { k: "v" }] },
  });
  assert.match(record.cover, /^cover_page_[a-zA-Z0-9]{10}\.txt$/);
  assert.equal(record.docs.length, 2);
  assert.deepEqual(record.meta, { nested: [1, { k: "v" }] });
  const address = pb.files.getURL(record, record.cover);
  const answer = await fetch(address);
  assert.equal(answer.status, 200);
  assert.equal(await answer.text(), "hello");
  assert.match(answer.headers.get("content-type"), /^text\/plain/);
  const form = new FormData();
  form.append("docs+", new File(["ccc"], "c.txt"));
  const more = await pb.collection("post").update(record.id, form);
  assert.equal(more.docs.length, 3);
  const less = await pb.collection("post").update(record.id, { "docs-": [more.docs[0]], cover: null });
  assert.deepEqual(less.docs, more.docs.slice(1));
  assert.equal(less.cover, "");
  assert.equal((await fetch(address)).status, 404);
  assert.equal((await fetch(pb.files.getURL(record, "nothing.txt"))).status, 404);
  await pb.collection("post").delete(record.id);
});

step("batch: off, on, mixed writes, upsert, roll-back", async () => {
  await root.settings.update({ batch: { enabled: false } });
  const off = pb.createBatch();
  off.collection("team").create({ name: "No" });
  await refused(off.send(), 403);
  await root.settings.update({ batch: { enabled: true, maxRequests: 50, timeout: 3 } });
  const batch = pb.createBatch();
  batch.collection("team").create({ id: "batchteam000001", name: "Batch" });
  batch.collection("team").update("batchteam000001", { name: "Changed" });
  batch.collection("team").upsert({ id: "batchteam000001", name: "Upserted" });
  batch.collection("team").upsert({ id: "batchteam000002", name: "New" });
  batch.collection("post").create({ title: "File", docs: [new File(["x"], "x.txt")] });
  batch.collection("team").delete("batchteam000001");
  const results = await batch.send();
  assert.deepEqual(results.map((one) => one.status), [200, 200, 200, 200, 200, 204]);
  assert.equal(results[2].body.name, "Upserted");
  assert.equal(results[4].body.docs.length, 1);
  assert.equal(results[5].body, null);
  await pb.collection("post").delete(results[4].body.id);
  const broken = pb.createBatch();
  broken.collection("team").create({ id: "batchteam000003", name: "Rolled back" });
  broken.collection("team").create({ name: "" });
  const wrong = await refused(broken.send(), 400);
  assert.deepEqual(Object.keys(wrong.data.requests), ["1"]);
  assert.equal(wrong.data.requests["1"].code, "batch_request_failed");
  assert.deepEqual(codes(wrong.data.requests["1"].response), { name: "validation_required" });
  await refused(pb.collection("team").getOne("batchteam000003"), 404);
});

function collector() {
  const events = [];
  let wake = () => {};
  const push = (event) => {
    events.push([event.action, event.record.name ?? event.record.id]);
    wake();
  };
  const until = async (count) => {
    const deadline = Date.now() + EVENT_MS_MAX;
    while (events.length < count) {
      const left = deadline - Date.now();
      assert.ok(left > 0, `only ${JSON.stringify(events)} of ${count} events came`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return events;
  };
  return { events, push, until };
}

step("realtime: subscribe, events, options, unsubscribe", async () => {
  const all = collector();
  const one = collector();
  const filtered = collector();
  const stop = await pb.collection("team").subscribe("*", all.push);
  await pb.collection("team").subscribe(made.team.id, one.push);
  await pb
    .collection("team")
    .subscribe("*", filtered.push, { filter: "name = 'Wanted'", fields: "name" });
  await pb.collection("team").update(made.team.id, { name: "Redder" });
  const fresh = await pb.collection("team").create({ name: "Wanted" });
  await pb.collection("team").delete(fresh.id);
  assert.deepEqual(await all.until(3), [
    ["update", "Redder"],
    ["create", "Wanted"],
    ["delete", "Wanted"],
  ]);
  assert.deepEqual(await one.until(1), [["update", "Redder"]]);
  assert.deepEqual(await filtered.until(2), [
    ["create", "Wanted"],
    ["delete", "Wanted"],
  ]);
  await stop();
  await pb.collection("team").update(made.team.id, { name: "Reddest" });
  await one.until(2);
  assert.equal(all.events.length, 3);
  await pb.collection("team").unsubscribe();
  await pb.realtime.unsubscribe();
  assert.equal(pb.realtime.isConnected, false);
});

step("realtime: rules decide who hears", async () => {
  await root.collections.update("team", { listRule: "@request.auth.name = 'Ann'" });
  const guest = new PocketBase(url);
  const heard = collector();
  const deaf = collector();
  await pb.collection("team").subscribe("*", heard.push);
  await guest.collection("team").subscribe("*", deaf.push);
  await guest.collection("post").subscribe("*", deaf.push);
  await pb.collection("team").update(made.team.id, { name: "Secret" });
  const last = await pb.collection("post").create({ title: "Last" });
  assert.deepEqual(await heard.until(1), [["update", "Secret"]]);
  assert.deepEqual(await deaf.until(1), [["create", last.id]]);
  await Promise.all([pb.realtime.unsubscribe(), guest.realtime.unsubscribe()]);
});

step("views: a saved query is a collection", async () => {
  await root.collections.create({
    name: "popular",
    type: "view",
    listRule: "",
    viewRule: "",
    viewQuery: "select id, title, views from post where views > 9",
  });
  const rows = await pb.collection("popular").getFullList({ sort: "-views", fields: "title,views" });
  assert.deepEqual(rows, [
    { title: "it's 11", views: 11 },
    { title: "it's 10", views: 10 },
  ]);
  await refused(pb.collection("popular").create({ title: "No" }), 400);
  assert.equal(await root.collections.delete("popular"), true);
});

step("superuser: truncate and delete collections", async () => {
  assert.equal(await root.collections.truncate("post"), true);
  assert.equal((await pb.collection("post").getList(1, 1)).totalItems, 0);
  await refused(root.collections.delete("team"), 400);
  assert.equal(await root.collections.delete("post"), true);
  assert.equal(await root.collections.delete("team"), true);
  await refused(root.collections.getOne("team"), 404);
});

step("sign out: password change revokes tokens", async () => {
  const token = pb.authStore.token;
  await pb.collection("users").update(pb.authStore.record.id, {
    oldPassword: "ann-password-1",
    password: "ann-password-2",
    passwordConfirm: "ann-password-2",
  });
  const old = new PocketBase(url);
  old.authStore.save(token, null);
  await refused(old.collection("users").authRefresh(), 401);
  await pb.collection("users").authWithPassword("ann@example.com", "ann-password-2");
  assert.equal(await pb.collection("users").delete(pb.authStore.record.id), true);
  pb.authStore.clear();
  assert.equal(pb.authStore.isValid, false);
});

for (const [name, work] of steps) {
  try {
    await work();
    console.log(`ok   ${name}`);
  } catch (error) {
    console.log(`FAIL ${name}`);
    console.log(error?.response ? `${error} ${JSON.stringify(error.response)}` : error);
    process.exit(1);
  }
}
process.exit(0);
