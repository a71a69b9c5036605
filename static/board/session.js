// Who is signed in: the tokens at hand, and which of them to use.
import { claims, storage, supabaseTokens } from '../sdk/tokens.js';

const KEY = 'callboard.token';
const DISPLAY = 'callboard.key';

const isKey = (text) => /^cbk_[\w-]+$/.test(text);
export const looksLikeToken = (text) => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text) || isKey(text);

const sameUser = (a, b) => a === b || (claims(a).sub !== undefined && claims(a).sub === claims(b).sub);

/** A token handed over in the address (`#token=…`, on a wall `#key=…`) leaves the address bar and the history at once. */
export function takeTokenFromFragment() {
  const given = new URLSearchParams(location.hash.slice(1));
  const token = given.get('token') ?? given.get('key');
  if (token !== null) history.replaceState(null, '', location.pathname + location.search);
  return token?.trim() || null;
}

/** One that this tab was given, else those of the Supabase sign-ins at this origin; on a wall the display's key before them. */
export class Session {
  current = null;
  #refused = new Set();
  #wall;

  constructor({ wall }) {
    this.#wall = wall;
  }

  /** What the client library asks for. */
  token({ reason, current }) {
    if (reason === 'refused' || reason === 'expired') this.#refuse(current);
    if (reason === 'expiring') return this.next ?? current;
    const best = this.#stored().find((token) => !this.current || sameUser(token, this.current)) ?? this.#stored()[0];
    // Somebody whose sign-in ran out is asked for a new one; nobody else takes over the page unasked.
    if (this.current && best && !sameUser(best, this.current)) return null;
    this.current = best ?? this.current;
    return best ?? null;
  }

  /** Whether the present token is this tab's own, so that signing out here means something. */
  get own() {
    return this.current !== null && this.current === storage('sessionStorage')?.getItem(KEY);
  }

  /** Whether this tab was given one, so that no account is asked. */
  get hasOwn() {
    return this.#given.length > 0;
  }

  /** Whether that is still to be found where it came from. */
  isKept(token) {
    return [...this.#given, ...supabaseTokens()].includes(token);
  }

  keep(token) {
    this.#refused.delete(token);
    this.current = null;
    // A display comes back by itself when its set is switched on again.
    if (this.#wall && isKey(token)) storage('localStorage')?.setItem(DISPLAY, token);
    else storage('sessionStorage')?.setItem(KEY, token);
  }

  drop() {
    if (this.own) storage('sessionStorage').removeItem(KEY);
    this.current = null;
  }

  /** Whether that is somebody else's than whoever is signed in here. */
  isAnothers(token) {
    return this.best !== null && !sameUser(token, this.best);
  }

  get best() {
    return this.#stored()[0] ?? null;
  }

  /** Another token of the same user, for when the present one runs out. */
  get next() {
    const others = this.#stored().filter((token) => token !== this.current && sameUser(token, this.current));
    return others.find((token) => (claims(token).exp ?? Infinity) > (claims(this.current).exp ?? 0)) ?? null;
  }

  /** Milliseconds since 1970, when the present token says so. */
  get endsAt() {
    const { exp } = claims(this.current);
    return Number.isFinite(exp) ? exp * 1000 : Infinity;
  }

  #refuse(token) {
    if (!token) return;
    this.#refused.add(token);
    if (token === storage('sessionStorage')?.getItem(KEY)) storage('sessionStorage').removeItem(KEY);
    if (token === storage('localStorage')?.getItem(DISPLAY)) storage('localStorage').removeItem(DISPLAY);
  }

  get #given() {
    const display = this.#wall && storage('localStorage')?.getItem(DISPLAY);
    return [display, storage('sessionStorage')?.getItem(KEY)].filter(Boolean);
  }

  #stored() {
    return [...this.#given, ...supabaseTokens()].filter((token) => !this.#refused.has(token));
  }
}
