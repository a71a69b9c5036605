// The board: every call that rings, is answered or has just ended, as the server's numbered events tell it.
//
// In layers, each knowing only those above it: words, tokens, the connection (the wire protocol; no DOM), calls and latency
// (what the events add up to), the screen (DOM; no protocol), and the board that joins them. What a caller may have chosen
// reaches the page as text nodes only.

const TEXT = {
  signIn: 'Sign in',
  signOut: 'Sign out',
  signInWhat: 'The board shows one agency’s calls, so it has to know who you are. It takes an access token: a signed text of three parts with dots between (a JWT). If your app signs in with Supabase at this same address, the board uses that sign-in by itself.',
  signInHow: 'Where the server has SUPABASE_JWT_SECRET, whoever runs it can print a token for you:',
  signInCommand: 'callboard token --user YOUR_USER_ID',
  tokenLabel: 'Access token',
  tokenKept: 'Kept in this tab only, and gone when you close it.',
  notAToken: 'That is not a token: a token has three parts with dots between.',
  tokenExpired: 'Your sign-in has run out. Paste a new token to go on.',
  tokenExpiring: (time) => `Your sign-in ends at ${time}. Paste a new token to stay.`,
  tokenRefused: (why) => sentence('The server did not accept this sign-in', why, 'Sign in again.'),
  signedOut: 'Signed out',

  forbidden: (why) => sentence('You are signed in, but not as a member of an agency here', why, 'Ask whoever runs callboard to add you, then reload.'),
  protocolFault: (why) => sentence('The server could not follow what this page sent, so the page stopped', why, 'Reload it; if that does not help, tell whoever runs callboard.'),
  tooLong: 'The server refused this sign-in because it is too long. Paste a shorter token.',
  stayAway: (code, why) => sentence(`The server asked this page to stay away (${code})`, why, 'Reload to try again.'),

  connecting: 'Connecting',
  live: 'Live',
  catchingUp: (n) => `Catching up: ${events(n)}`,
  catchingUpSpoken: 'Catching up',
  resumed: (n) => (n === 0 ? 'Resumed: nothing missed' : `Resumed: caught up ${events(n)}`),
  staleFor: (time) => `Stale for ${time}, reconnecting`,
  stale: 'Stale, reconnecting',
  staleUntilSignIn: (time) => `Stale for ${time}, waiting for you to sign in`,
  staleUntilSignInSpoken: 'Stale, waiting for you to sign in',
  unreachedFor: (time) => `No connection for ${time}, trying again`,
  unreached: 'No connection, trying again',
  stoppedFor: (time) => `Stopped, stale for ${time}`,
  stopped: 'Stopped',
  afterFault: 'Started afresh after a fault in the sequence',
  afresh: {
    fresh: 'Started afresh',
    epoch_changed: 'Started afresh: the server’s numbering is new',
    too_old: 'Started afresh: away too long to catch up event by event',
    ahead: 'Started afresh: the server knows less than this page did',
  },
  why: {
    1001: 'The server is restarting.',
    1013: 'The server’s database or sign-in service is away.',
    4000: 'This connection was too slow.',
    4002: 'Too many boards are open for you or your agency.',
    silent: 'Nothing was heard from the server.',
  },
  brokenSequence: (got, last) => `Sequence fault: event ${got} came after ${last}.`,
  brokenMessage: 'Fault: the server sent what is not in the protocol.',

  ringing: 'Ringing',
  answered: 'Answered',
  ended: 'Ended just now',
  nobodyRinging: 'Nobody is waiting.',
  nobodyRang: 'Nobody was waiting when the connection was lost.',
  nobodyAnswered: 'No call is being talked on.',
  nobodyEnded: 'No call has ended since this page was opened.',
  firstCall: 'No call has come yet. This makes the first one ring:',
  firstCallNote: 'It is unsigned, so only a server started with --insecure-unsigned-webhooks takes it. Telnyx signs its own.',

  noNumber: 'No number',
  someone: 'Someone',
  to: (number) => `to\u00a0${number}`,
  waiting: { calm: 'waiting', warm: 'waiting long', hot: 'waiting too long' },
  answering: (who) => `${who} is answering`,
  released: (who, reason) => `${who} ${TEXT.releasedWhy[reason] ?? TEXT.releasedWhy.cancelled}`,
  releasedWhy: {
    busy: 'was busy',
    no_answer: 'did not pick up',
    rejected: 'declined',
    refused: 'could not be reached: the carrier refused the transfer',
    timed_out: 'did not pick up in time',
    carrier_error: 'could not be reached: the carrier failed',
    cancelled: 'gave the call back',
  },
  connected: (who) => `${who} is connected`,
  alone: (who) => `${who} answered, nobody connected`,
  endedAnswered: (who, talked) => `${who} talked for ${talked}`,
  endedUnanswered: (waited) => `not answered, waited ${waited}`,
  reconciled: 'found ended at the carrier',
  causes: {
    normal_clearing: 'hung up',
    originator_cancel: 'the caller gave up',
    call_rejected: 'rejected',
    user_busy: 'busy',
    no_answer: 'nobody picked up',
    timeout: 'rang out',
    time_limit: 'reached the time limit',
    not_found: 'number not found',
    unspecified: 'no cause given',
  },

  roles: { agency_owner: 'owner', agency_admin: 'admin', agency_member: 'member' },
  sequence: 'Sequence',
  epoch: 'Epoch',
  fromCarrier: 'Carrier to board',
  fromCommit: 'Commit to board',
  noLatency: 'no live event yet',
  latency: (last, p50, p99, n) => `${last} (p50 ${p50}, p99 ${p99} over ${events(n)})`,
  underOne: 'less than 1 ms',
  clockAhead: (by) => `This computer’s clock is ahead of the server’s, by about ${by}: latencies look longer than they are, waiting times are corrected.`,
  clockBehind: (by) => `This computer’s clock is behind the server’s, by at least ${by}: latencies look shorter than they are, waiting times are corrected.`,
  faults: (n) => `${n === 1 ? '1 fault' : `${n} faults`} in the sequence since this page was opened; each time the board started afresh.`,
  title: (n, stale) => `${stale ? 'Stale · ' : ''}${n ? `${n} ringing · ` : ''}callboard`,
};

