// Notes that are written while a call is still going on. The call's log takes them when it has ended; until then, and until
// the server has them for certain, they are kept in this tab.
import { storage } from '../sdk/tokens.js';
import { TEXT } from './texts.js';
import { callerSpoken } from './words.js';

const KEY = 'callboard.drafts';
const AGAIN_MS = 2_000;
const TRIES = 5;

export class Drafts {
  #app;
  #kept;

  constructor(app) {
    this.#app = app;
    try {
      this.#kept = JSON.parse(storage('sessionStorage')?.getItem(KEY) ?? '{}');
    } catch {
      this.#kept = {};
    }
  }

  of(id) {
    return this.#kept[id] ?? {};
  }

  write(id, field, text) {
    this.#kept[id] = { ...this.#kept[id], [field]: text };
    this.#keep();
  }

  drop(id) {
    delete this.#kept[id];
    this.#keep();
  }

  ended(call) {
    if (this.#kept[call.id]) this.#send(call.id, 0);
  }

  /** After a connection was lost: what could not be saved then. What met somebody else's words waits for its writer. */
  retry() {
    const open = new Set(this.#app.board.calls.map(({ id }) => id));
    for (const id of Object.keys(this.#kept)) if (!open.has(id) && !this.#kept[id].waits) this.#send(id, TRIES - 1);
  }

  async #send(id, tries) {
    const draft = this.#kept[id];
    if (!draft || draft.waits) return;
    try {
      const log = await this.#app.client.request('GET', `api/call-logs/${id}`);
      const { outcome, notes } = draft;
      const words = JSON.parse(JSON.stringify({ outcome, notes }));
      if (Object.entries(words).some(([field, text]) => log[field] && log[field] !== text)) return this.#waits(id, log);
      await this.#app.client.request('PATCH', `api/call-logs/${id}`, words, { 'If-Match': `"${log.updated_at}"` });
      if (this.#kept[id] === draft) this.drop(id);
      this.#app.detail.saved(id);
    } catch {
      // Somebody wrote in between, or the log comes a moment after the event; later the draft waits for the next connection.
      if (tries + 1 < TRIES) setTimeout(() => this.#send(id, tries + 1), AGAIN_MS * 2 ** tries);
    }
  }

  /** Somebody else has written there already: nothing is written over unasked, and nothing typed is lost. */
  #waits(id, log) {
    this.write(id, 'waits', true);
    this.#app.say(TEXT.draftWaits(callerSpoken(log)));
    this.#app.detail.saved(id);
  }

  #keep() {
    try {
      storage('sessionStorage')?.setItem(KEY, JSON.stringify(this.#kept));
    } catch {
      // full or switched off: they hold until the page is closed
    }
  }
}
