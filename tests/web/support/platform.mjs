// A world for the client library without network and without time passing by itself.

/** Lets everything that waits for a promise go on. */
export const settled = async () => {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
};

export function token(sub, more = {}) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part({ sub, ...more })}.c2lnbmF0dXJl`;
}

export class Platform {
  sockets = [];
  stored = new Map();
  requests = [];
  chance = 1;
  answers = () => ({ status: 200, body: { success: true } });
  #now = Date.parse('2026-11-21T09:00:00Z');
  #set = 0;
  #timers = new Map();
  #id = 0;

  constructor() {
    const world = this;
    this.WebSocket = class {
      readyState = 0;
      sent = [];
      constructor(url, protocol) {
        Object.assign(this, { url, protocol });
        world.sockets.push(this);
      }
      send(text) {
        this.sent.push(JSON.parse(text));
      }
      close() {
        this.readyState = 3;
        this.closedByClient = true;
      }
      opens() {
        this.readyState = 1;
        this.onopen();
      }
      says(message) {
        this.onmessage({ data: JSON.stringify(message) });
      }
      ends(code, reason = '') {
        this.readyState = 3;
        this.onclose({ code, reason });
      }
    };
    this.storage = {
      getItem: (key) => this.stored.get(key) ?? null,
      setItem: (key, value) => this.stored.set(key, value),
      removeItem: (key) => this.stored.delete(key),
    };
    this.now = () => this.#now + this.#set;
    this.ticks = () => this.#now;
    this.random = () => this.chance;
    this.setTimeout = (what, ms) => {
      this.#timers.set(++this.#id, { what, at: this.#now + ms });
      return this.#id;
    };
    this.clearTimeout = (id) => this.#timers.delete(id);
    this.fetch = async (url, { method, headers }) => {
      this.requests.push({ method, path: url.pathname, token: headers.Authorization });
      const { status, body } = await this.answers(this.requests.at(-1));
      return { ok: status < 300, status, headers: new Headers(), json: async () => body };
    };
  }

  get socket() {
    return this.sockets.at(-1);
  }

  /** Time passes, timers go off in their order. */
  async passes(ms) {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, timer]) => timer.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
      if (!due) break;
      this.#timers.delete(due[0]);
      this.#now = Math.max(this.#now, due[1].at);
      due[1].what();
      await settled();
    }
    this.#now = end;
    await settled();
  }

  /** The machine sleeps: the clock moves, nothing else does. */
  sleeps(ms) {
    this.#now += ms;
  }

  /** Somebody, or a time server, sets the clock. */
  sets(ms) {
    this.#set += ms;
  }

  /** The same computer after the page was loaded again: what was stored and the clock are as they were. */
  reloads() {
    const again = new Platform();
    again.#now = this.#now;
    again.#set = this.#set;
    again.stored = this.stored;
    return again;
  }
}
