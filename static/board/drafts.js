// Notes that are written while a call is still going on. The call's log takes them when it has ended; until then, and until
// the server has them for certain, they are kept in this tab.
import { storage } from '../sdk/tokens.js';

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

  ended(call) {
    if (this.#kept[call.id]) this.#send(call.id, 0);
  }

  /** After a connection was lost: what could not be saved then. */
  retry() {
    const open = new Set(this.#app.board.calls.map(({ id }) => id));
    for (const id of Object.keys(this.#kept)) if (!open.has(id)) this.#send(id, TRIES - 1);
  }

  async #send(id, tries) {
    const draft = this.#kept[id];
    try {
      await this.#app.client.request('PATCH', `api/call-logs/${id}`, draft);
      if (this.#kept[id] === draft) delete this.#kept[id];
      this.#keep();
      this.#app.detail.saved(id);
    } catch {
      // The log may be written a moment after the event; later the draft waits for the next connection.
      if (tries + 1 < TRIES) setTimeout(() => this.#send(id, tries + 1), AGAIN_MS * 2 ** tries);
    }
  }

  #keep() {
    try {
      storage('sessionStorage')?.setItem(KEY, JSON.stringify(this.#kept));
    } catch {
      // full or switched off: they hold until the page is closed
    }
  }
}