// ---------------------------------------------------------------------------------------------------------- words

const events = (n) => (n === 1 ? '1 event' : `${n} events`);
const two = (n) => String(n).padStart(2, '0');

/** A sentence with what the server said, then what to do: `what (why). then`. */
function sentence(what, why, then) {
  const said = String(why ?? '').trim().replace(/[.\s]+$/, '');
  return `${what}${said ? ` (${said})` : ''}. ${then}`;
}

/** `0:12`, `12:03`, `1:02:03`. */
function duration(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes, seconds] = [Math.floor(s / 3600), Math.floor(s / 60) % 60, s % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

/** The same with two digits of minutes, so that a column of them stands still. */
const clockDuration = (ms) => duration(ms).padStart(5, '0');

const TIME_OF_DAY = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const timeOfDay = (ms) => (Number.isFinite(ms) ? TIME_OF_DAY.format(ms) : '');

function milliseconds(ms) {
  if (ms < 1) return TEXT.underOne;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : duration(ms);
}

/** North American numbers in groups, kept on one line; everything else as the carrier sent it. */
function grouped(number) {
  const sent = String(number ?? '').trim();
  const [, area, exchange, line] = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(sent) ?? [];
  return area ? `+1\u00a0${area}\u00a0${exchange}\u00a0${line}` : sent || TEXT.noNumber;
}

// -------------------------------------------------------------------------------------------------------- sign-in

const TOKEN_KEY = 'callboard.token';

const looksLikeToken = (text) => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text);

/** What a token says about itself, unverified: good for choosing among tokens, never for believing one. */
function claims(token) {
  try {
    return JSON.parse(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')));
  } catch {
    return {};
  }
}

const sameUser = (a, b) => claims(a).sub !== undefined && claims(a).sub === claims(b).sub;

/** Storage may be switched off in the browser; then there is simply nothing in it. */
function storage(kind) {
  try {
    return window[kind];
  } catch {
    return null;
  }
}

/** A token handed over in the address (`#token=…`) leaves the address bar and the history at once. */
function takeTokenFromFragment() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token !== null) history.replaceState(null, '', location.pathname + location.search);
  return token?.trim() || null;
}

/** The tokens at hand: one that this tab was given, else those of the Supabase sign-ins at this origin. */
class Tokens {
  current = null;
  #refused = new Set();

  /** Whether the present token is this tab's own, so that signing out here means something. */
  get own() {
    return this.current !== null && this.current === storage('sessionStorage')?.getItem(TOKEN_KEY);
  }

  keep(token) {
    storage('sessionStorage')?.setItem(TOKEN_KEY, token);
  }

  drop() {
    if (this.own) storage('sessionStorage').removeItem(TOKEN_KEY);
    this.current = null;
  }

  /** The server would not have the present one (any more): not to be tried again, not after a reload either. */
  refuse() {
    this.#refused.add(this.current);
    if (this.own) storage('sessionStorage').removeItem(TOKEN_KEY);
  }

  get best() {
    return this.#stored()[0];
  }

  /** Another token of the same user, for when the present one runs out. */
  get next() {
    return this.#stored().find((token) => token !== this.current && sameUser(token, this.current));
  }

  #stored() {
    const own = storage('sessionStorage')?.getItem(TOKEN_KEY);
    return [own, ...this.#supabase()].filter((token) => token && !this.#refused.has(token));
  }

