// Where a page finds the sign-ins of Supabase's libraries, in each form in which they keep them.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { claims, supabaseTokens } from '../../static/sdk/tokens.js';

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const token = (sub, exp) => `${part({ alg: 'HS256' })}.${part({ sub, exp })}.c2ln`;
const session = (of) => JSON.stringify({ access_token: of, refresh_token: 'r', user: { name: 'Zoë 日本' } });
const inBase64 = (text) => `base64-${Buffer.from(text).toString('base64url')}`;
const pieces = (key, text, length) => Object.fromEntries(text.match(new RegExp(`.{1,${length}}`, 'gs')).map((piece, at) => [`${key}.${at}`, piece]));

function kept({ store = {}, cookies = {} }) {
  globalThis.localStorage = Object.defineProperty({ ...store }, 'getItem', { value: (key) => store[key] ?? null });
  globalThis.document = { cookie: Object.entries(cookies).map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('; ') };
}

afterEach(() => {
  delete globalThis.localStorage;
  delete globalThis.document;
});

test('a session is found as it is, in base64, in pieces, and in cookies, and what is none is passed over', () => {
  const anna = token('anna', 2000);
  for (const text of [session(anna), inBase64(session(anna))]) {
    for (const found of [{ 'sb-one-auth-token': text }, pieces('sb-one-auth-token', text, 50)]) {
      kept({ store: found });
      assert.deepEqual(supabaseTokens(), [anna]);
      kept({ cookies: { other: '1', ...found } });
      assert.deepEqual(supabaseTokens(), [anna]);
    }
  }
  for (const none of ['', '{}', 'null', 'base64-', 'base64-!', '{"access_token":1}', '[1']) {
    kept({ store: { 'sb-one-auth-token': none, 'sb-one-auth-token-code-verifier': session(anna), other: session(anna) } });
    assert.deepEqual(supabaseTokens(), [], none);
  }
});

test('of several the one that lasts longest comes first, and a token says whose it is in any letters', () => {
  const [short, long] = [token('anna', 1000), token('日本', 3000)];
  kept({ store: { 'sb-a-auth-token': session(short) }, cookies: { 'sb-b-auth-token': session(long) } });
  assert.deepEqual(supabaseTokens(), [long, short]);
  assert.equal(claims(long).sub, '日本');
});
