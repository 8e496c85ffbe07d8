// The official JavaScript SDK signs in at a real OpenID provider (oidc-provider) with real codes.
//
// Run: node oauth2.js http://127.0.0.1:8090 root@example.com root-password-1
//
// It prints one line a step and ends with status 1 at the first step that fails. The same script has
// to pass against PocketBase and against Yadokari.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { EventSource } from "eventsource";
import Provider from "oidc-provider";
import PocketBase, { ClientResponseError } from "pocketbase";

globalThis.EventSource = EventSource; // Node 20 has none; the SDK takes the global one.

const [url, email, password] = process.argv.slice(2);
const APP = "http://app.example/back";
const SCOPES = "openid email profile";

// --- the provider: everybody who comes is signed in as `person` and agrees ------------------------

let person = "ann";
const server = createServer((request, response) => answer(request, response));
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "yadokari",
      client_secret: "a secret & more: with/signs?",
      redirect_uris: [APP, `${url}/api/oauth2-redirect`],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "client_secret_basic",
    },
  ],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "preferred_username"] },
  conformIdTokenClaims: false,
  cookies: { keys: ["a key for cookies"] },
  features: { devInteractions: { enabled: false } },
  findAccount: (_, id) => ({
    accountId: id,
    claims: async () => ({
      sub: id,
      email: `${id}@example.com`,
      email_verified: true,
      name: `${id} of the provider`,
      preferred_username: id,
    }),
  }),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  issueRefreshToken: async () => true,
  pkce: { required: () => true },
});
const callback = provider.callback();

async function answer(request, response) {
  if (!request.url.startsWith("/interaction/")) return callback(request, response);
  const { params } = await provider.interactionDetails(request, response);
  const grant = new provider.Grant({ accountId: person, clientId: params.client_id });
  grant.addOIDCScope(SCOPES);
  const consent = { grantId: await grant.save() };
  await provider.interactionFinished(request, response, { login: { accountId: person }, consent });
}

// A browser with a cookie jar: follows redirects until it is sent somewhere that `stops` names.
async function browse(from, stops) {
  const jar = new Map();
  let at = from;
  for (let hops = 0; hops < 10; hops += 1) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const answered = await fetch(at, { redirect: "manual", headers: { cookie } });
    for (const line of answered.headers.getSetCookie()) {
      const [name, value] = line.split(";")[0].split(/=(.*)/s);
      jar.set(name, value);
    }
    const location = answered.headers.get("location");
    assert.ok(location, `${answered.status} at ${at}: ${await answered.text()}`);
    at = new URL(location, at).href;
    if (stops(at)) return { at, status: answered.status };
  }
  assert.fail("redirected without end");
}

// --- the session ---------------------------------------------------------------------------------

const root = new PocketBase(url);
const pb = new PocketBase(url);
for (const client of [root, pb]) client.autoCancellation(false);
await root.collection("_superusers").authWithPassword(email, password);

async function configure(more) {
  const options = {
    name: "oidc",
    clientId: "yadokari",
    clientSecret: "a secret & more: with/signs?",
    authURL: `${issuer}/auth`,
    tokenURL: `${issuer}/token`,
    userInfoURL: `${issuer}/me`,
    ...more,
  };
  const mappedFields = { name: "name" };
  await root.collections.update("users", { oauth2: { enabled: true, providers: [options], mappedFields } });
}

async function codeFor(who) {
  person = who;
  const methods = await pb.collection("users").listAuthMethods();
  const [method] = methods.oauth2.providers;
  const { at } = await browse(method.authURL + encodeURIComponent(APP), (to) => to.startsWith(APP));
  const back = new URL(at).searchParams;
  assert.equal(back.get("state"), method.state);
  return { code: back.get("code"), verifier: method.codeVerifier };
}

async function refused(promise) {
  await assert.rejects(promise, (error) => error instanceof ClientResponseError && error.status === 400);
}

const signIn = ({ code, verifier }) =>
  pb.collection("users").authWithOAuth2Code("oidc", code, verifier, APP);

const steps = [
  ["a code becomes a session", async () => {
    await configure({});
    const given = await codeFor("ann");
    const done = await signIn(given);
    assert.equal(done.record.email, "ann@example.com");
    assert.equal(done.record.name, "ann of the provider");
    assert.ok(done.record.verified && pb.authStore.isValid && done.meta.isNew);
    assert.equal(done.meta.rawUser.preferred_username, "ann");
    assert.ok(done.meta.accessToken && done.meta.expiry);
    await refused(signIn(given)); // A code is good once: the provider sees to it.
    assert.equal((await pb.collection("users").authRefresh()).record.id, done.record.id);
    assert.equal((await signIn(await codeFor("ann"))).meta.isNew, false);
    pb.authStore.clear();
  }],
  ["a code without its verifier is worth nothing", async () => {
    const given = await codeFor("ann");
    await refused(signIn({ ...given, verifier: "x".repeat(43) }));
  }],
  ["an id_token is judged by the provider's keys", async () => {
    const extra = { jwksURL: `${issuer}/jwks`, issuers: [issuer] };
    await configure({ userInfoURL: "", extra });
    const done = await signIn(await codeFor("bob"));
    assert.equal(done.record.email, "bob@example.com");
    assert.equal(done.meta.rawUser.aud, "yadokari");
    await configure({ userInfoURL: "", extra: { ...extra, issuers: ["https://another.example"] } });
    await refused(signIn(await codeFor("bob")));
    pb.authStore.clear();
  }],
  ["all in one, over realtime", async () => {
    await configure({});
    person = "cas";
    let sent;
    const done = await pb.collection("users").authWithOAuth2({
      provider: "oidc",
      createData: { name: "chosen" },
      urlCallback: async (to) => {
        sent = await browse(to, (at) => at.includes("#/auth/"));
      },
    });
    assert.equal(sent.status, 307);
    assert.equal(sent.at, `${url}/_/#/auth/oauth2-redirect-success`);
    assert.equal(done.record.email, "cas@example.com");
    assert.equal(done.record.name, "chosen");
    assert.equal(pb.authStore.record.id, done.record.id);
  }],
  ["who is signed in links another account", async () => {
    const mine = pb.authStore.record.id;
    const links = await pb.collection("_externalAuths").getFullList();
    assert.deepEqual(links.map((one) => [one.recordRef, one.providerId]), [[mine, "cas"]]);
    await pb.collection("_externalAuths").delete(links[0].id);
    const done = await signIn(await codeFor("dan"));
    assert.equal(done.record.id, mine);
    assert.equal(done.record.email, "cas@example.com");
  }],
];

for (const [name, work] of steps) {
  try {
    await work();
  } catch (error) {
    console.error(`FAILED ${name}:`, error, error?.response ?? "");
    process.exit(1);
  }
  console.log(`ok ${name}`);
}
process.exit(0);
