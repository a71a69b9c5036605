// The client library against a server that says what we like, at a time that we choose.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { AuthRetryableFetchError } from '@supabase/supabase-js';
import { CallboardClient, CallboardError } from '../../static/sdk/index.js';
import { Platform, settled, token } from './support/platform.mjs';

const ANNA = token('anna');
const call = (n, more = {}) => ({
  id: `call-${n}`,
  call_control_id: `v3:${n}`,
  status: 'incoming',
  created_at: `2026-11-21T08:59:${String(n).padStart(2, '0')}.000000Z`,
  answered_by: null,
  answered_by_name: null,
  ...more,
});
const event = (seq, type, its, more = {}) => ({ type, seq, occurred_at: its.created_at, recorded_at: its.created_at, actor: null, call: its, ...more });
const snapshot = (seq, calls = [], more = {}) => ({ type: 'snapshot', epoch: 'one', seq, reason: 'fresh', heartbeat_s: 15, user: { id: 'anna' }, calls, ...more });
const resumed = (from, seq) => ({ type: 'resumed', epoch: 'one', from, seq, heartbeat_s: 15, user: { id: 'anna' } });

function world({ platform = new Platform(), token: tokenOf = () => ANNA } = {}) {
  const client = new CallboardClient({ url: 'http://calls.test/api', token: tokenOf, platform });
  return { platform, client, is: () => client.getSnapshot() };
}

async function live(options, first = snapshot(1042)) {
  const it = world(options);
  it.client.start();
  await settled();
  it.platform.socket.opens();
  it.platform.socket.says(first);
  return it;
}

test('the client speaks first, with its token and no position, and is live with the snapshot', async () => {
  const { platform, client, is } = world();
  assert.equal(is().state, 'stopped');
  client.start();
  assert.equal(is().state, 'connecting');
  await settled();
  assert.deepEqual([platform.socket.url, platform.socket.protocol], ['ws://calls.test/ws', 'callboard.v1']);
  platform.socket.opens();
  assert.deepEqual(platform.socket.sent, [{ type: 'connect', token: ANNA }]);
  platform.socket.says(snapshot(1042, [call(2), call(1)]));
  assert.equal(is().state, 'live');
  assert.deepEqual(is().calls.map(({ id }) => id), ['call-1', 'call-2']);
  assert.equal(is().incomingCall.id, 'call-1');
  assert.deepEqual(is().position, { epoch: 'one', seq: 1042 });
});

test('events replace calls, a release is remembered, what ended is listed apart', async () => {
  const { platform, is } = await live();
  const ben = { answered_by: 'ben', answered_by_name: 'Ben' };
  platform.socket.says(event(1043, 'call.incoming', call(1)));
  platform.socket.says(event(1044, 'call.answering', call(1, { status: 'answering', ...ben })));
  assert.equal(is().incomingCall, null);
  platform.socket.says(event(1045, 'call.released', call(1), { reason: 'busy' }));
  assert.deepEqual(is().incomingCall.released, { reason: 'busy', who: 'Ben', id: 'ben' });
  platform.socket.says(event(1046, 'call.unheard_of', call(1)));
  platform.socket.says({ type: 'weather', sunny: true });
  platform.socket.says(event(1047, 'call.ended', call(1, { status: 'ended', ended_at: '2026-11-21T09:00:01Z' }), { reason: 'reconciled' }));
  assert.deepEqual([is().calls.length, is().ended[0].end_reason, is().state, is().faults], [0, 'reconciled', 'live', 0]);
});

test('a snapshot is the same object until something changes', async () => {
  const { platform, client, is } = await live();
  let told = 0;
  client.subscribe(() => (told += 1));
  const before = is();
  assert.equal(is(), before);
  platform.socket.says(event(1043, 'call.incoming', call(1)));
  assert.ok(told > 0);
  assert.notEqual(is(), before);
  assert.deepEqual(before.calls, []);
});

