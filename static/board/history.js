// Finished calls, newest first, filtered, page by page.

import { midnight } from './words.js';

const PAGE = 50;
const RELOAD_AFTER_MS = 700;

export class History {
  filter = { result: '', period: 'all', number: '', agent: '' };
  logs = null; // null: never loaded
  problem = null;
  loading = false;
  cursor = null;
  people = [];
  #app;
  #asked = 0;
  #timer = null;
  #peopleAsked = false;

  constructor(app) {
    this.#app = app;
  }

  forget() {
    this.#asked += 1;
    clearTimeout(this.#timer);
    this.#timer = null;
    Object.assign(this, { logs: null, problem: null, loading: false, cursor: null, people: [] });
    this.#peopleAsked = false;
  }

  choose(name, value) {
    this.filter = { ...this.filter, [name]: value };
    this.load();
  }

  get filtered() {
    const { result, period, number, agent } = this.filter;
    return Boolean(result || period !== 'all' || number || agent);
  }

  /** A call has ended: what is shown is no longer all. Not more often than people can read. */
  stale() {
    if (this.#timer !== null || this.#app.panel !== 'history') return;
    this.#timer = setTimeout(() => this.load(), RELOAD_AFTER_MS);
  }

  async load(cursor = null) {
    clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#app.wall || !this.#app.known) return;
    const asked = ++this.#asked;
    this.loading = true;
    this.#app.changed();
    this.#loadPeople();
    try {
      const page = await this.#app.client.request('GET', `api/call-logs?${this.#query(cursor)}`);
      if (asked !== this.#asked) return;
      const logs = page.call_logs ?? [];
      this.logs = cursor ? [...(this.logs ?? []), ...logs] : logs;
      this.cursor = page.next_cursor ?? null;
      this.problem = null;
    } catch (error) {
      if (asked !== this.#asked) return;
      this.problem = error;
    }
    this.loading = false;
    this.#app.changed();
  }

  #query(cursor) {
    const { result, period, number, agent } = this.filter;
    const since = { today: midnight(0, this.#app.now), week: midnight(6, this.#app.now) }[period];
    const wanted = { limit: PAGE, result, number: number.trim(), since, cursor };
    wanted.answered_by = agent === 'me' ? this.#app.who.id : agent;
    return new URLSearchParams(Object.entries(wanted).filter(([, value]) => value));
  }

  /** Owners and admins may know who else there is. */
  async #loadPeople() {
    if (this.#peopleAsked || !this.#app.leads) return;
    this.#peopleAsked = true;
    const { users = [] } = await this.#app.client.request('GET', 'api/users').catch(() => ({}));
    this.people = users.filter(({ id }) => id !== this.#app.who.id);
    this.#app.changed();
  }
}
