// The session that an account has in this browser. It lies where supabase-js keeps its own, in the form in which that was found,
// and is told in supabase-js's words: either goes on with what the other has begun, and neither has a copy.
import { keptSession, storage } from '../sdk/tokens.js';

const PIECE = 3180;

export class Kept {
  #key;
  #channel = null;
  #changed;

  /** `changed` is called when somebody else has, in another tab or another program of this page. */
  constructor(key, changed) {
    this.#key = key;
    this.#changed = changed;
    addEventListener('storage', (event) => (event.key === null || this.#names(event.key)) && this.#changed());
    if (!globalThis.BroadcastChannel) return;
    this.#channel = new BroadcastChannel(key);
    this.#channel.onmessage = () => this.#changed();
  }

  /** One at a time renews it, by the lock that supabase-js takes. */
  get lock() {
    return `lock:${this.#key}`;
  }

  read() {
    const session = keptSession(this.#key);
    return typeof session?.refresh_token === 'string' ? session : null;
  }

  write(session, event) {
    const store = storage('localStorage');
    const inPieces = Boolean(store?.getItem(`${this.#key}.0`));
    const before = store?.getItem(this.#key) ?? store?.getItem(`${this.#key}.0`) ?? '';
    const json = JSON.stringify(session);
    const text = before.startsWith('base64-') ? `base64-${base64url(json)}` : json;
    const pieces = inPieces ? text.match(new RegExp(`[^]{1,${PIECE}}`, 'g')) : [text];
    const names = pieces.map((_, at) => (inPieces ? `${this.#key}.${at}` : this.#key));
    names.forEach((name, at) => store?.setItem(name, pieces[at]));
    // At no moment there is none: another tab would take that for a sign-out.
    this.#clear(names);
    this.#channel?.postMessage({ event, session });
  }

  remove() {
    this.#clear();
    storage('localStorage')?.removeItem(`${this.#key}-user`);
    this.#channel?.postMessage({ event: 'SIGNED_OUT', session: null });
  }

  #clear(but = []) {
    const store = storage('localStorage');
    for (const name of Object.keys(store ?? {})) if (this.#names(name) && !but.includes(name)) store.removeItem(name);
  }

  #names(key) {
    return key === this.#key || (key.startsWith(`${this.#key}.`) && /^\d+$/.test(key.slice(this.#key.length + 1)));
  }
}

const base64url = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