test('after a lost connection it says where it stopped, catches up, and tells how much', async () => {
  const { platform, client, is } = await live();
  const heard = [];
  client.on('event', ({ event: { seq }, live: now }) => heard.push([seq, now]));
  platform.socket.ends(1006);
  assert.equal(is().state, 'stale');
  assert.equal(is().staleSince, platform.now());
  await platform.passes(500);
  platform.socket.opens();
  assert.deepEqual(platform.socket.sent[0].position, { epoch: 'one', seq: 1042 });
  platform.socket.says(resumed(1042, 1044));
  assert.deepEqual([is().state, is().behind, is().staleSince], ['catching_up', 2, null]);
  platform.socket.says(event(1043, 'call.incoming', call(1)));
  platform.socket.says(event(1044, 'call.incoming', call(2)));
  assert.deepEqual([is().state, is().caughtUp.events], ['live', 2]);
  platform.socket.says(event(1045, 'call.incoming', call(3)));
  assert.deepEqual(heard, [[1043, false], [1044, false], [1045, true]]);
});

test('back-off: full jitter, doubling from half a second to twenty', async () => {
  const { platform } = await live();
  for (const ceiling of [500, 1000, 2000, 4000, 8000, 16_000, 20_000, 20_000]) {
    const tries = platform.sockets.length;
    platform.socket.ends(1006);
    await platform.passes(ceiling - 1);
    assert.equal(platform.sockets.length, tries, `before ${ceiling} ms`);
    await platform.passes(1);
    assert.equal(platform.sockets.length, tries + 1, `after ${ceiling} ms`);
  }
  platform.chance = 0.25;
  platform.socket.ends(1006);
  const tries = platform.sockets.length;
  await platform.passes(5000);
  assert.equal(platform.sockets.length, tries + 1, 'a quarter of twenty seconds');
});

test('a connection that held resets the back-off', async () => {
  const { platform } = await live();
  for (let i = 0; i < 5; i += 1) {
    platform.socket.ends(1006);
    await platform.passes(20_000);
  }
  platform.socket.opens();
  platform.socket.says(resumed(1042, 1042));
  await platform.passes(3_000);
  platform.socket.ends(1006);
  const tries = platform.sockets.length;
  await platform.passes(500);
  assert.equal(platform.sockets.length, tries + 1);
});

test('a draining server names the time, and neither chance nor a waking user shortens it', async () => {
  const { platform, client, is } = await live();
  platform.chance = 0;
  platform.socket.says({ type: 'error', code: 'going_away', message: 'restarting', reconnect: true, retry_after_ms: 4000 });
  platform.socket.ends(1001);
  assert.equal(is().problem.code, 'restarting');
  await platform.passes(3_999);
  client.wake();
  await settled();
  assert.equal(platform.sockets.length, 1);
  await platform.passes(1);
  assert.equal(platform.sockets.length, 2);
});

test('a server that always says to come back at once, or in a thousand years, is believed once', async () => {
  for (const [told, least, most] of [[0, 3, 12], [-5, 3, 12], [1e12, 0, 0]]) {
    const { platform } = await live();
    const before = platform.sockets.length;
    for (let passed = 0; passed < 60_000 && platform.sockets.length < 500; passed += 100) {
      while (platform.socket.readyState !== 3 && platform.sockets.length < 500) {
        platform.socket.opens();
        platform.socket.says({ type: 'error', code: 'going_away', message: 'restarting', reconnect: true, retry_after_ms: told });
        platform.socket.ends(1001);
        await settled();
      }
      await platform.passes(100);
    }
    const sockets = platform.sockets.length - before;
    assert.ok(sockets >= least && sockets <= most, `${sockets} sockets in a minute, told ${told}`);
  }
});

