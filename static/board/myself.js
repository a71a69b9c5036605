// One's own signing in: where one is signed in, and the second factor.

export class Myself {
  sessions = null;
  factors = [];
  enrolling = null; // the second factor that is being made: {id, secret, qr}
  recovery = null; // the codes for when it is lost, for as long as they are shown
  removing = null;
  problem = '';
  #app;

  constructor(app) {
    this.#app = app;
  }

  forget() {
    Object.assign(this, { sessions: null, factors: [], enrolling: null, recovery: null, removing: null, problem: '' });
  }

  async load() {
    if (!this.#app.account.keepsSessions) return;
    await this.#try(async () => {
      const [{ sessions }, user] = await Promise.all([this.#app.client.request('GET', 'api/me/sessions'), this.#app.account.asks('GET', 'user')]);
      this.sessions = sessions;
      this.factors = (user.factors ?? []).filter(({ status, factor_type: type }) => status === 'verified' && type === 'totp');
    });
  }

  async end(id) {
    await this.#attempt(() => this.#app.client.request('DELETE', `api/me/sessions/${id}`));
    return this.load();
  }

  async endOthers() {
    await this.#attempt(() => this.#app.client.request('DELETE', 'api/me/sessions'));
    return this.load();
  }

  async enrol() {
    this.recovery = null;
    await this.#attempt(async () => {
      const made = await this.#app.account.asks('POST', 'factors', { factor_type: 'totp', friendly_name: `callboard ${Date.now()}` });
      this.enrolling = { id: made.id, secret: made.totp.secret, qr: drawn(made.totp.qr_code) };
    });
  }

  async confirm(code) {
    const { id } = this.enrolling;
    await this.#attempt(async () => {
      const { id: challenge } = await this.#app.account.asks('POST', `factors/${id}/challenge`, {});
      const session = await this.#app.account.asks('POST', `factors/${id}/verify`, { challenge_id: challenge, code: code.replaceAll(' ', '') });
      this.recovery = session.recovery_codes ?? null;
      this.enrolling = null;
      this.#app.account.goesOnWith(session);
    });
    return this.load();
  }

  cancel() {
    this.enrolling = null;
    this.#app.changed();
  }

  /** The first press asks, the second does it. */
  async remove(id) {
    if (this.removing !== id) {
      this.removing = id;
      return this.#app.changed();
    }
    this.removing = null;
    await this.#attempt(async () => {
      await this.#app.account.asks('DELETE', `factors/${id}`);
      this.recovery = null;
    });
    return this.load();
  }

  noted() {
    this.recovery = null;
    this.#app.changed();
  }

  async #attempt(doing) {
    this.problem = '';
    await this.#try(doing);
  }

  async #try(doing) {
    try {
      await doing();
    } catch (error) {
      this.problem = error.code ?? error.message;
    }
    this.#app.changed();
  }
}

/** What the server has drawn, of which only the path is taken: the page makes markup by its own templates alone. */
function drawn(text = '') {
  const box = /viewBox="([\d ]+)"/.exec(text)?.[1];
  const path = /<path d="([MhvzZHV\d,. -]+)"/.exec(text)?.[1];
  return box && path ? { box, path } : null;
}
