// A board as a value: what is true now, who wants to know when it changes, and what can be done about it.
import { Agents } from './agents.js';
import { Calls } from './calls.js';
import { ServerClock } from './clock.js';
import { Connection } from './connection.js';
import { Memory } from './memory.js';
import { Rest } from './rest.js';
import { claims, storage, usualToken } from './tokens.js';

const SAVE_AFTER_MS = 1_000;
const LINGER_MS = 1_000;

const platformHere = (now) => ({
  WebSocket: globalThis.WebSocket,
  storage: storage('sessionStorage'),
  fetch: (...args) => globalThis.fetch(...args),
  now: () => Date.now(),
  ticks: now ?? (() => performance.now()),
  random: () => Math.random(),
  setTimeout: (what, ms) => globalThis.setTimeout(what, ms),
  clearTimeout: (id) => globalThis.clearTimeout(id),
});

/** `https://host`, `https://host/api` or nothing (this page's own server) into the address of the server's root. */
export function rootOf(url) {
  const root = new URL(String(url ?? '').replace(/\/+$/, '').replace(/\/api$/, '') + '/', globalThis.location?.href);
  if (!/^https?:$/.test(root.protocol)) throw new TypeError(`callboard: ${root.protocol} is not http or https`);
  root.search = '';
  root.hash = '';
  return root;
}

export class CallboardClient {
  #platform;
  #root;
  #tokenOf;
  #token = null;
  #calls = new Calls();
  #agents = new Agents();
  #clock;
  #connection;
  #rest;
  #memory;
  #listeners = new Set();
  #handlers = new Map();
  #acting = new Map();
  #turns = new Map();
  #user = null;
  #caughtUp = null;
  #afresh = null;
  #snapshot = null;
  #saving = null;
  #lingering = null;
  #users = 0;
  #awake = null;