test('two and a half silent heartbeats: stale, and another socket', async () => {
  const { platform, is } = await live();
  await platform.passes(15_000);
  platform.socket.says({ type: 'heartbeat', seq: 1042, at: '…' });
  const heard = platform.now();
  await platform.passes(37_000);
  assert.equal(is().state, 'live');
  await platform.passes(1_600);
  assert.deepEqual([is().state, is().problem.code, is().staleSince], ['stale', 'silent', heard]);
  assert.equal(platform.sockets[0].closedByClient, true);
  await platform.passes(500);
  assert.equal(platform.sockets.length, 2);
});

test('after sleep the socket is asked whether it lives; no answer soon and it is replaced, within three seconds in all', async () => {
  const { platform, client, is } = await live();
  platform.sleeps(20_000);
  client.wake();
  assert.deepEqual(platform.socket.sent.at(-1), { type: 'ping' });
  await platform.passes(1_400);
  assert.equal(is().state, 'live');
  platform.socket.says({ type: 'pong' });
  await platform.passes(10_000);
  assert.equal(is().state, 'live');
  client.wake();
  await platform.passes(1_600);
  assert.equal(is().problem.code, 'silent');
  await platform.passes(500);
  platform.socket.opens();
  platform.socket.says(resumed(1042, 1042));
  assert.deepEqual([is().state, platform.sockets.length], ['live', 2]);
});

test('a page that was held up itself does not take that for the server’s silence', async () => {
  const { platform, is } = await live();
  await platform.passes(1_000);
  platform.sleeps(60_000); // beyond any heartbeat, with the heartbeats waiting to be read
  await platform.passes(0);
  assert.equal(is().state, 'live');
  platform.socket.says({ type: 'heartbeat', seq: 1042, at: '…' });
  await platform.passes(3_000);
  assert.deepEqual([is().state, platform.sockets.length], ['live', 1]);
  platform.sleeps(60_000);
  await platform.passes(600);
  assert.equal(is().problem.code, 'silent', 'nothing was waiting');
});

test('a machine that slept without a word of its browser is found out by its clocks', async () => {
  for (const slept of [(platform) => platform.sleeps(20_000), (platform) => platform.sets(20_000)]) {
    const { platform, is } = await live();
    await platform.passes(1_000);
    slept(platform);
    await platform.passes(1_000);
    assert.deepEqual(platform.socket.sent.at(-1), { type: 'ping' });
    await platform.passes(2_000);
    assert.equal(is().problem.code, 'silent');
  }
});

test('on waking a dial older than a second is made again, a younger one gets half a second more, and the back-off starts over', async () => {
  for (const [age, again] of [[1_000, 0], [3_000, 0], [900, 1_100], [100, 1_900]]) {
    const { platform, client, is } = await live();
    for (let lost = 0; lost < 6; lost += 1) {
      platform.socket.ends(1006);
      await platform.passes(20_000);
    }
    const dials = platform.sockets.length;
    platform.socket.ends(1006);
    await platform.passes(20_000);
    assert.equal(platform.sockets.length, dials + 1);
    await platform.passes(age);
    client.wake();
    await settled();
    if (again) await platform.passes(again + 1);
    assert.equal(platform.sockets.length, dials + 2, `a dial of ${age} ms`);
    // This one fails, and the next comes after half a second at most.
    platform.socket.ends(1006);
    await platform.passes(1_000);
    assert.equal(platform.sockets.length, dials + 3);
    platform.socket.opens();
    platform.socket.says(resumed(1042, 1042));
    assert.equal(is().state, 'live');
  }
});

test('a user who comes back does not sit out the back-off', async () => {
  const { platform, client } = await live();
  platform.socket.ends(1006);
  client.wake();
  await settled();
  assert.equal(platform.sockets.length, 2);
});

test('a token is renewed on the open connection', async () => {
  const asked = [];
  const newer = token('anna', { exp: 2 });
  const tokenOf = ({ reason }) => {
    asked.push(reason);
    return reason === 'expiring' ? Promise.resolve(newer) : ANNA;
  };
  const { platform, is } = await live({ token: tokenOf });
  platform.socket.says({ type: 'token_expiring', expires_at: '…' });
  await settled();
  assert.deepEqual(asked, ['connect', 'expiring']);
  assert.deepEqual(platform.socket.sent.at(-1), { type: 'refresh', token: newer });
  assert.deepEqual([platform.sockets.length, is().state], [1, 'live']);
});

