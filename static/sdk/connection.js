// One life-long conversation with the server over as many sockets as it takes: the protocol `callboard.v1`, and nothing else.

export const SUBPROTOCOL = 'callboard.v1';
const BACKOFF_FIRST_MS = 500;
const BACKOFF_MOST_MS = 20_000;
const MOST_TOLD_MS = 600_000;
const FIRST_WORD_WITHIN_MS = 10_000;
const TOKEN_WITHIN_MS = 60_000;
const TOKEN_AGAIN_MS = 60_000;
// After waking: how old a dial may be to be waited for, and how long anything may then take before it is made again.
const YOUNG_MS = 1_000;
const AWAKE_WITHIN_MS = 1_500;
const STEADY_AFTER_MS = 2_000;
const SILENT_INTERVALS = 2.5;
const TICK_MS = 1_000;
const SLEPT_MS = 5_000;
const HELD_UP_MS = 250;
const STEPPED_MS = 1_000;

/** The close codes of /asyncapi.json by name, for those who want to say in words why a connection ended. */
export const CLOSED = {
  1001: 'restarting',
  1009: 'too_long',
  1012: 'renewed',
  1013: 'unavailable',
  4000: 'slow',
  4001: 'token_expired',
  4002: 'too_many',
  4003: 'silent_client',
  4004: 'no_connect',
  4500: 'unauthorized',
  4501: 'forbidden',
  4502: 'protocol_error',
};

/** Whether the server wants to see us again after this close. */
export const comesBack = (code) => code !== 1009 && (code < 4500 || code > 4999);

/** Full jitter: anything from nothing to a ceiling that doubles, so that a thousand boards do not return as one. */
export function backOff(tries, random) {
  return random() * Math.min(BACKOFF_MOST_MS, BACKOFF_FIRST_MS * 2 ** tries);
}

/**
 * `phase` is connecting, catching_up, live, stale (comes back by itself, or with a token) or stopped (does not).
 * `position` is the last event seen and outlives sockets: with it the server sends exactly what was missed.
 *
 * `listener` has: token(reason), snapshot(message), resumed(message), caughtUp(n), event(message, live), heartbeat(message),
 * changed(). `platform` has: WebSocket, now(), ticks(), random(), setTimeout, clearTimeout. `clock` is told the server's time.
 */
export class Connection {
  phase = 'stopped';
  position = null;
  staleSince = null;
  problem = null;
  behind = 0;
  faults = 0;

  #url;
  #listener;
  #platform;
  #clock;
  #token = null;
  #refused = null;
  #spent = null;
  #reason = 'connect';
  #attempt = 0;
  #begunAt = null;
  #socket = null;
  #welcomed = false;
  #steadyFrom = Infinity;
  #deadline = Infinity;
  #heardAt = 0;
  #patience = FIRST_WORD_WITHIN_MS;
  #lastWords = null;
  #catchingUp = { from: 0, to: 0 };
  #tries = 0;
  #retry = null;
  #notBefore = 0;
  #ticking = null;
  #tickedAt = 0;
  #tickDue = Infinity;
  #apart = 0;

  constructor(url, listener, platform, clock) {
    this.#url = url;
    this.#listener = listener;
    this.#platform = platform;
    this.#clock = clock;
  }

  start() {
    this.#tries = 0;
    this.problem = null;
    if (this.position) this.staleSince ??= this.#clock.now();
    this.#noteTime();
    this.#tick();
    this.#become(this.phase === 'stale' ? 'stale' : 'connecting');
    return this.#open();
  }

  /** Ends it: no socket, no retry. The position stays, for another start. */
  stop(problem = null) {
    this.#letGo();
    this.#platform.clearTimeout(this.#ticking);
    this.#ticking = null;
    this.#tickDue = Infinity;
    this.problem = problem;
    this.staleSince ??= this.#clock.now();
    this.#become('stopped');
  }

