// Supabase's own client signs in to accounts of ours, with nothing but the address changed.
//
//   CALLBOARD_BIN=target/debug/callboard npm --prefix tests/web test
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import path from 'node:path';
import { AuthClient } from '@supabase/auth-js';
import { Callboard } from './support/callboard.mjs';
import { codeOf } from './support/totp.mjs';

const { CALLBOARD_BIN } = process.env;
const skip = CALLBOARD_BIN ? false : 'needs CALLBOARD_BIN';
const EMAIL = 'nora@example.com';
const PASSWORD = 'correct horse battery';
let server;

before(async () => {
  if (skip) return;
  server = await Callboard.create(path.resolve(process.env.INIT_CWD ?? '.', CALLBOARD_BIN), { CALLBOARD_ACCOUNTS: 'on' });
  const [, token] = (await server.invites('agency_member', EMAIL)).split('#');
  const accepted = await fetch(`${server.address}api/invitations/accept`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ token, name: 'Nora', password: PASSWORD }),
  });
  assert.equal(accepted.status, 200, await accepted.text());
});

after(() => server?.ends());

/** As an app makes it, with a memory of its own. */
function client() {
  const kept = new Map();
  const storage = {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
  const headers = { apikey: 'sb_publishable_abcdefghijklmnopqrstuv_12345678' };
  return new AuthClient({ url: `${server.address}auth/v1`, headers, storage, autoRefreshToken: false });
}

const me = (session) => fetch(`${server.address}api/me`, { headers: { Authorization: `Bearer ${session.access_token}` } });

test('it signs in, knows the user, refreshes and signs out', { skip }, async () => {
  const auth = client();
  const events = [];
  auth.onAuthStateChange((event) => void events.push(event));
  const { data, error } = await auth.signInWithPassword({ email: EMAIL, password: PASSWORD });
  assert.equal(error, null);
  assert.equal(data.user.email, EMAIL);
  assert.equal(data.session.expires_in, 900);
  assert.equal((await (await me(data.session)).json()).user.name, 'Nora');

  const user = await auth.getUser();
  assert.equal(user.error, null);
  assert.equal(user.data.user.id, data.user.id);
  // It checks the signature itself, by the keys that are published.
  const claims = await auth.getClaims();
  assert.equal(claims.error, null);
  assert.equal(claims.data.claims.sub, data.user.id);
  assert.equal(claims.data.header.alg, 'ES256');

  const refreshed = await auth.refreshSession();
  assert.equal(refreshed.error, null);
  assert.notEqual(refreshed.data.session.refresh_token, data.session.refresh_token);
  assert.equal((await me(refreshed.data.session)).status, 200);

  const out = await auth.signOut({ scope: 'local' });
  assert.equal(out.error, null);
  assert.equal((await auth.getSession()).data.session, null);
  const late = await client().refreshSession(refreshed.data.session);
  assert.equal(late.error.code, 'refresh_token_not_found');
  for (const event of ['SIGNED_IN', 'TOKEN_REFRESHED', 'SIGNED_OUT']) assert.ok(events.includes(event), `${events}`);
});

test('what goes wrong has the codes that it knows', { skip }, async () => {
  const auth = client();
  const wrong = await auth.signInWithPassword({ email: EMAIL, password: 'not this one' });
  assert.equal(wrong.error.code, 'invalid_credentials');
  assert.equal(wrong.error.status, 400);
  const code = await auth.signInWithOtp({ email: EMAIL, options: { shouldCreateUser: false } });
  assert.equal(code.error.code, 'otp_disabled');
  const recover = await auth.resetPasswordForEmail('nobody@example.com');
  assert.equal(recover.error, null);
  await auth.signInWithPassword({ email: EMAIL, password: PASSWORD });
  const weak = await auth.updateUser({ password: 'password', current_password: PASSWORD });
  assert.equal(weak.error.name, 'AuthWeakPasswordError');
  assert.deepEqual(weak.error.reasons, ['pwned']);
});

test('it enrols a second factor and shows it', { skip }, async () => {
  const auth = client();
  await auth.signInWithPassword({ email: EMAIL, password: PASSWORD });
  const enrolled = await auth.mfa.enroll({ factorType: 'totp', friendlyName: 'telephone' });
  assert.equal(enrolled.error, null);
  const factorId = enrolled.data.id;
  const shown = await auth.mfa.challengeAndVerify({ factorId, code: codeOf(enrolled.data.totp.secret) });
  assert.equal(shown.error, null);
  const level = await auth.mfa.getAuthenticatorAssuranceLevel();
  assert.deepEqual([level.data.currentLevel, level.data.nextLevel], ['aal2', 'aal2']);
  const other = client();
  const half = await other.signInWithPassword({ email: EMAIL, password: PASSWORD });
  assert.equal((await me(half.data.session)).status, 401);
  const there = await other.mfa.getAuthenticatorAssuranceLevel();
  assert.deepEqual([there.data.currentLevel, there.data.nextLevel], ['aal1', 'aal2']);
  const away = await auth.mfa.unenroll({ factorId });
  assert.equal(away.error, null);
});
