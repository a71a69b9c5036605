// The agency's people, as its owner and admins manage them: invited, changed, removed, given their seat again.

export const ROLES = ['agency_member', 'agency_admin', 'agency_owner'];

export class People {
  all = null; // who works here and who is invited
  removed = [];
  made = null; // the link that was just made, for as long as it is shown
  editing = null;
  asking = null; // what is asked once more before it is done: 'remove ID' or 'end ID'
  problem = null;
  said = null; // what came of the last attempt at somebody: {id, text or Error}
  #app;

  constructor(app) {
    this.#app = app;
  }

  forget() {
    Object.assign(this, { all: null, removed: [], made: null, editing: null, asking: null, problem: null, said: null });
  }

  async load() {
    if (!this.#app.leads) return;
    try {
      const { users, removed } = await this.#app.client.request('GET', 'api/users');
      Object.assign(this, { all: users, removed: removed ?? [], problem: null });
    } catch (error) {
      this.problem = error;
    }
    this.#app.changed();
  }

  /** Admins look after members alone. */
  mayManage({ role }) {
    return this.#app.owner || role === 'agency_member';
  }

  get roles() {
    return this.#app.owner ? ROLES : ROLES.slice(0, 1);
  }

  edit(id) {
    Object.assign(this, { editing: id, asking: null, said: null });
    this.#app.changed();
  }

  async invite(wanted) {
    return this.#link('new', () => this.#app.client.request('POST', 'api/users', wanted));
  }

  /** Another invitation, the seat again, or a link to another password: the server knows which. */
  async inviteAgain({ id }) {
    return this.#link(id, () => this.#app.client.request('POST', `api/users/${id}/invitation`));
  }

  async change(id, change) {
    const came = await this.#attempt(id, () => this.#app.client.request('PATCH', `api/users/${id}`, change));
    if (came instanceof Error) return;
    this.editing = null;
    await this.load();
  }

  /** The first press asks, the second does it. */
  async remove({ id }) {
    if (!this.#isSure(`remove ${id}`)) return;
    if (this.made?.user.id === id) this.made = null;
    await this.#attempt(id, () => this.#app.client.request('DELETE', `api/users/${id}`));
    await this.load();
  }

  async endSessions({ id }) {
    if (!this.#isSure(`end ${id}`)) return;
    await this.#attempt(id, () => this.#app.client.request('DELETE', `api/users/${id}/sessions`));
    await this.load();
  }

  #isSure(what) {
    const sure = this.asking === what;
    Object.assign(this, { asking: sure ? null : what, said: null });
    this.#app.changed();
    return sure;
  }

  async #link(about, doing) {
    this.made = null;
    const came = await this.#attempt(about, doing);
    if (came instanceof Error) return false;
    this.made = came;
    await this.load();
    return true;
  }

  async #attempt(about, doing) {
    this.said = null;
    const came = await doing().catch((error) => error);
    if (came instanceof Error) this.said = { id: about, error: came };
    this.#app.changed();
    return came;
  }
}
