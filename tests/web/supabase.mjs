// supabase-js itself calls import-telnyx-to-ultravox, as the web app that exists does.
//
//   CALLBOARD_BIN=target/debug/callboard npm --prefix tests/web test
//
// The Ultravox behind it answers as its OpenAPI file says (PATCH /api/accounts/me/telephony_config,
// schemas AccountTelephonyConfig and TelnyxConfig).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import path from 'node:path';
import { createClient, FunctionsHttpError } from '@supabase/supabase-js';
import { Callboard, JWT_SECRET } from './support/callboard.mjs';

const { CALLBOARD_BIN } = process.env;
const skip = CALLBOARD_BIN ? false : 'needs CALLBOARD_BIN';
const FUNCTION = 'import-telnyx-to-ultravox';
const APPLICATION = '1684641123236054244';
const KEY = 'Ab12Cd34.0123456789abcdef0123456789abcdef';
const REQUIRED = ['accountSid', 'apiKey', 'publicKey', 'applicationSid'];

/** Ultravox's account endpoint: what it was asked, and what it holds. */
class Ultravox {
  asked = [];
  telnyx = null;
  refusal = null;
  #server = createServer((request, response) => this.#answer(request, response));

  async starts() {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.url = `http://127.0.0.1:${this.#server.address().port}`;
  }

  ends() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    this.asked.push({ method: request.method, url: request.url, key: request.headers['x-api-key'], body: text && JSON.parse(text) });
    const says = (status, body) => response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    if (request.headers['x-api-key'] !== KEY) return says(401, { detail: 'Invalid API key.' });
    if (request.url !== '/api/accounts/me/telephony_config') return says(404, { detail: 'Not found.' });
    if (this.refusal) return says(...this.refusal);
    if (request.method === 'PATCH') {
      const { telnyx } = JSON.parse(text);
      const missing = REQUIRED.filter((name) => !telnyx[name]);
      if (missing.length) return says(400, { telnyx: Object.fromEntries(missing.map((name) => [name, ['This field is required.']])) });
      const { apiKey, publicKey, ...shown } = telnyx;
      const prefix = (value) => ({ prefix: value.slice(0, 4) });
      this.telnyx = { callCreationAllowedAgentIds: [], requestContextMapping: {}, ...shown, apiKeyPrefix: prefix(apiKey), publicKeyPrefix: prefix(publicKey) };
    }
    return says(200, { twilio: null, telnyx: this.telnyx, plivo: null });
  }
}

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A legacy anon key: a token of nobody, signed by the same secret as users' tokens. */
function anonKey() {
  const signed = `${base64url({ alg: 'HS256', typ: 'JWT' })}.${base64url({ iss: 'supabase', ref: 'test', role: 'anon', iat: 1, exp: 4102444800 })}`;
  return `${signed}.${createHmac('sha256', JWT_SECRET).update(signed).digest('base64url')}`;
}

// Node before 22 has no WebSocket of its own and a client is not made without one; nothing here uses it.
const realtime = { transport: globalThis.WebSocket ?? class {} };
const PUBLISHABLE = 'sb_publishable_abcdefghijklmnopqrstuv_12345678';
const ultravox = new Ultravox();
let server;
let owner;
let member;

before(async () => {
  if (skip) return;
  await ultravox.starts();
  server = await Callboard.create(path.resolve(process.env.INIT_CWD ?? '.', CALLBOARD_BIN), {
    CALLBOARD_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    ULTRAVOX_API_BASE: ultravox.url,
  });
  owner = await server.employs('Olivia', 'agency_owner');
  member = await server.employs('Mia', 'agency_member');
});

after(async () => {
  await server?.ends();
  ultravox.ends();
});

/** What the web app does: a client with the project's key, and the session's token if signed in. */
function invoke(key, token, options) {
  return client(key, token).functions.invoke(FUNCTION, options);
}

function client(key, token) {
  const url = server.address.replace(/\/$/, '');
  return createClient(url, key, { realtime, ...(token && { accessToken: async () => token }) });
}

async function refused(invoked, status) {
  const { data, error } = await invoked;
  assert.equal(data, null);
  assert.ok(error instanceof FunctionsHttpError, String(error));
  assert.equal(error.context.status, status);
  return error.context.json();
}

test('without credentials the owner reads which are missing', { skip }, async () => {
  const body = await refused(invoke(PUBLISHABLE, owner), 400);
  assert.deepEqual(body, {
    error: 'Missing required credentials',
    missing: ['ultravox_api_key', 'telnyx_api_key', 'telnyx_public_key', 'telnyx_application_id'],
  });
});

test('a signed-in owner imports, with and without a body', { skip }, async () => {
  await server.stores(
    `ultravox_api_key=${KEY}`, 'telnyx_api_key=KEY0123456789', `telnyx_application_id=${APPLICATION}`,
    'telnyx_public_key=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=', 'telnyx_account_sid=an-organisation',
  );
  for (const [key, options] of [[PUBLISHABLE], [anonKey()], [anonKey(), { body: {} }], [PUBLISHABLE, { method: 'POST', body: { any: 1 } }]]) {
    const { data, error } = await invoke(key, owner, options);
    assert.equal(error, null);
    assert.deepEqual(data, { success: true, telnyx_configured_in_ultravox: true, application_id: APPLICATION });
  }
  const patch = ultravox.asked.find(({ method }) => method === 'PATCH');
  assert.equal(patch.key, KEY);
  assert.deepEqual(patch.body.telnyx, {
    accountSid: 'an-organisation', apiKey: 'KEY0123456789', applicationSid: APPLICATION,
    publicKey: '11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=', callCreationAllowAllAgents: true,
  });
});

test('signed out it is 401: with an anon key, with a publishable key, with none', { skip }, async () => {
  const asked = ultravox.asked.length;
  assert.ok((await refused(invoke(anonKey()), 401)).error);
  assert.ok((await refused(invoke(PUBLISHABLE), 401)).error);
  // What supabase-js sends from 2.119 on: no Authorization at all.
  const bare = await fetch(`${server.address}functions/v1/${FUNCTION}`, { method: 'POST', headers: { apikey: PUBLISHABLE } });
  assert.equal(bare.status, 401);
  assert.equal(bare.headers.get('access-control-allow-origin'), '*');
  assert.equal(ultravox.asked.length, asked);
});

test('a member is 403, another method 405, an unknown function 404', { skip }, async () => {
  assert.match((await refused(invoke(PUBLISHABLE, member), 403)).error, /agency_owner/);
  assert.ok((await refused(invoke(PUBLISHABLE, owner, { method: 'GET' }), 405)).error);
  assert.ok((await refused(client(PUBLISHABLE, owner).functions.invoke('nothing'), 404)).error);
});

test("Ultravox's own message comes through as 502", { skip }, async () => {
  ultravox.refusal = [400, { telnyx: { applicationSid: ['Invalid application.'] } }];
  const { error } = await refused(invoke(PUBLISHABLE, owner), 502);
  assert.match(error, /^telnyx\.applicationSid: Invalid application\. Store telnyx_application_id/, 'its own words, then what to do');
  ultravox.refusal = [401, { detail: 'Invalid API key.' }];
  assert.deepEqual(await refused(invoke(PUBLISHABLE, owner), 502), { error: 'Invalid API key.' });
  ultravox.refusal = null;
});
