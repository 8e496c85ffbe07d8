// An unmodified session of the official JavaScript SDK with everything that goes through a mail.
//
// Run: node accounts.js http://127.0.0.1:8090 root@example.com root-password-1 SMTP_PORT MAIL_FOLDER
//
// The folder gets a file for each mail that the server sends: 1.json, 2.json, … The same script has
// to pass against PocketBase and against Yadokari.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import PocketBase, { ClientResponseError } from "pocketbase";

const [url, email, password, smtpPort, folder] = process.argv.slice(2);
const MAIL_MS_MAX = 10_000; // A mail that takes longer is lost.
const PASSWORD = "secret-12345";

const root = new PocketBase(url);
const pb = new PocketBase(url);
for (const client of [root, pb]) client.autoCancellation(false);
const users = pb.collection("members");

let mails = 0;
async function mail() {
  const path = join(folder, `${++mails}.json`);
  for (let waited = 0; waited < MAIL_MS_MAX && !existsSync(path); waited += 20) await sleep(20);
  return JSON.parse(readFileSync(path, "utf8"));
}

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

const steps = [];
const step = (name, work) => steps.push([name, work]);

step("a mail server is set, and tried", async () => {
  await root.collection("_superusers").authWithPassword(email, password);
  await root.settings.update({
    smtp: { enabled: true, host: "127.0.0.1", port: Number(smtpPort) },
    meta: { appName: "Journey", senderName: "宿", senderAddress: "yado@example.com" },
  });
  assert.equal(await root.settings.testEmail("_superusers", "t@example.com", "otp"), true);
  const tried = await mail();
  assert.equal(tried.to, "t@example.com");
  assert.match(tried.from, /宿 <yado@example.com>/);
  assert.equal(tried.code, "123456");
});

step("a member confirms an address", async () => {
  await root.collections.create({
    name: "members",
    type: "auth",
    createRule: "",
    viewRule: "id = @request.auth.id",
    authAlert: { enabled: false },
    otp: { enabled: true, duration: 300, length: 6 },
  });
  await users.create({ email: "m@example.com", password: PASSWORD, passwordConfirm: PASSWORD });
  await users.authWithPassword("m@example.com", PASSWORD);
  assert.equal(pb.authStore.record.verified, false);
  assert.equal(await users.requestVerification("m@example.com"), true);
  assert.equal(await users.confirmVerification((await mail()).token), true);
  assert.equal(pb.authStore.record.verified, true);
  await refused(users.confirmVerification("nothing"), 400);
});

step("a member chooses a new password", async () => {
  assert.equal(await users.requestPasswordReset("m@example.com"), true);
  const { token } = await mail();
  await refused(users.confirmPasswordReset(token, "new-password-1", "other"), 400);
  assert.equal(await users.confirmPasswordReset(token, "new-password-1", "new-password-1"), true);
  await refused(users.authRefresh(), 401);
  await refused(users.authWithPassword("m@example.com", PASSWORD), 400);
  await users.authWithPassword("m@example.com", "new-password-1");
});

step("a member moves to another address", async () => {
  assert.equal(await users.requestEmailChange("n@example.com"), true);
  const { to, token } = await mail();
  assert.equal(to, "n@example.com");
  assert.equal(await users.confirmEmailChange(token, "new-password-1"), true);
  assert.equal(pb.authStore.isValid, false); // The SDK drops a session that has ended.
  await users.authWithPassword("n@example.com", "new-password-1");
});

step("a code signs in", async () => {
  pb.authStore.clear();
  const { otpId } = await users.requestOTP("n@example.com");
  const { code } = await mail();
  await refused(users.authWithOTP(otpId, "0"), 400);
  const answer = await users.authWithOTP(otpId, code);
  assert.equal(answer.record.email, "n@example.com");
  assert.ok(pb.authStore.isValid);
});

step("two methods", async () => {
  await root.collections.update("members", { mfa: { enabled: true, duration: 300, rule: "" } });
  assert.equal((await users.listAuthMethods()).mfa.enabled, true);
  pb.authStore.clear();
  const { mfaId } = await refused(users.authWithPassword("n@example.com", "new-password-1"), 401);
  assert.match(mfaId, /^[a-z0-9]{15}$/);
  const { otpId } = await users.requestOTP("n@example.com");
  await users.authWithOTP(otpId, (await mail()).code, { mfaId });
  assert.ok(pb.authStore.isValid);
});

step("a superuser acts as a member", async () => {
  const acting = await root.collection("members").impersonate(pb.authStore.record.id, 600);
  const token = acting.authStore.token;
  assert.equal(acting.authStore.record.email, "n@example.com");
  await acting.collection("members").getOne(pb.authStore.record.id);
  assert.equal((await acting.collection("members").authRefresh()).token, token);
  await refused(users.impersonate(pb.authStore.record.id, 600), 403);
});

for (const [name, work] of steps) {
  try {
    await work();
    console.log(`ok   ${name}`);
  } catch (error) {
    console.log(`FAIL ${name}`);
    console.error(error instanceof ClientResponseError ? error.response : "", error);
    process.exit(1);
  }
}
