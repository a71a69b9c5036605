// Keys for programs and displays: made, told once, taken back.

export const RIGHTS = ['display', 'calls:read', 'calls:act', 'ultravox:import'];

export class ProgramKeys {
  all = null;
  made = null; // the key that was just made, for as long as it is shown
  removing = null;
  problem = null;
  #app;

  constructor(app) {
    this.#app = app;
  }

  forget() {
    Object.assign(this, { all: null, made: null, removing: null, problem: null });
  }

  async load() {
    if (!this.#app.owner) return;
    await this.#attempt(async () => {
      this.all = (await this.#app.client.request('GET', 'api/agency/keys')).keys;
    });
  }

  async make(name, rights) {
    const made = await this.#attempt(() => this.#app.client.request('POST', 'api/agency/keys', { name, rights }));
    if (!made) return false;
    this.made = made;
    await this.load();
    return true;
  }

  /** The first press asks, the second does it. */
  async remove(id) {
    if (this.removing !== id) {
      this.removing = id;
      return this.#app.changed();
    }
    this.removing = null;
    if (this.made?.id === id) this.made = null;
    await this.#attempt(() => this.#app.client.request('DELETE', `api/agency/keys/${id}`));
    return this.load();
  }

  /** The address that a television opens. */
  get wallAddress() {
    return this.made?.rights.includes('display') ? `${location.origin}/wall#key=${this.made.key}` : null;
  }

  async #attempt(doing) {
    this.problem = null;
    const came = await doing().catch((error) => error);
    if (came instanceof Error) this.problem = came;
    this.#app.changed();
    return came instanceof Error ? null : came;
  }
}
