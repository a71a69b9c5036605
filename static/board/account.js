// Signing in with an address and a password, by GoTrue's protocol: at accounts of the server's own, or at a Supabase project.
// The session lies where supabase-js keeps its own, so that either goes on with what the other has begun.
import { claims, storage } from '../sdk/tokens.js';

const VERSION = '2024-01-01';
const EARLY_MS = 90_000;
const AGAIN_MS = 5_000;
const ASK_MS = 10_000;
/** After these the session is over; everything else passes. */
const OVER = new Set(['refresh_token_not_found', 'refresh_token_already_used', 'session_not_found', 'session_expired', 'user_banned']);

export class Account {
  ways = null; // what the server says of signing in
  busy = false;
  problem = '';
  factor = null; // the second one that is still to be shown
  #app;
  #timer = null;
  #ready = null;
  #half = null; // a session that still wants its second factor

  constructor(app) {
    this.#app = app;
    addEventListener('online', () => this.#keepFresh());
    addEventListener('storage', ({ key }) => key === this.#key && this.#keepFresh());
  }

  /** Knows how people sign in here, and has a token that is still good, where somebody is signed in. */
  get ready() {
    this.#ready ??= this.#load();
    return this.#ready;
  }

  async #load() {
    try {
      this.ways = await (await fetch(new URL('api/sign-in', document.baseURI), { signal: AbortSignal.timeout(ASK_MS) })).json();
    } catch {
      // The form for a token is there all the same.
    }
    await this.#keepFresh();
    this.#app.changed();
  }

  /** Where GoTrue's protocol is spoken: our own accounts answer where this page comes from, whatever the server calls itself. */
  get base() {
    return this.ways.apikey ? this.ways.auth_url : new URL('auth/v1', document.baseURI).href;
  }

  /** Whether people sign in with accounts of this server's own. */
  get ours() {
    return this.byPassword && !this.ways.apikey;
  }

  get byPassword() {
    return Boolean(this.ways?.methods?.some(({ kind }) => kind === 'password'));
  }

  get has() {
    return this.byPassword && this.#session !== null;
  }

  async signIn(email, password) {
    await this.#attempt(async () => {
      this.begins(await this.#ask('POST', 'token?grant_type=password', { email, password }));
    });
  }

  /** The second factor: six digits, or a recovery code. */
  async showCode(code) {
    await this.#attempt(async () => {
      const { access_token: token } = this.#half;
      const challenge = await this.#ask('POST', `factors/${this.factor.id}/challenge`, {}, token);
      const proof = { challenge_id: challenge.id, code: code.trim() };
      this.#begin(await this.#ask('POST', `factors/${this.factor.id}/verify`, proof, token));
    });
  }

  /** What somebody has who came in: it may want its second factor first. */
  begins(session) {
    const factor = session.user?.factors?.find(({ status }) => status === 'verified');
    if (!factor) return this.#begin(session);
    this.#half = session;
    this.factor = factor;
    return undefined;
  }

  /** The same person goes on with a session that proves more. */
  goesOnWith(session) {
    this.#keep(session);
    this.#app.renewed();
  }

  /** As whoever is signed in. */
  asks(method, path, body) {
    return this.#ask(method, path, body, this.#session?.access_token);
  }

  /** Ends this session alone: the same person may be signed in elsewhere. */
  async signOut() {
    const session = this.#session;
    this.forget();
    if (session) await this.#ask('POST', 'logout?scope=local', undefined, session.access_token).catch(() => null);
  }

  forget() {
    clearTimeout(this.#timer);
    storage('localStorage')?.removeItem(this.#key);
    Object.assign(this, { factor: null, problem: '' });
    this.#half = null;
  }

  #begin(session) {
    Object.assign(this, { factor: null, problem: '' });
    this.#half = null;
    this.#keep(session);
    this.#app.signedIn();
  }

  /** By one tab for all: the others find what it has stored. */
  async #refresh() {
    const renew = async () => {
      const session = this.#session;
      if (!session || !isDue(session)) return;
      try {
        this.#keep(await this.#ask('POST', 'token?grant_type=refresh_token', { refresh_token: session.refresh_token }));
      } catch (error) {
        if (OVER.has(error.code)) this.forget();
        else setTimeout(() => this.#keepFresh(), AGAIN_MS);
      }
    };
    await (navigator.locks?.request(`callboard:${this.#key}`, renew) ?? renew());
    this.#app.renewed();
  }

  #keepFresh() {
    clearTimeout(this.#timer);
    const session = this.#session;
    if (!session) return;
    // Offline is not signed out: it is tried again when the network is back.
    if (isDue(session)) return navigator.onLine === false ? undefined : this.#refresh();
    const left = claims(session.access_token).exp * 1000 - Date.now() - EARLY_MS;
    this.#timer = setTimeout(() => this.#refresh(), Math.max(0, left));
    return undefined;
  }

  #keep(session) {
    storage('localStorage')?.setItem(this.#key, JSON.stringify(session));
    this.#keepFresh();
  }

  get #session() {
    try {
      const kept = JSON.parse(storage('localStorage')?.getItem(this.#key) ?? 'null');
      return kept?.refresh_token ? kept : null;
    } catch {
      return null;
    }
  }

  /** As supabase-js names it: after the project, of which ours is one. */
  get #key() {
    const host = this.ways?.apikey ? new URL(this.ways.auth_url).hostname.split('.')[0] : 'callboard';
    return `sb-${host}-auth-token`;
  }

  async #attempt(doing) {
    Object.assign(this, { busy: true, problem: '' });
    this.#app.changed();
    try {
      await doing();
    } catch (error) {
      this.problem = error.code ?? 'unreachable';
    }
    this.busy = false;
    this.#app.changed();
  }

  async #ask(method, path, body, token) {
    const answer = await fetch(`${this.base}/${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        'x-supabase-api-version': VERSION,
        ...(this.ways.apikey && { apikey: this.ways.apikey }),
        ...(token && { authorization: `Bearer ${token}` }),
      },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(ASK_MS),
    });
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok) throw Object.assign(new Error(said.message ?? said.msg ?? ''), { code: said.code ?? said.error_code ?? `http_${answer.status}` });
    return said;
  }
}

const isDue = ({ access_token: token }) => (claims(token).exp ?? 0) * 1000 - Date.now() < EARLY_MS;