  /** Several, where several projects were at home on one address; the one that lasts longest first. */
  #supabase() {
    const store = storage('localStorage') ?? {};
    const keys = Object.keys(store).filter((name) => /^sb-.+-auth-token$/.test(name));
    const tokens = keys.map((key) => {
      try {
        return JSON.parse(store[key]).access_token;
      } catch {
        return null;
      }
    });
    return tokens.sort((a, b) => (claims(b).exp ?? 0) - (claims(a).exp ?? 0));
  }
}

// ----------------------------------------------------------------------------------------------------- connection

const BACKOFF_FIRST_MS = 500;
const BACKOFF_MOST_MS = 20_000;
const FIRST_WORD_WITHIN_MS = 10_000;
const PROBE_WITHIN_MS = 5_000;
const STEADY_AFTER_MS = 2_000;
const SILENT_INTERVALS = 2.5;

/**
 * One life-long conversation with the server over as many sockets as it takes.
 *
 * `phase` is idle, connecting, catching up, live, stale (reconnects by itself), expired (does so with a new token) or stopped.
 * `position` is the last event seen and outlives sockets: with it the server sends exactly what was missed.
 *
 * `listener` has: snapshot(message), resumed(message), caughtUp(n), event(message, live), heartbeat(message),
 * expiring(message), refreshed(), expired(), stopped(code, why), changed().
 */
class Connection {
  phase = 'idle';
  position = null;
  staleSince = null;
  why = '';
  behind = 0;
  faults = 0;

  #url;
  #listener;
  #token = null;
  #socket = null;
  #welcomed = false;
  #steadyFrom = Infinity;
  #deadline = Infinity;
  #heardAt = 0;
  #patience = FIRST_WORD_WITHIN_MS;
  #lastWords = null;
  #catchingUp = { from: 0, to: 0 };
  #tries = 0;
  #retry = 0;
  #notBefore = 0;

  constructor(url, listener) {
    this.#url = url;
    this.#listener = listener;
  }

  connect(token) {
    this.#token = token;
    this.#tries = 0;
    if (this.position) this.staleSince ??= Date.now();
    this.#open();
    this.#become(this.position ? 'stale' : 'connecting');
  }

  /** Extends the connection's life with a newer token of the same user. */
  refresh(token) {
    this.#token = token;
    if (this.#welcomed) this.#send({ type: 'refresh', token });
    else this.connect(token);
  }

  /** Ends it: no socket, no retry, no position. */
  forget() {
    this.#letGo();
    this.position = null;
    this.staleSince = null;
    this.why = '';
    this.#become('idle');
  }

  /** The network or the user is back: do not sit out the back-off, and do not trust a socket that may have died asleep. */
  hurry() {
    if (this.phase === 'stale' || this.phase === 'connecting') {
      if (this.#socket || !this.#retry || Date.now() < this.#notBefore) return;
      this.#open();
    } else if (this.#welcomed) {
      this.#send({ type: 'ping' });
      this.#deadline = Math.min(this.#deadline, Date.now() + PROBE_WITHIN_MS);
    }
  }

  /** Called every second: a server that says nothing is as gone as one that hangs up. */
  tick(now) {
    if (this.#socket && now > this.#deadline) this.#lose({ why: TEXT.why.silent, since: this.#heardAt || now });
  }

  #open() {
    this.#letGo();
    const socket = new WebSocket(this.#url, 'callboard.v1');
    this.#socket = socket;
    this.#deadline = Date.now() + FIRST_WORD_WITHIN_MS;
    const current = () => socket === this.#socket;
    socket.onopen = () => current() && this.#send({ type: 'connect', token: this.#token, ...(this.position && { position: this.position }) });
    socket.onmessage = ({ data }) => current() && this.#hear(data);
    socket.onclose = ({ code, reason }) => current() && this.#closed(code, reason);
  }

  #send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #letGo() {
    clearTimeout(this.#retry);
    this.#socket?.close();
    this.#socket = null;
    this.#retry = 0;
    this.#notBefore = 0;
    this.#welcomed = false;
    this.#steadyFrom = Infinity;
    this.#deadline = Infinity;
    this.#heardAt = 0;
    this.#patience = FIRST_WORD_WITHIN_MS;
    this.#lastWords = null;
  }

  #hear(data) {
    this.#heardAt = Date.now();
    this.#deadline = this.#heardAt + this.#patience;
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return this.#fault(TEXT.brokenMessage);
    }
    switch (message?.type) {
      case 'snapshot':
        return this.#snapshot(message);
      case 'resumed':
        return this.#resumed(message);
      case 'heartbeat':
        // Its number is the last one queued before it, so anything else means that an event went missing on the way.
        if (message.seq !== this.position?.seq) return this.#fault(TEXT.brokenSequence(`${message.seq} (heartbeat)`, this.position?.seq));
        return this.#listener.heartbeat(message);
      case 'token_expiring':
        return this.#listener.expiring(message);
      case 'refreshed':
        return this.#listener.refreshed();
      case 'error':
        if (message.code !== 'unknown_type') this.#lastWords = message;
        return undefined;
      default:
        return Number.isInteger(message?.seq) ? this.#event(message) : undefined;
    }
  }

  #snapshot(message) {
    this.position = { epoch: message.epoch, seq: message.seq };
    this.#welcome(message);
    this.#listener.snapshot(message);
    this.#become('live');
  }