  /** There is a newer token: extends the present connection, or lets one that waits for it go on. */
  refresh(token) {
    if (!this.#welcomed) return this.start();
    if (!token) return undefined;
    this.#token = token;
    return this.#send({ type: 'refresh', token });
  }

  /**
   * The network or the user is back: do not sit out the back-off, and trust neither a socket that may have died asleep nor a
   * dial that may have gone into the void.
   */
  hurry() {
    const now = this.#platform.ticks();
    if (this.phase === 'stopped' || now < this.#notBefore) return;
    if (this.#welcomed) {
      this.#send({ type: 'ping' });
      this.#deadline = Math.min(this.#deadline, now + AWAKE_WITHIN_MS);
    } else {
      this.#tries = 0;
      if (this.#begunAt === null || now - this.#begunAt >= YOUNG_MS) this.#open();
      else if (this.#socket) this.#deadline = Math.min(this.#deadline, this.#begunAt + AWAKE_WITHIN_MS);
    }
    this.#tick();
  }

  /** A server that says nothing is as gone as one that hangs up; one that was not looked at for long is asked. */
  #tick() {
    this.#platform.clearTimeout(this.#ticking);
    const now = this.#platform.ticks();
    const woke = this.#noteTime();
    if (woke) this.#clock.doubt();
    // If it was us who were held up, what the server has said meanwhile may be about to be read.
    const heldUp = now - this.#tickDue > HELD_UP_MS;
    if (now > this.#deadline && heldUp) this.#deadline = now + HELD_UP_MS;
    else if (now > this.#deadline) this.#lose(this.#silence());
    const next = Math.min(TICK_MS, Math.max(0, this.#deadline - now) + 1);
    this.#tickDue = now + next;
    this.#ticking = this.#platform.setTimeout(() => this.#tick(), next);
    if (woke) this.hurry();
  }

  #silence() {
    if (!this.#socket) return { problem: { code: 'no_token', message: 'nothing came of asking for one' } };
    return { problem: { code: 'silent' }, since: this.#heardAt || this.#platform.ticks() };
  }

  /** Whether the machine has slept, or its clock was set, since this was last asked. */
  #noteTime() {
    const now = this.#platform.ticks();
    const apart = this.#platform.now() - now;
    const woke = this.#ticking !== null && (now - this.#tickedAt > SLEPT_MS || Math.abs(apart - this.#apart) > STEPPED_MS);
    this.#tickedAt = now;
    this.#apart = apart;
    return woke;
  }

  /** `patient`: a token that was refused as too old just now, and comes again, is not tried at once. */
  async #open(patient = false) {
    this.#letGo();
    this.#begunAt = this.#platform.ticks();
    this.#deadline = this.#begunAt + TOKEN_WITHIN_MS;
    const attempt = ++this.#attempt;
    let token;
    try {
      token = await this.#listener.token(this.#reason);
    } catch (error) {
      if (attempt === this.#attempt) this.#lose({ problem: { code: 'no_token', message: String(error?.message ?? error) } });
      return;
    }
    if (attempt !== this.#attempt) return;
    if (!token || token === this.#refused) this.#withoutToken(token);
    else if (patient && token === this.#spent) this.#lose({ problem: this.problem });
    else this.#dial(token);
  }

  #dial(token) {
    if (token !== this.#spent) this.#reason = 'connect';
    this.#token = token;
    const socket = new this.#platform.WebSocket(this.#url, SUBPROTOCOL);
    this.#socket = socket;
    this.#begunAt = this.#platform.ticks();
    this.#deadline = this.#begunAt + FIRST_WORD_WITHIN_MS;
    const current = () => socket === this.#socket;
    socket.onopen = () => current() && this.#send({ type: 'connect', token, ...(this.position && { position: this.position }) });
    socket.onmessage = ({ data }) => current() && this.#hear(data);
    socket.onclose = ({ code, reason }) => current() && this.#closed(code, reason);
    socket.onerror = () => {}; // a close follows, and says more
  }

  /**
   * Nothing to sign in with (any more). Whoever sees a board keeps it, marked stale: `refresh` goes on, and now and then it is
   * asked whether somebody has signed in meanwhile.
   */
  #withoutToken(token) {
    const refused = Boolean(token) || this.problem?.code === 'unauthorized';
    const code = refused ? 'unauthorized' : this.position ? 'token_expired' : 'signed_out';
    const problem = this.problem?.code === code ? this.problem : { code };
    if (code !== 'token_expired') return this.stop(problem);
    this.#letGo();
    this.staleSince ??= this.#clock.now();
    this.problem = problem;
    this.#retry = this.#platform.setTimeout(() => this.#open(), TOKEN_AGAIN_MS);
    return this.#become('stale');
  }

  #send(message) {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(message));
  }

  #letGo() {
    this.#attempt += 1;
    this.#platform.clearTimeout(this.#retry);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.#retry = null;
    this.#begunAt = null;
    this.#notBefore = 0;
    this.#welcomed = false;
    this.#steadyFrom = Infinity;
    this.#deadline = Infinity;
    this.#heardAt = 0;
    this.#patience = FIRST_WORD_WITHIN_MS;
    this.#lastWords = null;
  }

  #hear(data) {
    this.#heardAt = this.#platform.ticks();
    this.#deadline = this.#heardAt + this.#patience;
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return this.#fault('not JSON');
    }
    switch (message?.type) {
      case 'snapshot':
        return this.#snapshot(message);
      case 'resumed':
        return this.#resumed(message);
      case 'heartbeat':
        // Its number is the last one queued before it, so anything else means that an event went missing on the way.
        if (message.seq !== this.position?.seq) return this.#fault(`heartbeat at ${message.seq} after ${this.position?.seq}`);
        this.#clock.hears(message.at);
        return this.#listener.heartbeat(message);
      case 'token_expiring':
        return this.#renew();
      case 'error':
        if (message.code !== 'unknown_type') this.#lastWords = message;
        return undefined;
      default:
        return Number.isInteger(message?.seq) ? this.#event(message) : undefined;
    }
  }

  /** Asks for a newer token. Without one the server closes with 4001, and it is asked for again. */
  async #renew() {
    const socket = this.#socket;
    const token = await Promise.resolve(this.#listener.token('expiring')).catch(() => null);
    if (token && token !== this.#token && socket === this.#socket) this.refresh(token);
  }

  #snapshot(message) {
    this.position = { epoch: message.epoch, seq: message.seq };
    this.#welcome(message);
    this.#listener.snapshot(message);
    this.#become('live');
  }

  #resumed(message) {
    if (message.from !== this.position?.seq) return this.#fault(`resumed from ${message.from} after ${this.position?.seq}`);
    this.position.epoch = message.epoch;
    this.#catchingUp = { from: message.from, to: message.seq };
    this.behind = message.seq - message.from;
    this.#welcome(message);
    this.#listener.resumed(message);
    if (this.behind > 0) return this.#become('catching_up');
    this.#listener.caughtUp(0);
    return this.#become('live');
  }

  #welcome(message) {
    const now = this.#platform.ticks();
    this.#clock.hears(message.at);
    this.#welcomed = true;
    this.#refused = null;
    this.#reason = 'connect';
    this.#steadyFrom = now + STEADY_AFTER_MS;
    this.#patience = SILENT_INTERVALS * 1000 * (message.heartbeat_s || 15);
    this.#deadline = now + this.#patience;
    this.staleSince = null;
    this.problem = null;
  }

  #event(message) {
    if (!this.#welcomed) return this.#fault('an event before the greeting');
    if (message.seq !== this.position.seq + 1) return this.#fault(`event ${message.seq} after ${this.position.seq}`);
    this.position.seq = message.seq;
    const { from, to } = this.#catchingUp;
    const missed = this.phase === 'catching_up';
    this.#listener.event(message, !missed);
    if (!missed) return this.#listener.changed();
    this.behind = to - message.seq;
    if (this.behind > 0) return this.#listener.changed();
    this.#listener.caughtUp(to - from);
    return this.#become('live');
  }

  /** The server broke its promise. What is known can no longer be trusted: say so and start afresh. */
  #fault(message) {
    this.faults += 1;
    this.position = null;
    this.#lose({ problem: { code: 'fault', message } });
  }

  #closed(code, reason) {
    const error = this.#lastWords;
    const problem = { code: CLOSED[code] ?? 'lost', close: code };
    const message = error?.message || reason;
    if (message) problem.message = message;
    if (code === 4001) return this.#askAgain('expired', problem);
    if (code === 4500) {
      // A token that ran out while we were away is refused like a false one: another one may be tried, this one never again.
      this.#refused = this.#token;
      return this.#askAgain('refused', problem);
    }
    if (!comesBack(code)) return this.stop(problem);
    if (code === 4002) this.#tries = Math.max(this.#tries, 4);
    return this.#lose({ problem, retryAfter: error?.retry_after_ms });
  }

  /** For another token: at once after a connection that had held, and after that no faster than after any loss. */
  #askAgain(reason, problem) {
    this.#spent = this.#token;
    this.#reason = reason;
    this.#restIfSteady();
    if (this.#tries > 0) return this.#lose({ problem });
    this.#lose({ problem, retry: false });
    this.#tries = 1;
    return this.#open(true);
  }

  #restIfSteady() {
    if (this.#platform.ticks() > this.#steadyFrom) this.#tries = 0;
  }

  /** `since` in ticks. */
  #lose({ problem, since = this.#platform.ticks(), retryAfter, retry = true }) {
    this.#restIfSteady();
    this.#letGo();
    this.staleSince ??= this.#clock.at(since);
    this.problem = problem;
    const told = Number.isFinite(retryAfter);
    const usual = backOff(this.#tries, this.#platform.random);
    // The first time at the hour that the server names; one that names none worth the word does not get us at once for ever.
    const delay = told ? Math.min(MOST_TOLD_MS, Math.max(0, retryAfter, this.#tries > 0 ? usual : 0)) : usual;
    if (retry) this.#tries += 1;
    if (told) this.#notBefore = this.#platform.ticks() + delay;
    if (retry) this.#retry = this.#platform.setTimeout(() => this.#open(), delay);
    this.#become(this.phase === 'connecting' ? 'connecting' : 'stale');
  }

  #become(phase) {
    this.phase = phase;
    this.#listener.changed();
  }
}
