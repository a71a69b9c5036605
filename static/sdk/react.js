// The guide's hook, without its polling: the same names, told by the server instead of asked every two seconds.
import { useCallback, useEffect, useSyncExternalStore } from 'react';
import { sharedClient } from './index.js';

export { configure } from './index.js';

/** Everything the client knows, drawn again when it changes. */
export function useCallboard(options) {
  const client = sharedClient(options);
  useEffect(() => client.use(), [client]);
  const snapshot = useSyncExternalStore(client.subscribe, client.getSnapshot, client.getSnapshot);
  return { ...snapshot, client };
}

/** The guide's `useInboundCalls()`, and more. */
export function useInboundCalls(options) {
  const { client, state, calls, incomingCall } = useCallboard(options);
  const answerCall = useCallback((id) => succeeds('answering', client.answer(id)), [client]);
  const endCall = useCallback((id) => succeeds('ending', client.end(id)), [client]);
  const releaseCall = useCallback((id) => succeeds('releasing', client.release(id)), [client]);
  const isChecking = state === 'connecting' || state === 'catching_up';
  return { incomingCall, answerCall, isChecking, calls, endCall, releaseCall, state };
}

async function succeeds(doing, request) {
  try {
    await request;
    return true;
  } catch (error) {
    console.error(`Error ${doing} call:`, error);
    return false;
  }
}