test('an expired token without a successor keeps the calls, stale, until somebody signs in', async () => {
  let current = ANNA;
  const tokenOf = ({ reason }) => (reason === 'expired' || current !== ANNA ? (current === ANNA ? null : current) : current);
  const { platform, client, is } = await live({ token: tokenOf }, snapshot(7, [call(1)]));
  platform.socket.ends(4001);
  await settled();
  assert.deepEqual([is().state, is().problem.code, is().calls.length], ['stale', 'token_expired', 1]);
  await platform.passes(60_000);
  assert.equal(platform.sockets.length, 1, 'nothing is tried without a token');
  current = token('anna', { exp: 2 });
  await client.signedIn();
  platform.socket.opens();
  assert.deepEqual(platform.socket.sent[0], { type: 'connect', token: current, position: { epoch: 'one', seq: 7 } });
});

/** Time passes until the next socket is being opened. */
async function dialled(platform) {
  for (let waited = 0; platform.socket.readyState !== 0 && waited < 60_000; waited += 100) await platform.passes(100);
}

/** A server that turns every socket away, for so long; how many there were. */
async function turnedAway(platform, code, ms) {
  const before = platform.sockets.length;
  for (let passed = 0; passed < ms && platform.sockets.length < 500; passed += 100) {
    while (platform.socket.readyState === 0 && platform.sockets.length < 500) {
      platform.socket.opens();
      platform.socket.ends(code);
      await settled();
    }
    await platform.passes(100);
  }
  return platform.sockets.length - before;
}

test('a token refused as expired that comes again: like any loss, not thousands of sockets a second', async () => {
  const { platform, is } = await live({}, snapshot(7, [call(1)]));
  platform.socket.ends(4001);
  await settled();
  const sockets = await turnedAway(platform, 4001, 60_000);
  assert.ok(sockets >= 3 && sockets <= 10, `${sockets} sockets in a minute`);
  assert.deepEqual([is().state, is().problem.code, is().calls.length], ['stale', 'token_expired', 1]);
  await dialled(platform);
  platform.socket.opens();
  platform.socket.says(resumed(7, 7));
  assert.equal(is().state, 'live');
});

test('nor do ever new tokens, expired or false, when none of them is taken', async () => {
  for (const code of [4001, 4500]) {
    let minted = 0;
    const { platform, is } = await live({ token: () => token('anna', { exp: (minted += 1) }) });
    platform.socket.ends(code);
    await settled();
    assert.equal(platform.sockets.length, 2, 'the first new one is tried at once');
    const sockets = await turnedAway(platform, code, 60_000);
    assert.ok(sockets >= 3 && sockets <= 10, `${sockets} sockets in a minute, closed ${code}`);
    assert.equal(is().state, 'stale');
  }
});

test('nobody signed in while a board is known: asked again on waking and once a minute, and live with what comes', async () => {
  for (const returns of [(platform, client) => client.wake(), (platform) => platform.passes(60_000)]) {
    const asked = [];
    let current = ANNA;
    const tokenOf = ({ reason }) => {
      asked.push(reason);
      return current;
    };
    const { platform, client, is } = await live({ token: tokenOf }, snapshot(7, [call(1)]));
    current = null;
    platform.socket.ends(1006);
    await platform.passes(500);
    assert.deepEqual([is().state, is().problem.code, is().calls.length, asked.length], ['stale', 'token_expired', 1, 2]);
    await platform.passes(59_000);
    assert.equal(asked.length, 2, 'at long intervals only');
    current = token('anna', { exp: 2 });
    await returns(platform, client);
    await settled();
    platform.socket.opens();
    assert.deepEqual(platform.socket.sent[0], { type: 'connect', token: current, position: { epoch: 'one', seq: 7 } });
  }
});