  #resumed(message) {
    if (message.from !== this.position?.seq) return this.#fault(TEXT.brokenSequence(`${message.from} (resumed)`, this.position?.seq));
    this.position.epoch = message.epoch;
    this.#catchingUp = { from: message.from, to: message.seq };
    this.behind = message.seq - message.from;
    this.#welcome(message);
    this.#listener.resumed(message);
    if (this.behind > 0) return this.#become('catching up');
    this.#listener.caughtUp(0);
    return this.#become('live');
  }

  #welcome(message) {
    this.#welcomed = true;
    this.#steadyFrom = Date.now() + STEADY_AFTER_MS;
    this.#patience = SILENT_INTERVALS * 1000 * (message.heartbeat_s || 15);
    this.#deadline = Date.now() + this.#patience;
    this.staleSince = null;
    this.why = '';
  }

  #event(message) {
    if (!this.#welcomed) return this.#fault(TEXT.brokenMessage);
    if (message.seq !== this.position.seq + 1) return this.#fault(TEXT.brokenSequence(message.seq, this.position.seq));
    this.position.seq = message.seq;
    const { from, to } = this.#catchingUp;
    const missed = this.phase === 'catching up';
    this.#listener.event(message, !missed);
    if (!missed) return undefined;
    this.behind = to - message.seq;
    if (this.behind > 0) return this.#listener.changed();
    this.#listener.caughtUp(to - from);
    return this.#become('live');
  }

  /** The server broke its promise. What the page shows can no longer be trusted, so it says so and starts afresh. */
  #fault(why) {
    console.error(`callboard: ${why}`);
    this.faults += 1;
    this.#lose({ why });
    this.position = null;
  }

  #closed(code, reason) {
    const error = this.#lastWords;
    const said = error?.message || reason;
    if (code === 1009 || (code >= 4500 && code <= 4999)) {
      this.#letGo();
      this.staleSince ??= Date.now();
      this.#become('stopped');
      return this.#listener.stopped(code, said);
    }
    if (code === 4002) this.#tries = Math.max(this.#tries, 4);
    this.#lose({ why: TEXT.why[code] ?? '', retryAfter: error?.retry_after_ms, retry: code !== 4001 });
    return code === 4001 ? this.#listener.expired() : undefined;
  }

  /** Full jitter: anything from nothing to a ceiling that doubles, so that a thousand boards do not return as one. */
  #lose({ why, since = Date.now(), retryAfter, retry = true }) {
    if (Date.now() > this.#steadyFrom) this.#tries = 0;
    this.#letGo();
    this.staleSince ??= since;
    this.why = why || this.why;
    const told = Number.isFinite(retryAfter);
    const ceiling = Math.min(BACKOFF_MOST_MS, BACKOFF_FIRST_MS * 2 ** this.#tries);
    const delay = told ? Math.max(0, retryAfter) : Math.random() * ceiling;
    if (!told) this.#tries += 1;
    if (told) this.#notBefore = Date.now() + delay;
    if (retry) this.#retry = setTimeout(() => this.#open(), delay);
    this.#become(!retry ? 'expired' : this.phase === 'connecting' ? 'connecting' : 'stale');
  }

  #become(phase) {
    this.phase = phase;
    this.#listener.changed();
  }
}

// ---------------------------------------------------------------------------------------------------------- calls

const KEEP_ENDED = 10;
const GROUPS = { incoming: 'ringing', answering: 'ringing', answered: 'answered', ended: 'ended' };
const ORDER = {
  ringing: (a, b) => a.created - b.created,
  answered: (a, b) => a.answered - b.answered,
  ended: (a, b) => b.ended - a.ended,
};

/** What the events add up to. An entry is never changed, only replaced, so that a row can tell by identity. */
class Calls {
  #entries = new Map();
  #epoch = null;

