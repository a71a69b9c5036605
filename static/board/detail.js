// One call, looked at closely: its timeline, notes and recordings.

import { TEXT } from './texts.js';

const STEADY_MS = 600;
const FIELDS = ['outcome', 'notes'];

/** What stands in a field, as the server keeps it. */
const kept = (text) => (text ?? '').trim() || null;

export class Detail {
  call = null;
  log = null; // what is written about it, as last read; null: not read, and so not to be written
  events = null;
  problem = null;
  logProblem = null;
  saving = ''; // '', 'saving', 'saved', an error, or what somebody else has written meanwhile: {theirs}
  links = new Map(); // recording id → {url} or {problem}
  #app;
  #typed = new Map(); // call id → what was typed and is not saved
  #again = false;
  #asked = 0;
  #timer = null;

  constructor(app) {
    this.#app = app;
  }

  forget() {
    this.#close();
    this.#typed.clear();
  }

  #close() {
    this.#asked += 1;
    Object.assign(this, { call: null, log: null, events: null, problem: null, logProblem: null, saving: '', links: new Map() });
  }

  /** `call` is a call or a call's log: enough to show at once. */
  open(call) {
    this.#close();
    this.call = call;
    return this.load();
  }

  get isOver() {
    return this.call?.status === 'ended' || 'result' in (this.call ?? {});
  }

  /** Something happened to it while it is looked at. */
  event({ call }) {
    if (!call || call.id !== this.call?.id || this.#app.panel !== 'call') return;
    this.call = { ...this.call, ...call };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.load(), STEADY_MS);
  }

  /** What was written before it ended has reached the server, or met something that was there already. */
  saved(id) {
    if (id === this.call?.id) this.load();
  }

  async load() {
    const { id } = this.call;
    const asked = ++this.#asked;
    this.#app.changed();
    const ask = (path) => this.#app.client.request('GET', path);
    const writing = this.isOver ? this.#readLog(asked) : null;
    const [call, timeline] = await Promise.allSettled([ask(`api/calls/${id}`), ask(`api/calls/${id}/events`)]);
    if (asked !== this.#asked) return;
    if (call.status === 'fulfilled') this.call = { ...this.call, ...call.value };
    if (timeline.status === 'fulfilled') this.events = timeline.value.events ?? [];
    this.problem = call.reason ?? timeline.reason ?? null;
    this.#app.changed();
    await (writing ?? (this.isOver ? this.#readLog(asked) : null));
  }

  async #readLog(asked = this.#asked) {
    try {
      const log = await this.#app.client.request('GET', `api/call-logs/${this.call.id}`);
      if (asked !== this.#asked) return;
      this.log = log;
      this.logProblem = null;
    } catch (error) {
      if (asked !== this.#asked) return;
      this.logProblem = error;
    }
    this.#app.changed();
  }

  // Outcome and notes of a call that is over.

  /** What to show in a field: what was typed here, before the call ended or after, else what was read, be it with the list. */
  text(field) {
    return this.#written(field) ?? (this.log ?? this.call)[field] ?? '';
  }

  #written(field) {
    const { id } = this.call;
    return this.#typed.get(id)?.[field] ?? this.#app.drafts.of(id)[field];
  }

  type(field, text) {
    const { id } = this.call;
    this.#typed.set(id, { ...this.#typed.get(id), [field]: text });
    if (this.saving === 'saved') this.saving = '';
    this.#app.changed();
  }

  /** What was touched, as the server would keep it. */
  get #changes() {
    const touched = FIELDS.filter((field) => this.#written(field) !== undefined);
    const changed = touched.filter((field) => kept(this.#written(field)) !== kept(this.log[field]));
    return Object.fromEntries(changed.map((field) => [field, kept(this.#written(field))]));
  }

  /** Only what was touched, and only into what was read. Pressed again while it saves, it saves again. */
  async save() {
    if (!this.log) return;
    this.#again = true;
    if (this.saving === 'saving') return;
    const { id } = this.call;
    this.saving = 'saving';
    while (this.#again && this.saving === 'saving') {
      this.#again = false;
      this.#app.changed();
      const problem = await this.#write(id);
      if (id !== this.call?.id) return;
      if (problem) this.saving = problem;
    }
    if (this.saving === 'saving') this.saving = Object.keys(this.#changes).length ? '' : 'saved';
    this.#app.history.load();
    this.#app.changed();
  }

  /** Null when it is written, else what kept it from being. */
  async #write(id) {
    const [before, changes] = [this.log, this.#changes];
    if (!Object.keys(changes).length) return null;
    try {
      const log = await this.#app.client.request('PATCH', `api/call-logs/${id}`, changes, { 'If-Match': `"${before.updated_at}"` });
      this.#forgetWritten(id, changes);
      if (id === this.call?.id) this.log = { ...before, ...changes, ...log };
      return null;
    } catch (error) {
      const now = error.status === 412 ? error.body.call_log : null;
      if (!now || id !== this.call?.id) return error;
      const others = FIELDS.filter((field) => kept(now[field]) !== kept(before[field]) && kept(now[field]) !== kept(this.text(field)));
      this.log = now;
      return others.length ? { theirs: others.map((field) => [field, now[field]]) } : this.#write(id);
    }
  }

  /** What was typed on since then stays. */
  #forgetWritten(id, changes) {
    const typed = Object.entries(this.#typed.get(id) ?? {}).filter(([field, text]) => changes[field] !== kept(text));
    if (typed.length) this.#typed.set(id, Object.fromEntries(typed));
    else this.#typed.delete(id);
    this.#app.drafts.drop(id);
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