test('a token that was lost on the way is not held for a refused one', async () => {
  const asked = [];
  const tokens = [ANNA, token('anna', { exp: 2 })];
  const tokenOf = ({ reason }) => {
    asked.push(reason);
    return reason === 'expired' ? tokens[1] : tokens[asked.length > 1 ? 1 : 0];
  };
  const { platform } = await live({ token: tokenOf });
  platform.socket.ends(4001);
  await settled();
  platform.socket.ends(1006);
  await platform.passes(1_000);
  assert.deepEqual(asked, ['connect', 'expired', 'connect']);
});

test('a token function that never answers is asked again', async () => {
  let asked = 0;
  const { platform, client, is } = await live({ token: () => ((asked += 1) === 2 ? new Promise(() => {}) : ANNA) });
  platform.socket.ends(1006);
  await platform.passes(62_000);
  assert.deepEqual([asked, platform.sockets.length], [3, 2]);
  assert.equal(is().problem.code, 'no_token');
  client.stop();
});

test('the README’s snippet: unreached Supabase is tried again, nobody signed in waits, a session goes on', async () => {
  const readme = readFileSync(new URL('../../static/sdk/README.md', import.meta.url), 'utf8');
  const [, snippet] = /```js\nimport \{ configure \}[^\n]*\n([^]*?)```/.exec(readme);
  let session = { data: { session: { access_token: ANNA } }, error: null };
  const supabase = { auth: { getSession: async () => session } };
  let options;
  new Function('configure', 'supabase', snippet)((given) => (options = given), supabase);
  const { platform, is } = await live({ token: options.token });
  for (const error of [new AuthRetryableFetchError('fetch failed', 0), new AuthRetryableFetchError('Bad gateway', 502)]) {
    session = { data: { session: null }, error };
    platform.socket.ends(1006);
    await platform.passes(5_000);
    assert.deepEqual([is().state, is().problem], ['stale', { code: 'no_token', message: error.message }]);
    session = { data: { session: { access_token: ANNA } }, error: null };
    await dialled(platform);
    platform.socket.opens();
    platform.socket.says(resumed(1042, 1042));
    assert.equal(is().state, 'live');
    await platform.passes(3_000);
  }
  session = { data: { session: null }, error: null };
  platform.socket.ends(1006);
  await platform.passes(5_000);
  assert.equal(is().problem.code, 'token_expired');
});

test('a refused token is tried once; another one may follow it', async () => {
  let current = token('anna', { exp: 1 });
  const { platform, client, is } = world({ token: () => current });
  client.start();
  await settled();
  platform.socket.ends(4500, 'bad signature');
  await settled();
  await platform.passes(60_000);
  assert.deepEqual([is().state, is().problem.code, is().problem.message, platform.sockets.length], ['stopped', 'unauthorized', 'bad signature', 1]);
  current = ANNA;
  await client.signedIn();
  assert.equal(platform.sockets.length, 2);
});

test('where the server says to stay away the client stays away', async () => {
  for (const code of [1009, 4501, 4502, 4777]) {
    const { platform, is } = await live();
    platform.socket.ends(code, 'because');
    await platform.passes(120_000);
    assert.deepEqual([is().state, is().problem.close, platform.sockets.length], ['stopped', code, 1]);
  }
});

test('too many sockets: the back-off begins high', async () => {
  const { platform } = await live();
  platform.socket.ends(4002);
  await platform.passes(7_999);
  assert.equal(platform.sockets.length, 1);
  await platform.passes(1);
  assert.equal(platform.sockets.length, 2);
});

