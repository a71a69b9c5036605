// Coming in by a link: the first owner, somebody who was invited, somebody who chooses another password.
import { claims, storage } from '../sdk/tokens.js';

/** An invitation waits here while its owner signs in elsewhere and comes back. */
const WAITS = 'callboard.invitation';

export class Coming {
  /** setup, invite or reset; null on every other page. */
  by = /^\/(setup|invite|reset)\/*$/.exec(location.pathname)?.[1] ?? (storage('sessionStorage')?.getItem(WAITS) ? 'invite' : null);
  busy = false;
  problem = '';
  #app;
  #token = null;
  #opened = null; // the session of a reset link, which is used up by opening it

  constructor(app) {
    this.#app = app;
  }

  /** The link leaves the address bar, and nothing is used up by looking at it. */
  start() {
    if (!this.by) return;
    const waiting = storage('sessionStorage');
    this.#token = (location.pathname === '/' ? '' : location.hash.slice(1)) || (this.by === 'invite' ? (waiting?.getItem(WAITS) ?? '') : '');
    if (location.pathname !== '/') history.replaceState(null, '', location.pathname);
    if (!this.#token) this.problem = 'no_token';
    else if (this.by === 'invite') waiting?.setItem(WAITS, this.#token);
  }

  /** Who is signed in here already, and may come in as that. */
  get as() {
    const token = this.by === 'invite' ? this.#app.session.best : null;
    return token && (claims(token).email || claims(token).sub);
  }

  /** Whether whoever comes may make an account here. */
  get mayChoose() {
    return this.by !== 'invite' || (this.#app.account.ours && !this.as);
  }

  join() {
    return this.#come(() => post(new URL('api/invitations/accept', document.baseURI), { token: this.#token }, { token: this.#app.session.best }));
  }

  leave() {
    this.#over();
    this.#app.client.start();
    this.#app.changed();
  }

  #over() {
    this.by = null;
    storage('sessionStorage')?.removeItem(WAITS);
    history.replaceState(null, '', '/');
  }

  comeIn(chosen) {
    return this.#come(() => (this.by === 'reset' ? this.#reset(chosen) : this.#begin(chosen)));
  }

  async #come(coming) {
    Object.assign(this, { busy: true, problem: '' });
    this.#app.changed();
    try {
      const { session } = await coming();
      this.#over();
      if (session) this.#app.account.begins(session);
      else this.#app.client.start();
    } catch (error) {
      this.problem = error.message;
    }
    this.busy = false;
    this.#app.changed();
  }

  #begin(chosen) {
    const path = this.by === 'setup' ? 'api/setup' : 'api/invitations/accept';
    return post(new URL(path, document.baseURI), { token: this.#token, ...chosen });
  }

  /** After another password one signs in with it. */
  async #reset({ password }) {
    const { base } = this.#app.account;
    // A password that is refused is followed by another try, for which the link would be gone.
    this.#opened ??= await post(`${base}/verify`, { type: 'recovery', token_hash: this.#token });
    await post(`${base}/user`, { password }, { method: 'PUT', token: this.#opened.access_token });
    return { session: null };
  }
}

async function post(url, body, { method = 'POST', token } = {}) {
  const headers = { 'content-type': 'application/json', 'x-supabase-api-version': '2024-01-01', ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(url, { method, headers, body: JSON.stringify(body) });
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(said.error ?? said.message ?? said.msg ?? `HTTP ${answer.status}`);
  return said;
}