  replace(epoch, calls) {
    for (const [id, entry] of this.#entries) {
      if (epoch !== this.#epoch || entry.call.status !== 'ended') this.#entries.delete(id);
    }
    this.#epoch = epoch;
    for (const call of calls) this.#put(call);
  }

  apply({ type, reason, call }) {
    if (!call?.id) return;
    const before = this.#entries.get(call.id);
    const note = { reason: before?.reason, released: before?.released };
    if (type === 'call.released') note.released = { reason, who: before?.call.answered_by_name };
    if (type === 'call.answering') note.released = null;
    if (type === 'call.ended') note.reason = reason;
    this.#put(call, note);
  }

  clear() {
    this.#entries.clear();
  }

  /** The three lists, each in its order; what ended long ago is forgotten here. */
  grouped() {
    const groups = { ringing: [], answered: [], ended: [] };
    for (const entry of this.#entries.values()) groups[GROUPS[entry.call.status]]?.push(entry);
    for (const [name, order] of Object.entries(ORDER)) groups[name].sort((a, b) => order(a, b) || (a.call.id < b.call.id ? -1 : 1));
    for (const { call } of groups.ended.splice(KEEP_ENDED)) this.#entries.delete(call.id);
    return groups;
  }

  #put(call, note = {}) {
    const at = (time) => Date.parse(time ?? call.updated_at ?? call.created_at) || 0;
    this.#entries.set(call.id, { call, ...note, created: at(call.created_at), answered: at(call.answered_at), ended: at(call.ended_at) });
  }
}

// -------------------------------------------------------------------------------------------------------- latency

/** The last measurements, in milliseconds. */
class Samples {
  #values = [];
  constructor(size) {
    this.size = size;
  }
  add(value) {
    if (!Number.isFinite(value)) return;
    this.#values.push(value);
    if (this.#values.length > this.size) this.#values.shift();
  }
  get count() {
    return this.#values.length;
  }
  get last() {
    return this.#values.at(-1);
  }
  get least() {
    return Math.min(...this.#values);
  }
  /** Nearest rank: always a value that was measured. */
  quantile(q) {
    const sorted = this.#values.toSorted((a, b) => a - b);
    return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
  }
}

const CLOCKS_AGREE_WITHIN_MS = 1_000;

class Latency {
  fromCarrier = new Samples(200);
  fromCommit = new Samples(200);
  #server = new Samples(20);

  live({ occurred_at: occurred, recorded_at: recorded, actor }) {
    const now = Date.now();
    // A command's occurred_at is our own server's clock: only what the carrier said can measure the way from the carrier.
    if (!actor) this.fromCarrier.add(now - Date.parse(occurred));
    this.fromCommit.add(now - Date.parse(recorded));
    this.#server.add(now - Date.parse(recorded));
  }

  heartbeat({ at }) {
    this.#server.add(Date.now() - Date.parse(at));
  }

  /**
   * How far this computer's clock is ahead of the server's; 0 when too little to matter. The fastest of the last messages
   * bounds it: nothing arrives before it was sent, so below zero it is certain at once, above only after a few.
   */
  get clockAhead() {
    const { count, least } = this.#server;
    const known = count >= 3 || least < 0;
    return known && Math.abs(least) > CLOCKS_AGREE_WITHIN_MS ? least : 0;
  }
}

// ----------------------------------------------------------------------------------------------------------- view

const WARM_AFTER_MS = 20_000;
const HOT_AFTER_MS = 60_000;

/** What a row says, as plain texts: one function per list, without DOM. */
const DESCRIBE = {
  ringing({ call, created, released }, now) {
    const waited = now - created;
    const heat = waited >= HOT_AFTER_MS ? 'hot' : waited >= WARM_AFTER_MS ? 'warm' : 'calm';
    const answering = call.status === 'answering';
    return {
      tone: answering ? 'answering' : heat,
      word: answering ? TEXT.answering(call.answered_by_name || TEXT.someone) : TEXT.waiting[heat],
      more: [TEXT.to(grouped(call.to_number)), released && TEXT.released(released.who || TEXT.someone, released.reason)],
      time: clockDuration(waited),
    };
  },
  answered({ call, answered }, now) {
    const who = call.answered_by_name || TEXT.someone;
    return {
      tone: call.connected ? 'connected' : 'alone',
      word: call.connected ? TEXT.connected(who) : TEXT.alone(who),
      more: [TEXT.to(grouped(call.to_number))],
      time: clockDuration(now - answered),
    };
  },
  ended({ call, created, answered, ended, reason }) {
    const who = call.answered_by_name || TEXT.someone;
    const cause = call.hangup_cause && (TEXT.causes[call.hangup_cause] ?? call.hangup_cause.replaceAll('_', ' '));
    return {
      tone: 'ended',
      word: call.answered_at ? TEXT.endedAnswered(who, duration(ended - answered)) : TEXT.endedUnanswered(duration(ended - created)),
      more: [cause, reason === 'reconciled' && TEXT.reconciled],
      time: timeOfDay(ended),
    };
  },
};

const $ = (id) => document.getElementById(id);

function element(name, className, ...children) {
  const node = document.createElement(name);
  node.className = className;
  node.append(...children);
  return node;
}

/** Touches the DOM only when the text is another one: five hundred rows a second cost five hundred comparisons. */
function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

class Row {
  #texts = {};
  #parts = { number: element('bdi', 'number'), name: element('bdi', 'name'), word: element('bdi', 'word'), more: element('span', 'more'), time: element('span', 'time') };

  constructor() {
    const { number, name, word, more, time } = this.#parts;
    this.node = element('li', 'row', element('span', 'who', number, name), element('span', 'words', word, more), time);
  }

  show(entry, describe, now) {
    if (entry !== this.entry) {
      this.entry = entry;
      this.node.dataset.call = entry.call.id;
      this.#parts.number.title = entry.call.from_number ?? '';
      this.#set('number', grouped(entry.call.from_number));
      // Telnyx sends the number itself where the network gave no name.
      const { caller_name: name, from_number: number } = entry.call;
      this.#set('name', name && name !== number ? name : '');
    }
    const { tone, word, more, time } = describe(entry, now);
    if (this.node.dataset.tone !== tone) this.node.dataset.tone = tone;
    this.#set('word', word);
    this.#set('more', more.filter(Boolean).map((text) => `\u00a0· ${text}`).join(''));
    this.#set('time', time);
  }

  #set(part, text) {
    if (this.#texts[part] === text) return;
    this.#texts[part] = text;
    this.#parts[part].textContent = text;
  }
}

class List {
  #node;
  #describe;
  #rows = new Map();

  constructor(node, describe) {
    this.#node = node;
    this.#describe = describe;
  }

  show(entries, now) {
    const staying = new Set(entries.map(({ call }) => call.id));
    for (const [id, row] of this.#rows) {
      if (staying.has(id)) continue;
      row.node.remove();
      this.#rows.delete(id);
    }
    // With the gone ones out of the way first, rows that keep their order are never moved.
    let next = this.#node.firstElementChild;
    for (const entry of entries) {
      const row = this.#rows.get(entry.call.id) ?? new Row();
      this.#rows.set(entry.call.id, row);
      if (row.entry !== entry) row.show(entry, this.#describe, now);
      if (row.node === next) next = next.nextElementSibling;
      else this.#node.insertBefore(row.node, next);
    }
  }

  tick(now) {
    for (const row of this.#rows.values()) row.show(row.entry, this.#describe, now);
  }
}

const isStale = ({ phase }) => phase !== 'live' && phase !== 'catching up';

/** The state in words: what is seen (digits tick), what is read aloud (they do not), and how loud it looks. */
function stateWords({ phase, position, behind, staleSince }, flash, now) {
  const since = duration(now - staleSince);
  switch (phase) {
    case 'idle':
      return { tone: 'quiet', seen: TEXT.signedOut };
    case 'live':
      return { tone: 'live', seen: flash || TEXT.live };
    case 'catching up':
      return { tone: 'busy', seen: TEXT.catchingUp(behind), spoken: TEXT.catchingUpSpoken };
    case 'stopped':
      return { tone: 'stale', seen: position ? TEXT.stoppedFor(since) : TEXT.stopped, spoken: TEXT.stopped };
    case 'connecting':
      if (staleSince === null) return { tone: 'quiet', seen: TEXT.connecting };
      return { tone: 'stale', seen: TEXT.unreachedFor(since), spoken: TEXT.unreached };
    case 'expired':
      return { tone: 'stale', seen: TEXT.staleUntilSignIn(since), spoken: TEXT.staleUntilSignInSpoken };
    default:
      return { tone: 'stale', seen: TEXT.staleFor(since), spoken: TEXT.stale };
  }
}

/** The call that the guide's own test makes, addressed to this agency where it is known. */
function firstCallCommand(agencyId) {
  const to = /^[\w-]+$/.test(agencyId ?? '') ? `/${agencyId}` : '';
  const webhook = { data: { event_type: 'call.initiated', payload: { call_control_id: 'test-123', from: '+15551234567', to: '+15559876543' } } };
  return `curl ${location.origin}/api/telnyx/webhook${to} -H 'Content-Type: application/json' -d '${JSON.stringify(webhook)}'`;
}

function latencyWords(samples) {
  if (!samples.count) return TEXT.noLatency;
  return TEXT.latency(milliseconds(samples.last), milliseconds(samples.quantile(0.5)), milliseconds(samples.quantile(0.99)), samples.count);
}

/** All that is on the page. It is handed the board and draws what differs. */
class Screen {
  #lists = Object.entries(DESCRIBE).map(([name, describe]) => [name, new List($(name), describe)]);

  constructor() {
    for (const node of document.querySelectorAll('[data-text]')) node.textContent = TEXT[node.dataset.text];
  }

  draw(board) {
    const groups = board.calls.grouped();
    const stale = isStale(board.connection);
    for (const [name, list] of this.#lists) {
      list.show(groups[name], board.now);
      $(`${name}-empty`).hidden = groups[name].length > 0;
    }
    const [ringing, answered] = [groups.ringing.length, groups.answered.length];
    $('board').hidden = !board.known;
    $('board').toggleAttribute('data-stale', stale);
    $('ringing').parentElement.toggleAttribute('data-waiting', ringing > 0);
    say($('ringing-count'), ringing ? String(ringing) : '');
    say($('answered-count'), answered ? String(answered) : '');
    say($('ringing-empty'), stale ? TEXT.nobodyRang : TEXT.nobodyRinging);
    $('first-call').hidden = board.connection.position?.seq !== 0;
    say($('first-call-command'), firstCallCommand(board.who.agencyId));
    document.title = TEXT.title(ringing, board.known && stale);
    this.#people(board);
    this.#facts(board);
    this.#state(board);
  }

  /** What changes with time alone. */
  tick(board) {
    for (const [, list] of this.#lists) list.tick(board.now);
    this.#state(board);
  }

  #people({ who, tokens, notice, asking, known }) {
    say($('agency'), who.agency ?? 'callboard');
    say($('me'), [who.name, TEXT.roles[who.role] ?? who.role].filter(Boolean).join(', '));
    $('sign-out').hidden = !tokens.own;
    $('notice').hidden = !notice;
    say($('notice'), notice);
    $('sign-in').hidden = asking === null;
    // Above calls that ring it is only a line; whoever sees nothing else is told what a token is.
    $('sign-in').toggleAttribute('data-brief', known);
    say($('sign-in-why'), asking ?? '');
  }

  #state({ connection, flash }) {
    const now = Date.now();
    const { tone, seen, spoken = seen } = stateWords(connection, now < flash.until ? flash.text : '', now);
    const why = isStale(connection) ? connection.why : '';
    $('state').dataset.tone = tone;
    say($('state-words'), seen);
    say($('state-why'), why);
    say($('state-spoken'), [spoken, why].filter(Boolean).join('. '));
  }

  #facts({ connection, latency, known }) {
    $('facts').hidden = !known;
    const { epoch = '', seq } = connection.position ?? {};
    say($('seq'), seq === undefined ? '' : seq.toLocaleString());
    say($('epoch'), epoch.slice(0, 8));
    $('epoch').title = epoch;
    say($('from-carrier'), latencyWords(latency.fromCarrier));
    say($('from-commit'), latencyWords(latency.fromCommit));
    const ahead = latency.clockAhead;
    const clocks = ahead && (ahead > 0 ? TEXT.clockAhead : TEXT.clockBehind)(milliseconds(Math.abs(ahead)));
    say($('facts-note'), [clocks, connection.faults && TEXT.faults(connection.faults)].filter(Boolean).join(' '));
  }
}

// ---------------------------------------------------------------------------------------------------------- board

const FLASH_MS = 10_000;

/** Joins the rest: hears the connection, keeps the calls, knows who is signed in, and has the screen drawn. */
class Board {
  calls = new Calls();
  latency = new Latency();
  tokens = new Tokens();
  connection = new Connection(new URL('/ws', location.href.replace(/^http/, 'ws')), this);
  who = {};
  known = false; // whether the lists come from a snapshot that this user got
  asking = null; // why the sign-in form is shown, null when it is not
  notice = '';
  flash = { text: '', until: 0 };
  #screen = new Screen();
  #drawing = false;
  #faultsTold = 0;

  /** The server's time, as far as it is known. */
  get now() {
    return Date.now() - this.latency.clockAhead;
  }

  start() {
    const handed = takeTokenFromFragment();
    if (handed) this.signIn(handed);
    else if (this.tokens.best) this.#use(this.tokens.best);
    else this.#ask('');
    this.#everySecond();
  }

  /** With a token that was handed to this tab. */
  signIn(token) {
    this.tokens.keep(token);
    this.#use(token);
  }

  signOut() {
    this.tokens.drop();
    this.notice = '';
    this.#forget();
    this.#ask('');
  }

  /** Another tab of the app has signed in, or renewed its sign-in, while this one was asking for it. */
  lookForToken() {
    if (this.asking === null) return;
    const found = this.tokens.current ? this.tokens.next : this.tokens.best;
    if (found) this.#use(found);
  }

  // What the connection tells.

  snapshot({ epoch, calls, user, reason }) {
    // The first snapshot needs no explanation; a later one means that something could not be caught up.
    const { faults } = this.connection;
    if (faults > this.#faultsTold) this.#say(TEXT.afterFault);
    else if (this.known) this.#say(TEXT.afresh[reason] ?? TEXT.afresh.fresh);
    this.#faultsTold = faults;
    this.known = true;
    this.calls.replace(epoch, calls ?? []);
    this.#meet(user);
  }

  resumed({ user }) {
    this.#meet(user);
  }

  caughtUp(n) {
    this.#say(TEXT.resumed(n));
  }

  event(event, live) {
    this.calls.apply(event);
    if (live) this.latency.live(event);
    this.changed();
  }

  heartbeat(heartbeat) {
    this.latency.heartbeat(heartbeat);
    this.changed();
  }

  expiring({ expires_at: at }) {
    const { next } = this.tokens;
    if (next) this.#use(next);
    else this.#ask(TEXT.tokenExpiring(timeOfDay(Date.parse(at))));
  }

  refreshed() {
    this.#ask(null);
  }

  expired() {
    this.tokens.refuse();
    const { next } = this.tokens;
    if (next) this.#use(next);
    else this.#ask(TEXT.tokenExpired);
  }

  stopped(code, why) {
    if (code === 4500 || code === 1009) {
      this.tokens.refuse();
      // The app may have renewed this user's sign-in while the server was away.
      const { next } = this.tokens;
      if (next) return this.#use(next);
      this.tokens.drop();
      this.#forget();
      return this.#ask(code === 1009 ? TEXT.tooLong : TEXT.tokenRefused(why));
    }
    // Whoever may not see the calls any more does not see them; the other reasons leave them, marked as stale.
    if (code === 4501) this.#clear();
    this.notice = code === 4501 ? TEXT.forbidden(why) : code === 4502 ? TEXT.protocolFault(why) : TEXT.stayAway(code, why);
    return this.changed();
  }

  /** Any number of events in one frame are one drawing; a hidden tab has no frames, and need not hurry. */
  changed() {
    if (this.#drawing) return;
    this.#drawing = true;
    const draw = () => {
      this.#drawing = false;
      this.#screen.draw(this);
    };
    if (document.hidden) setTimeout(draw, 250);
    else requestAnimationFrame(draw);
  }

  #use(token) {
    const before = this.tokens.current;
    this.tokens.current = token;
    this.notice = '';
    this.asking = null;
    if (sameUser(token, before)) return this.connection.refresh(token);
    this.#forget();
    return this.connection.connect(token);
  }

  #forget() {
    this.connection.forget();
    this.who = {};
    this.#clear();
  }

  #clear() {
    this.connection.position = null;
    this.calls.clear();
    this.known = false;
    this.flash.until = 0;
  }

  #ask(why) {
    this.asking = why;
    this.changed();
  }