test('a gap, a repeat and a heartbeat ahead of us are faults: counted, and started afresh', async () => {
  for (const wrong of [event(1044, 'call.incoming', call(1)), event(1042, 'call.incoming', call(1)), { type: 'heartbeat', seq: 1043 }]) {
    const { platform, is } = await live();
    platform.socket.says(wrong);
    assert.deepEqual([is().state, is().faults, is().calls.length, is().problem.code], ['stale', 1, 0, 'fault']);
    await platform.passes(500);
    platform.socket.opens();
    assert.equal(platform.socket.sent[0].position, undefined);
  }
});

test('a reload resumes from what this tab kept, calls included; another person starts afresh', async () => {
  const { platform, client } = await live({}, snapshot(7, [call(1)]));
  platform.socket.says(event(8, 'call.incoming', call(2)));
  client.stop();
  const again = world({ platform });
  again.client.start();
  await settled();
  platform.socket.opens();
  assert.deepEqual(platform.socket.sent[0].position, { epoch: 'one', seq: 8 });
  platform.socket.says(resumed(8, 8));
  assert.deepEqual(again.is().calls.map(({ id }) => id), ['call-1', 'call-2']);
  const other = world({ platform, token: () => token('ben') });
  other.client.start();
  await settled();
  platform.socket.opens();
  assert.equal(platform.socket.sent[0].position, undefined);
  again.client.signOut();
  assert.equal(platform.stored.size, 0);
});

test('however many use a client, there is one socket; it outlives a component that comes back at once', async () => {
  const { platform, client, is } = world();
  const [first, second] = [client.use(), client.use()];
  await settled();
  assert.equal(platform.sockets.length, 1);
  platform.socket.opens();
  platform.socket.says(snapshot(1));
  first();
  first();
  await platform.passes(5_000);
  assert.equal(is().state, 'live');
  second();
  const third = client.use();
  await platform.passes(5_000);
  assert.deepEqual([is().state, platform.sockets.length], ['live', 1]);
  third();
  await platform.passes(1_000);
  assert.equal(is().state, 'stopped');
});

test('a call that one is answering is no longer offered; who loses the race hears by whom', async () => {
  const { platform, client, is } = await live({}, snapshot(7, [call(1), call(2)]));
  platform.answers = () => ({ status: 409, body: { error: 'Call is already being answered', answered_by_name: 'Ben' } });
  const lost = assert.rejects(client.answer('v3:1'), (error) => {
    assert.ok(error instanceof CallboardError);
    assert.deepEqual([error.status, error.body.answered_by_name], [409, 'Ben']);
    return true;
  });
  assert.equal(is().incomingCall.id, 'call-2');
  await lost;
  assert.equal(is().incomingCall.id, 'call-1');
  assert.deepEqual(platform.requests, [{ method: 'POST', path: '/api/telnyx/calls/v3%3A1/answer', token: `Bearer ${ANNA}` }]);
});

test('a request refused for its token is asked once more with a newer one', async () => {
  const newer = token('anna', { exp: 2 });
  const { platform, client } = world({ token: ({ reason }) => (reason === 'refused' ? newer : ANNA) });
  platform.answers = ({ token: used }) => (used === `Bearer ${newer}` ? { status: 200, body: { calls: [] } } : { status: 401, body: { error: 'no' } });
  assert.deepEqual(await client.request('GET', 'api/calls'), { calls: [] });
  assert.equal(platform.requests.length, 2);
});

test('nobody signed in: nothing is asked', async () => {
  const { platform, client } = world({ token: () => null });
  await assert.rejects(client.request('GET', 'api/calls'), { status: 401 });
  client.start();
  await settled();
  assert.deepEqual([platform.requests.length, platform.sockets.length, client.getSnapshot().problem.code], [0, 0, 'signed_out']);
});

const MINUTES = 60_000;
const at = (ms) => ({ at: new Date(ms).toISOString() });

