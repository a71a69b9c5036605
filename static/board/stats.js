// The day in numbers. What waits now is on the board itself; the rest is asked for, and again after things have happened.

const AFTER_EVENT_MS = 1_500;
const EVERY_MS = 30_000;

export class Stats {
  day = null;
  problem = null;
  #app;
  #timer = null;
  #soon = false;

  constructor(app) {
    this.#app = app;
  }

  forget() {
    this.day = null;
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  get #shown() {
    return this.#app.wall || this.#app.panel === 'day';
  }

  event() {
    if (!this.#shown || this.#soon) return;
    this.#soon = true;
    this.#again(AFTER_EVENT_MS);
  }

  async load() {
    this.#soon = false;
    try {
      this.day = await this.#app.client.request('GET', 'api/stats');
      this.problem = null;
    } catch (error) {
      this.problem = error;
    }
    if (!this.#soon && this.#shown) this.#again(EVERY_MS);
    this.#app.changed();
  }

  #again(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.load(), ms);
  }
}
