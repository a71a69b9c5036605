// How the agency works: read by everybody, changed by its owner.
import { plain } from './words.js';

export class Agency {
  settings = null;
  saved = false;
  problem = null;
  #app;

  constructor(app) {
    this.#app = app;
  }

  forget() {
    Object.assign(this, { settings: null, saved: false, problem: null });
  }

  async load() {
    try {
      this.settings = await this.#app.client.request('GET', 'api/agency');
    } catch {
      // Numbers are shown as they are, and days are this computer's.
    }
    this.#app.changed();
  }

  /** What people here call a number; nothing where they have no name for it. */
  nameOf(number) {
    return plain(this.settings?.numbers?.[number]);
  }

  get zone() {
    return this.settings?.time_zone;
  }

  async change(change) {
    Object.assign(this, { saved: false, problem: null });
    try {
      this.settings = await this.#app.client.request('PATCH', 'api/agency', change);
      this.saved = true;
      this.#app.renamed(this.settings.name);
    } catch (error) {
      this.problem = error;
    }
    this.#app.changed();
  }
}