test('the server’s time: from the first frame on, whatever the clock here says', async () => {
  for (const off of [14 * MINUTES, -14 * MINUTES, 0, 26 * 60 * MINUTES, -90 * 1000]) {
    const platform = new Platform();
    platform.sets(off);
    const server = () => platform.ticks();
    const { client } = await live({ platform }, snapshot(7, [], at(server())));
    assert.equal(client.now() - server(), 0, `snapshot, ${off} ms off`);
    platform.sets(-2 * off - 7 * MINUTES);
    assert.equal(client.now() - server(), 0, 'its clock was set');
    await platform.passes(20_000);
    assert.equal(client.now() - server(), 0, 'and time goes on');
    client.stop();
    const again = world({ platform: platform.reloads() });
    again.client.start();
    await settled();
    assert.equal(Math.abs(again.client.now() - server()) < 1_000, true, 'after a reload, before a word is heard');
    again.platform.socket.opens();
    again.platform.socket.says(resumed(7, 7));
    assert.equal(again.client.now() - server(), 0, 'a server of yesterday says no time');
    again.platform.socket.says({ type: 'heartbeat', seq: 7, ...at(again.platform.ticks()) });
    assert.equal(again.client.now() - again.platform.ticks(), 0);
  }
});

test('of several messages the quickest is believed; a server whose clock is set back is followed at once', async () => {
  const { platform, client } = await live({}, snapshot(7, [], at(Date.parse('2026-11-21T08:59:59Z'))));
  assert.equal(client.now() - platform.now(), -1_000, 'a second under way');
  platform.socket.says({ type: 'heartbeat', seq: 7, ...at(platform.now() - 20) });
  assert.equal(client.now() - platform.now(), -20);
  platform.socket.says({ type: 'heartbeat', seq: 7, ...at(platform.now() - 700) });
  assert.equal(client.now() - platform.now(), -20);
  platform.socket.says({ type: 'heartbeat', seq: 7, ...at(platform.now() - 60 * MINUTES) });
  assert.equal(client.now() - platform.now(), -60 * MINUTES);
});

test('ticks that ran away in a sleep are not believed once the server has spoken', async () => {
  const { platform, client } = await live({}, snapshot(7, [], at(Date.parse('2026-11-21T09:00:00Z'))));
  await platform.passes(1_000);
  const server = platform.ticks();
  platform.sleeps(14 * MINUTES); // as far as this machine can tell; at the server a second went by
  await platform.passes(1_000);
  platform.socket.says({ type: 'heartbeat', seq: 7, ...at(server + 1_000) });
  assert.equal(client.now(), server + 1_000);
});

test('what is done with a call is done in turn: given back only when the taking of it was answered', async () => {
  const { platform, client, is } = await live({}, snapshot(7, [call(1), call(2)]));
  const replies = [];
  platform.answers = () => new Promise((reply) => replies.push(() => reply({ status: 200, body: { success: true } })));
  const paths = () => platform.requests.map(({ path }) => path.split('/').slice(-2).join(' '));
  const all = [client.answer('v3:1'), client.release('v3:1'), client.release('v3:1'), client.end('v3:1')];
  await settled();
  assert.deepEqual([paths(), is().acting.get('v3:1')], [['v3%3A1 answer'], 'answer']);
  assert.equal(all[1], all[2], 'asked for twice, done once');
  client.end('v3:2');
  await settled();
  assert.equal(paths()[1], 'v3%3A2 end', 'another call does not wait');
  for (const next of [0, 2, 3]) {
    replies[next]();
    await settled();
  }
  await Promise.all(all);
  assert.deepEqual(paths(), ['v3%3A1 answer', 'v3%3A2 end', 'v3%3A1 release', 'v3%3A1 end']);
  assert.equal(is().acting.has('v3:1'), false);
});

test('a release waits for its turn also when the taking failed', async () => {
  const { platform, client } = await live({}, snapshot(7, [call(1)]));
  platform.answers = ({ path }) => (path.endsWith('answer') ? { status: 409, body: { error: 'no' } } : { status: 200, body: { success: true } });
  const [taking, giving] = [client.answer('v3:1'), client.release('v3:1')];
  await assert.rejects(taking, { status: 409 });
  assert.deepEqual(await giving, { success: true });
});
