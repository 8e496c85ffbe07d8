// What a superuser does with the official JavaScript SDK to keep an installation in order: logs, jobs,
// backups, SQL. The same script has to pass against PocketBase and against Yadokari.
//
// Run: node upkeep.js http://127.0.0.1:8090 root@example.com root-password-1
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import PocketBase, { ClientResponseError } from "pocketbase";

const [url, email, password] = process.argv.slice(2);
const WAIT_MS_MAX = 20_000; // Logs are written every three seconds; a restart takes less than one.

const root = new PocketBase(url);
root.autoCancellation(false);

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

async function until(holds) {
  const end = Date.now() + WAIT_MS_MAX;
  for (;;) {
    try {
      if (await holds()) return;
    } catch (error) {
      if (!(error instanceof ClientResponseError)) throw error;
    }
    assert.ok(Date.now() < end, "waited too long");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const steps = {
  async "signs in, switches logs on"() {
    await root.collection("_superusers").authWithPassword(email, password);
    await root.settings.update({ logs: { maxDays: 5, minLevel: 0 } });
  },

  async logs() {
    await root.health.check({ query: { journey: "1" } });
    const filter = root.filter("data.url ~ {:part} && level = 0", { part: "journey=1" });
    await until(async () => (await root.logs.getList(1, 10, { filter })).totalItems === 1);
    const [entry] = (await root.logs.getList(1, 10, { filter, sort: "-@rowid" })).items;
    assert.deepEqual(await root.logs.getOne(entry.id), entry);
    assert.equal(entry.data.type, "request");
    const stats = await root.logs.getStats({ filter });
    assert.equal(stats.reduce((sum, hour) => sum + hour.total, 0), 1);
    assert.equal(await root.logs.truncate(), true);
    await refused(root.logs.getOne(entry.id), 404);
  },

  async "settings, a storage test, a secret for Apple"() {
    const settings = await root.settings.getAll();
    assert.equal(settings.s3.enabled, false);
    await refused(root.settings.testS3("backups"), 400);
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = privateKey.export({ type: "pkcs8", format: "pem" });
    const made = await root.settings.generateAppleClientSecret("app", "TEAM123456", "KEY1234567", pem, 60);
    assert.equal(made.secret.split(".").length, 3);
    await refused(root.settings.generateAppleClientSecret("app", "TEAM", "KEY", pem, 60), 400);
  },

  async "what collections can be made of, links of accounts"() {
    const providers = await root.collections.getAllOAuth2Providers();
    assert.ok(providers.some((one) => one.name === "google"));
    const tried = await root.collections.dryRunViewQuery("SELECT id, email FROM users");
    assert.deepEqual(tried.sample ?? tried, []);
    const users = root.collection("users");
    const body = { email: "links@example.com", password: "12345678", passwordConfirm: "12345678" };
    const user = await users.create(body);
    assert.deepEqual(await users.listExternalAuths(user.id), []);
    await refused(users.unlinkExternalAuth(user.id, "google"), 404);
    await users.delete(user.id);
  },

  async crons() {
    const jobs = await root.crons.getFullList();
    assert.ok(jobs.some((job) => job.id === "__pbLogsCleanup__" && job.expression === "0 */6 * * *"));
    assert.equal(await root.crons.run("__pbDBOptimize__"), true);
    await refused(root.crons.run("nope"), 404);
  },

  async sql() {
    const read = await root.sql.run("SELECT email FROM _superusers WHERE email = '" + email + "'");
    assert.deepEqual(read.rows, [[email]]);
    assert.deepEqual(read.columns, [{ name: "email", type: "TEXT", nullable: true }]);
    const write = await root.sql.run("UPDATE _superusers SET emailVisibility = 1");
    assert.equal(write.affectedRows, 1);
    await refused(root.sql.run("nope"), 400);
  },

  async backups() {
    await root.collections.create({ name: "notes", type: "base", fields: [] });
    const notes = root.collection("notes");
    const note = await notes.create({});
    assert.equal(await root.backups.create("journey.zip"), true);
    const [made] = await root.backups.getFullList();
    assert.equal(made.key, "journey.zip");
    const link = root.backups.getDownloadURL(await root.files.getToken(), "journey.zip");
    const bytes = await (await fetch(link)).arrayBuffer();
    assert.equal(bytes.byteLength, made.size);
    const file = new File([bytes], "again.zip");
    assert.equal(await root.backups.upload({ file }), true);
    assert.equal(await root.backups.delete("journey.zip"), true);
    await notes.delete(note.id);
    assert.equal(await root.backups.restore("again.zip"), true);
    await until(async () => (await notes.getOne(note.id)).id === note.id);
    assert.deepEqual((await root.backups.getFullList()).map((one) => one.key), ["again.zip"]);
  },
};

for (const [name, work] of Object.entries(steps)) {
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
