// Whose token it is, as far as a browser can tell, and where apps usually keep one.

/** What a token says about itself, unverified: good for choosing among tokens, never for believing one. */
export function claims(token) {
  try {
    const text = atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/'));
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

/** Storage may be switched off in the browser, or not be there at all; then there is simply nothing in it. */
export function storage(kind) {
  try {
    return globalThis[kind] ?? null;
  } catch {
    return null;
  }
}

/** The access tokens of the Supabase sign-ins at this origin, the one that lasts longest first. */
export function supabaseTokens() {
  const store = storage('localStorage');
  const keys = store ? Object.keys(store).filter((name) => /^sb-.+-auth-token$/.test(name)) : [];
  const tokens = keys.map((key) => {
    try {
      return JSON.parse(store.getItem(key)).access_token;
    } catch {
      return null;
    }
  });
  return tokens.filter(Boolean).sort((a, b) => (claims(b).exp ?? 0) - (claims(a).exp ?? 0));
}

/** Where the guide's hook looks (`authToken` in localStorage), then a Supabase session. */
export function usualToken() {
  return storage('localStorage')?.getItem('authToken') || supabaseTokens()[0] || null;
}
