// Keeps a session alive: its tokens are renewed before they end, by one tab for all. What cannot be renewed for now is tried
// again, and is no reason to sign anybody out.
import { claims } from '../sdk/tokens.js';

const EARLY_MS = 90_000;
const APART_MS = 10_000; // tabs do not wake at once
const LOCK_MS = 15_000;
const NEW_MS = 60_000;
const AGAIN_FIRST_MS = 1_000;
const AGAIN_MOST_MS = 60_000;
/** After these the session is over; everything else passes. */
const OVER = new Set(['refresh_token_not_found', 'refresh_token_already_used', 'session_not_found', 'session_expired', 'user_banned']);

export class Renewal {
  #kept;
  #renew;
  #renewed;
  #ends;
  #timer = null;
  #running = null;
  #tries = 0;
  #notBefore = 0;
  #learntAt = -Infinity;
  #ahead = 0; // by how much the issuer's clock is ahead of this computer's

  /** `renew(token)` asks for the next session; `renewed()` is told that there is one, `ends()` that there is none any more. */
  constructor(kept, { renew, renewed, ends }) {
    this.#kept = kept;
    this.#renew = renew;
    this.#renewed = renewed;
    this.#ends = ends;
    addEventListener('online', () => this.hurry());
    addEventListener('pageshow', () => this.watch());
    document.addEventListener('visibilitychange', () => document.hidden || this.watch());
  }

  /** The network is back: nothing speaks for waiting any longer. */
  hurry() {
    this.#tries = 0;
    this.#notBefore = 0;
    this.watch();
  }

  /** Looks at what is kept, and wakes when its time has come. */
  watch() {
    clearTimeout(this.#timer);
    const session = this.#kept.read();
    if (!session || navigator.onLine === false) return;
    const due = this.#left(session) - EARLY_MS;
    const wait = due - Math.random() * APART_MS;
    this.#timer = setTimeout(() => this.now(), Math.max(0, wait, this.#notBefore - performance.now()));
  }

  /** A new session was given to this tab: which time it is at its issuer's can be told from it. */
  learn(session) {
    const { iat } = claims(session.access_token);
    if (Number.isFinite(iat)) this.#ahead = iat * 1000 - Date.now();
    this.#learntAt = performance.now();
    this.#tries = 0;
    this.#notBefore = 0;
  }

  /** Whether the token that is kept is good for a while; renews it if need be, whatever its time when it was `refused`. */
  async fresh(refused = null) {
    const session = this.#kept.read();
    if (!session) return true;
    const isRefused = session.access_token === refused;
    // Another one would be refused like one that is new.
    if (isRefused && performance.now() - this.#learntAt < NEW_MS) return true;
    if (!isRefused && this.#left(session) > EARLY_MS) return true;
    if (navigator.onLine !== false && performance.now() >= this.#notBefore) await this.now(refused);
    const after = this.#kept.read();
    return !after || (after.access_token !== refused && this.#left(after) > 0);
  }

  now(refused = null) {
    this.#running ??= this.#alone(() => this.#attempt(refused)).finally(() => {
      this.#running = null;
      this.watch();
    });
    return this.#running;
  }

  /** Behind a lock that somebody holds and does not let go of, it is done all the same: a repeat is given the same tokens. */
  async #alone(what) {
    const { locks } = navigator;
    if (!locks) return what();
    let begun = false;
    const once = () => {
      begun = true;
      return what();
    };
    try {
      return await locks.request(this.#kept.lock, { signal: AbortSignal.timeout(LOCK_MS) }, once);
    } catch (error) {
      if (begun) throw error;
      return what();
    }
  }

  async #attempt(refused) {
    const session = this.#kept.read();
    // Another tab may have been first.
    if (!session || (session.access_token !== refused && this.#left(session) > EARLY_MS)) return undefined;
    try {
      const next = await this.#renew(session.refresh_token);
      this.learn(next);
      // Who has signed out meanwhile, or renewed it too, has the last word.
      if (this.#kept.read()?.refresh_token !== session.refresh_token) return undefined;
      this.#kept.write(next, 'TOKEN_REFRESHED');
      return this.#renewed();
    } catch (error) {
      if (OVER.has(error.code) && this.#kept.read()?.refresh_token === session.refresh_token) return this.#ends();
      const most = Math.min(AGAIN_MOST_MS, AGAIN_FIRST_MS * 2 ** this.#tries);
      this.#tries += 1;
      this.#notBefore = performance.now() + most * (0.5 + Math.random() / 2);
    }
    return undefined;
  }

  /** Milliseconds until its access token ends, by its issuer's clock as far as that is known. */
  #left({ access_token: token }) {
    return (claims(token).exp ?? 0) * 1000 - (Date.now() + this.#ahead);
  }
}
