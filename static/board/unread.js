// Webhooks that could not be applied: what they tell is missing from the board, and only the owner can have that mended.
const EVERY_MS = 60_000;

export class Unread {
  count = 0;
  #app;
  #timer = null;

  constructor(app) {
    this.#app = app;
  }

  forget() {
    this.count = 0;
    clearTimeout(this.#timer);
  }

  async load() {
    clearTimeout(this.#timer);
    if (!this.#app.owner || this.#app.wall) return;
    this.#timer = setTimeout(() => this.load(), EVERY_MS);
    const found = await this.#app.client.request('GET', 'api/agency/webhooks').catch(() => null);
    this.count = found?.failed ?? this.count;
    this.#app.changed();
  }
}