  #say(text) {
    this.flash = { text, until: Date.now() + FLASH_MS };
    this.changed();
  }

  /** The greeting names the user; what it leaves out is asked for, once. */
  async #meet(user) {
    const { asked } = this.who;
    this.who = { ...this.who, ...named({ user }) };
    if (asked || (this.who.name && this.who.agency)) return;
    this.who.asked = true;
    const token = this.tokens.current;
    const me = await fetchMe(token);
    if (token !== this.tokens.current) return;
    this.who = { ...named(me), ...this.who };
    this.changed();
  }

  /** Aimed just behind each full second, so that no digit is skipped or shown twice. */
  #everySecond() {
    const now = Date.now();
    this.connection.tick(now);
    this.#screen.tick(this);
    setTimeout(() => this.#everySecond(), 1005 - (now % 1000));
  }
}

/** Who a user is, whichever of the two shapes says it. */
function named({ user, agency }) {
  const its = agency ?? user?.agency;
  const found = { name: user?.name || user?.email, role: user?.role, agency: its?.name, agencyId: its?.id ?? user?.agency_id };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => typeof value === 'string' && value));
}

async function fetchMe(token) {
  try {
    const answer = await fetch('/api/me', { headers: { Authorization: `Bearer ${token}` }, cache: 'no-store' });
    return answer.ok ? await answer.json() : {};
  } catch {
    return {};
  }
}

function main() {
  const board = new Board();
  window.addEventListener('hashchange', () => {
    const token = takeTokenFromFragment();
    if (token) board.signIn(token);
  });
  window.addEventListener('online', () => board.connection.hurry());
  window.addEventListener('storage', () => board.lookForToken());
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) board.connection.hurry();
  });
  $('sign-out').addEventListener('click', () => board.signOut());
  $('sign-in-form').addEventListener('submit', (submit) => {
    submit.preventDefault();
    const token = $('token').value.trim().replace(/^Bearer\s+/i, '');
    const good = looksLikeToken(token);
    say($('token-problem'), good ? '' : TEXT.notAToken);
    if (!good) return;
    $('token').value = '';
    board.signIn(token);
  });
  board.start();
}

main();
