// What somebody brings in the address who comes back from a provider, or by a link out of a mail. It leaves the address and the
// history at once.
import { storage } from '../sdk/tokens.js';

const FLOW = 'callboard.flow';
const PARTS = ['code', 'state', 'error', 'error_code', 'error_description', 'sb'];

/** What came: {code}, {session, type} or {failure}; null when nothing did. */
export function takeArrival() {
  const query = new URLSearchParams(location.search);
  const fragment = new URLSearchParams(location.hash.slice(1));
  const arrival = read(query, fragment);
  if (!arrival) return null;
  for (const part of PARTS) query.delete(part);
  const rest = query.toString();
  history.replaceState(null, '', location.pathname + (rest && `?${rest}`));
  return arrival;
}

function read(query, fragment) {
  const [token, refresh] = [fragment.get('access_token'), fragment.get('refresh_token')];
  if (token && refresh) return { session: sessionOf(token, refresh, fragment), type: fragment.get('type') };
  const failure = fragment.get('error_code') ?? query.get('error_code') ?? fragment.get('error') ?? query.get('error');
  if (failure) return { failure };
  const code = query.get('code');
  return code ? { code } : null;
}

function sessionOf(access_token, refresh_token, fragment) {
  const expires_in = Number(fragment.get('expires_in')) || 3600;
  const expires_at = Number(fragment.get('expires_at')) || Math.floor(Date.now() / 1000) + expires_in;
  return { access_token, refresh_token, expires_in, expires_at, token_type: 'bearer' };
}

/**
 * Begins a sign-in elsewhere (PKCE): what it is told of the secret. The secret itself stays in this tab, so that nobody who is
 * sent here with somebody else's code comes in as them.
 */
export async function beginFlow() {
  const verifier = base64url(crypto.getRandomValues(new Uint8Array(48)));
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
  storage('sessionStorage').setItem(FLOW, verifier);
  return { code_challenge: base64url(new Uint8Array(digest)), code_challenge_method: 's256' };
}

/** The secret of the sign-in that this tab has begun: once. */
export function endFlow() {
  const verifier = storage('sessionStorage')?.getItem(FLOW) ?? null;
  storage('sessionStorage')?.removeItem(FLOW);
  return verifier;
}

const base64url = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
