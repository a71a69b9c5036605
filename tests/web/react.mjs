// The hook that replaces a polling one, drawn by a real React.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync } from 'node:fs';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { act, createElement } from 'react';
import { create } from 'react-test-renderer';
import { Platform, settled, token } from './support/platform.mjs';

// An app has the package and React side by side in node_modules; here it is put there.
const HERE = fileURLToPath(new URL('./node_modules/callboard-client/', import.meta.url));
mkdirSync(HERE, { recursive: true });
cpSync(fileURLToPath(new URL('../../static/sdk/', import.meta.url)), HERE, { recursive: true });
const { useInboundCalls, configure } = await import('callboard-client/react');

globalThis.IS_REACT_ACT_ENVIRONMENT = true;
const platform = new Platform();
configure({ url: 'http://calls.test/api', token: () => token('anna'), platform });
const mounted = [];
after(() => mounted.forEach((app) => act(() => app.unmount())));

/** A component of an app: what the hook gave it last. */
async function component() {
  const seen = {};
  const Component = () => Object.assign(seen, useInboundCalls()) && null;
  await act(async () => mounted.push(create(createElement(Component))));
  await act(settled);
  return seen;
}

const ringing = { id: 'one', call_control_id: 'v3:1', status: 'incoming', created_at: '2026-11-21T09:00:00Z', answered_by: null };

test('two components, one socket, the guide’s names', async () => {
  const [one, two] = [await component(), await component()];
  assert.deepEqual([one.isChecking, one.incomingCall, one.state], [true, null, 'connecting']);
  assert.equal(platform.sockets.length, 1);
  await act(async () => {
    platform.socket.opens();
    platform.socket.says({ type: 'snapshot', epoch: 'e', seq: 1, reason: 'fresh', heartbeat_s: 15, user: {}, calls: [ringing] });
  });
  for (const seen of [one, two]) {
    assert.equal(seen.incomingCall.call_control_id, 'v3:1');
    assert.deepEqual([seen.isChecking, seen.state, seen.calls.length], [false, 'live', 1]);
  }
});

test('answerCall says whether the call is ours, endCall whether it is over', async (t) => {
  const seen = await component();
  let answered;
  await act(async () => (answered = await seen.answerCall('v3:1')));
  assert.equal(answered, true);
  assert.deepEqual(platform.requests.at(-1).path, '/api/telnyx/calls/v3%3A1/answer');
  const complaints = t.mock.method(console, 'error', () => {});
  platform.answers = () => ({ status: 409, body: { error: 'Call is already being answered' } });
  await act(async () => (answered = await seen.answerCall('v3:1')));
  assert.equal(answered, false);
  assert.equal(complaints.mock.callCount(), 1);
  platform.answers = () => ({ status: 200, body: { success: true } });
  await act(async () => (answered = await seen.endCall('v3:1')));
  assert.equal(answered, true);
  assert.deepEqual(platform.requests.at(-1).path, '/api/telnyx/calls/v3%3A1/end');
});