  /** See index.d.ts for the options. */
  constructor({ url, token = usualToken, platform = {} } = {}) {
    this.#platform = { ...platformHere(platform.now), ...platform };
    this.#clock = new ServerClock(this.#platform);
    this.#root = rootOf(url);
    this.#tokenOf = typeof token === 'function' ? token : () => token;
    this.#memory = new Memory(this.#platform.storage, this.#root.href);
    this.#rest = new Rest(this.#root, (reason) => this.#getToken(reason), this.#platform);
    const socket = new URL('ws', this.#root);
    socket.protocol = socket.protocol.replace('http', 'ws');
    this.#connection = new Connection(socket.href, this.#hears(), this.#platform, this.#clock);
  }

  // What is true now.

  /** The same object as long as nothing has changed. */
  getSnapshot = () => {
    this.#snapshot ??= this.#draw();
    return this.#snapshot;
  };

  /** Calls `listener` after each change; returns what ends it. */
  subscribe = (listener) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** `event` ({event, live}) of calls, `agent` ({event, live}) of people, `snapshot` ({reason}), `caught_up` ({events}), `heartbeat` ({at}); returns what ends it. */
  on(name, handler) {
    const handlers = this.#handlers.get(name) ?? new Set();
    this.#handlers.set(name, handlers);
    handlers.add(handler);
    return () => handlers.delete(handler);
  }

  /** What time it is at the server, in milliseconds since 1970: right however this computer's clock goes. */
  now = () => this.#clock.now();

  // Its life.

  start() {
    this.#watchWaking();
    return this.#connection.start();
  }

  stop() {
    this.#save();
    this.#awake?.();
    this.#awake = null;
    this.#connection.stop();
  }

  /** Starts with the first of its users and ends with the last: several components, one socket. Returns what gives it back. */
  use() {
    this.#platform.clearTimeout(this.#lingering);
    if (this.#users++ === 0 && this.#connection.phase === 'stopped') this.start();
    let used = true;
    return () => {
      if (!used) return;
      used = false;
      // React takes components down and up again at once; the socket outlives that.
      if (--this.#users === 0) this.#lingering = this.#platform.setTimeout(() => this.stop(), LINGER_MS);
    };
  }

  /** Somebody has signed in (again): asks for the token and goes on. Another person starts afresh. */
  async signedIn() {
    const before = claims(this.#token).sub;
    const token = await this.#getToken('connect');
    if (before !== undefined && claims(token).sub !== before) {
      this.#connection.stop();
      this.#forget();
    }
    this.#watchWaking();
    return this.#connection.refresh(token);
  }

  /** Nobody is signed in: forgets calls and position. */
  signOut() {
    this.stop();
    this.#forget();
    this.#memory.forget();
    this.#token = null;
    this.#connection.problem = { code: 'signed_out' };
    this.#changed();
  }

  /** The user or the network is back. Browsers are listened to already; other places may call it. */
  wake = () => this.#connection.hurry();

  // What can be done.

  /** Takes a call. Resolves to the call; rejects with a CallboardError, 409 when somebody else was faster. */
  answer(call) {
    return this.#act('answer', call);
  }

  release(call) {
    return this.#act('release', call);
  }

  end(call) {
    return this.#act('end', call);
  }

  /** Says whether one is there to take calls: `available`, or `away` with one of the agency's reasons. */
  setState(state, reason) {
    return this.request('PUT', 'api/me/state', { state, ...(reason && { reason }) });
  }

  /** Anything else over HTTP: `request('GET', 'api/call-logs?limit=10')`. */
  request(method, path, body, headers) {
    return this.#rest.ask(method, String(path).replace(/^\/+/, ''), body, headers);
  }

  /**
   * What is done with one call is done in turn: a call is given back only after the answer to its taking is there, however
   * quick the hand that asked for both. The same thing asked for twice is one thing.
   */
  #act(action, call) {
    const id = typeof call === 'string' ? call : call.call_control_id;
    const last = this.#turns.get(id);
    if (last?.action === action) return last.done;
    const turn = { action };
    turn.done = this.#inTurn(last, turn, id);
    this.#turns.set(id, turn);
    return turn.done;
  }

  async #inTurn(last, turn, id) {
    if (last) await last.done.catch(() => {});
    this.#acting.set(id, turn.action);
    this.#changed();
    try {
      return await this.request('POST', `api/telnyx/calls/${encodeURIComponent(id)}/${turn.action}`);
    } finally {
      this.#acting.delete(id);
      if (this.#turns.get(id) === turn) this.#turns.delete(id);
      this.#changed();
    }
  }

  // What the connection tells.

  #hears() {
    return {
      token: (reason) => this.#getToken(reason),
      snapshot: ({ calls, agents, user, reason }) => {
        this.#calls.replace(calls ?? []);
        this.#agents.replace(agents ?? []);
        this.#user = user ?? null;
        this.#afresh = reason ?? null;
        this.#caughtUp = null;
        this.#tell('snapshot', { reason });
      },
      resumed: ({ user }) => {
        this.#user = user ?? this.#user;
      },
      caughtUp: (events) => {
        this.#caughtUp = { events, at: this.#clock.now() };
        this.#tell('caught_up', { events });
      },
      event: (event, live) => {
        if (event.type?.startsWith('agent.')) {
          this.#agents.apply(event);
          this.#tell('agent', { event, live });
          return;
        }
        this.#calls.apply(event);
        this.#tell('event', { event, live });
      },
      heartbeat: (message) => this.#tell('heartbeat', message),
      changed: () => this.#changed(),
    };
  }

  async #getToken(reason) {
    const token = (await this.#tokenOf({ reason, current: this.#token })) || null;
    if (token && claims(token).sub !== claims(this.#token).sub) this.#recall(token);
    this.#token = token ?? this.#token;
    return token;
  }

  /** After a reload: what this tab knew of this person's board, so that only the difference need be sent. */
  #recall(token) {
    if (this.#connection.position) return;
    const kept = this.#memory.load(claims(token).sub);
    if (!kept) return;
    this.#calls.replace(kept.calls);
    this.#agents.replace(kept.agents);
    this.#clock.recall(kept.ahead);
    this.#connection.position = kept.position;
  }

  #forget() {
    this.#calls.forget();
    this.#agents.forget();
    this.#connection.position = null;
    this.#connection.staleSince = null;
    this.#user = null;
    this.#caughtUp = null;
    this.#afresh = null;
  }

  #draw() {
    const { phase, position, staleSince, problem, behind, faults } = this.#connection;
    const { open, ended } = this.#calls.lists;
    return {
      state: phase,
      calls: open,
      ended,
      agents: this.#agents.list,
      incomingCall: open.find((call) => call.status === 'incoming' && !this.#acting.has(call.call_control_id)) ?? null,
      acting: new Map(this.#acting),
      user: this.#user,
      position: position && { ...position },
      staleSince: phase === 'live' || phase === 'catching_up' ? null : staleSince,
      behind: phase === 'catching_up' ? behind : 0,
      caughtUp: this.#caughtUp,
      afresh: this.#afresh,
      problem,
      faults,
    };
  }

  #changed() {
    this.#snapshot = null;
    this.#saving ??= this.#platform.setTimeout(() => this.#save(), SAVE_AFTER_MS);
    for (const listener of [...this.#listeners]) listener();
  }

  #tell(name, value) {
    this.#snapshot = null;
    for (const handler of [...(this.#handlers.get(name) ?? [])]) handler(value);
  }

  #save = () => {
    this.#platform.clearTimeout(this.#saving);
    this.#saving = null;
    this.#memory.save(claims(this.#token).sub, this.#connection.position, { ...this.#calls.lists, agents: this.#agents.list }, this.#clock.ahead);
  };

  #watchWaking() {
    if (this.#awake || typeof globalThis.addEventListener !== 'function') return;
    const seen = () => globalThis.document?.visibilityState !== 'hidden' && this.wake();
    const on = [
      [globalThis, 'online', this.wake],
      [globalThis, 'pageshow', this.wake],
      [globalThis, 'pagehide', this.#save],
      [globalThis.document, 'visibilitychange', seen],
      [globalThis.document, 'resume', this.wake],
    ].filter(([target]) => target?.addEventListener);
    for (const [target, name, what] of on) target.addEventListener(name, what);
    this.#awake = () => on.forEach(([target, name, what]) => target.removeEventListener(name, what));
  }
}
