// One call, looked at closely: its timeline, notes and recordings.

import { TEXT } from './texts.js';

const STEADY_MS = 600;

export class Detail {
  call = null;
  log = null;
  events = null;
  problem = null;
  saving = '';
  links = new Map(); // recording id → {url} or {problem}
  #app;
  #asked = 0;
  #timer = null;

  constructor(app) {
    this.#app = app;
  }

  forget() {
    this.#asked += 1;
    Object.assign(this, { call: null, log: null, events: null, problem: null, saving: '', links: new Map() });
  }

  /** `call` is a call or a call's log: enough to show at once. */
  open(call) {
    this.forget();
    this.call = call;
    return this.load();
  }

  /** Something happened to it while it is looked at. */
  event({ call }) {
    if (!call || call.id !== this.call?.id || this.#app.panel !== 'call') return;
    this.call = { ...this.call, ...call };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.load(), STEADY_MS);
  }

  saved(id) {
    if (id === this.call?.id) this.load();
  }

  async load() {
    const { id } = this.call;
    const asked = ++this.#asked;
    this.#app.changed();
    const ask = (path) => this.#app.client.request('GET', path);
    const [call, timeline] = await Promise.allSettled([ask(`api/calls/${id}`), ask(`api/calls/${id}/events`)]);
    if (asked !== this.#asked) return;
    if (call.status === 'fulfilled') this.call = { ...this.call, ...call.value };
    this.log ??= 'result' in this.call || this.call.status === 'ended' ? this.call : null;
    if (timeline.status === 'fulfilled') this.events = timeline.value.events ?? [];
    this.problem = call.reason ?? timeline.reason ?? null;
    this.#app.changed();
    if (this.call.status === 'ended' && !('notes' in this.call)) await this.#loadLog(asked);
  }

  /** A call that was opened from the board brings no notes. */
  async #loadLog(asked) {
    const { id, created_at: since } = this.call;
    const query = new URLSearchParams({ limit: 200, ...(since && { since }) });
    const { call_logs: logs = [] } = await this.#app.client.request('GET', `api/call-logs?${query}`).catch(() => ({}));
    const log = logs.find((one) => one.id === id);
    if (!log || asked !== this.#asked) return;
    this.call = { ...log, ...this.call, notes: log.notes, outcome: log.outcome };
    this.#app.changed();
  }

  async save(changes) {
    const { id } = this.call;
    this.saving = 'saving';
    this.#app.changed();
    try {
      await this.#app.client.request('PATCH', `api/call-logs/${id}`, changes);
      if (id !== this.call?.id) return;
      this.call = { ...this.call, ...changes };
      this.saving = 'saved';
      this.#app.history.load();
    } catch (error) {
      this.saving = error;
    }
    this.#app.changed();
  }

  unplayable(recording) {
    this.links = new Map(this.links).set(recording, { problem: new Error(TEXT.unplayable) });
    this.#app.changed();
  }

  /** A link lasts minutes, so it is asked for when somebody wants to hear. */
  async play(recording) {
    const path = `api/calls/${this.call.id}/recordings/${encodeURIComponent(recording)}`;
    const link = await this.#app.client.request('GET', path).catch((problem) => ({ problem }));
    this.links = new Map(this.links).set(recording, link);
    this.#app.changed();
  }
}
