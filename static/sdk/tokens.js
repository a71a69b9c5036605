// Whose token it is, as far as a browser can tell, and where apps usually keep one.

const IN_BASE64 = 'base64-';
const SESSION = /^(sb-.+-auth-token)(?:\.\d+)?$/;

/** What a token says about itself, unverified: good for choosing among tokens, never for believing one. */
export function claims(token) {
  try {
    return JSON.parse(textOf(token.split('.')[1])) ?? {};
  } catch {
    return {};
  }
}

const textOf = (base64url) => new TextDecoder().decode(Uint8Array.from(atob(base64url.replaceAll('-', '+').replaceAll('_', '/')), (byte) => byte.charCodeAt(0)));

/** Storage may be switched off in the browser, or not be there at all; then there is simply nothing in it. */
export function storage(kind) {
  try {
    return globalThis[kind] ?? null;
  } catch {
    return null;
  }
}

/** What Supabase's libraries have kept under that name: in one piece or in numbered ones, as it is or as base64url. */
export function keptSession(name, get = (key) => storage('localStorage')?.getItem(key)) {
  let text = get(name) ?? '';
  for (let piece = 0, more = text === ''; more; piece += 1) {
    const found = get(`${name}.${piece}`);
    more = Boolean(found);
    text += found ?? '';
  }
  try {
    const session = JSON.parse(text.startsWith(IN_BASE64) ? textOf(text.slice(IN_BASE64.length)) : text);
    return typeof session?.access_token === 'string' ? session : null;
  } catch {
    return null;
  }
}

/** The access tokens of the Supabase sign-ins at this origin, the one that lasts longest first. */
export function supabaseTokens() {
  const store = storage('localStorage');
  const cookies = cookiesHere();
  const inStore = sessionNames(store ? Object.keys(store) : []).map((name) => keptSession(name));
  const inCookies = sessionNames([...cookies.keys()]).map((name) => keptSession(name, (key) => cookies.get(key)));
  const tokens = [...inStore, ...inCookies].filter(Boolean).map((session) => session.access_token);
  return tokens.sort((a, b) => (claims(b).exp ?? 0) - (claims(a).exp ?? 0));
}

const sessionNames = (names) => [...new Set(names.map((name) => SESSION.exec(name)?.[1]).filter(Boolean))];

/** Where apps keep it that render on a server too. */
function cookiesHere() {
  const pairs = (globalThis.document?.cookie ?? '').split('; ').map((cookie) => cookie.split('='));
  return new Map(pairs.map(([name, ...value]) => [name, decoded(value.join('='))]));
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Where the guide's hook looks (`authToken` in localStorage), then a Supabase session. */
export function usualToken() {
  return storage('localStorage')?.getItem('authToken') || supabaseTokens()[0] || null;
}
