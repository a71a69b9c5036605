// A server that says exactly what a picture needs, between the page and the network. For states, not for promises: those are
// asked of the real one.

export const ME = { id: '11111111-1111-4111-8111-111111111111', name: 'Anna', role: 'agency_member' };
export const BEN = { answered_by: '22222222-2222-4222-8222-222222222222', answered_by_name: 'Ben' };
export const MINE = { answered_by: ME.id, answered_by_name: ME.name };
const AGENCY = { id: '99999999-9999-4999-8999-999999999999', name: 'Northwind Estates' };

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
export const TOKEN = `${part({ alg: 'HS256' })}.${part({ sub: ME.id, exp: 4_000_000_000 })}.c2ln`;

const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();
let made = 0;

/** A call that began so many seconds ago. */
export function call(seconds, more = {}) {
  const n = (made += 1);
  const digits = String(n).padStart(4, '0');
  const answered = { answered_at: ago(Math.max(0, seconds - 8)), caller_answered_at: ago(Math.max(0, seconds - 7)) };
  return {
    id: `00000000-0000-7000-8000-00000000${digits}`,
    call_control_id: `v3:${n}`, call_session_id: `s${n}`, from_number: `+1555010${digits}`, to_number: '+15559876543', caller_name: null,
    direction: 'inbound', status: 'incoming', answered_by: null, answered_by_name: null, caller_answered_at: null, answered_at: null,
    ended_at: null, connected: false, hangup_cause: null, recordings: [], created_at: ago(seconds), updated_at: ago(seconds),
    ...(more.status === 'answered' ? answered : {}), ...more,
  };
}

export const over = (seconds, more = {}) => call(seconds + 90, { status: 'ended', ended_at: ago(seconds), hangup_cause: 'originator_cancel', ...more });

export function log(minutes, result, more = {}) {
  const it = call(minutes * 60, { status: 'ended' });
  const answered = result === 'answered';
  return {
    ...it, result, outcome: null, notes: null, started_at: it.created_at, ended_at: ago(minutes * 60 - 150), end_reason: 'originator_cancel',
    duration: answered ? 142 : 0, answered_at: answered ? ago(minutes * 60 - 8) : null, ...(answered ? BEN : {}), ...more,
  };
}

/** A recording, as WAV: so many seconds of nothing. */
function silence(seconds) {
  const [rate, header] = [8_000, Buffer.alloc(44)];
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + rate * seconds, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate, 28);
  header.writeUInt16LE(1, 32);
  header.writeUInt16LE(8, 34);
  header.write('data', 36);
  header.writeUInt32LE(rate * seconds, 40);
  return Buffer.concat([header, Buffer.alloc(rate * seconds, 128)]);
}

export class StandIn {
  sockets = [];
  seq = 1042;
  calls = [];
  answers = new Map();
  greeting = 'snapshot';
  asked = []; // what came over HTTP: {method, path, body, headers}

  constructor({ calls = [], me = {}, answers = {}, seq = 1042 } = {}) {
    this.calls = calls;
    this.me = { ...ME, ...me };
    this.seq = seq;
    this.answers = new Map(Object.entries({
      'GET /api/me': { user: this.me, agency: AGENCY },
      'GET /api/call-logs': { call_logs: [], next_cursor: null },
      'GET /api/agency/webhooks': { failed: 0 },
      'GET /api/agency': {
        ...AGENCY, time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone, mask_numbers_for: [], wrap_up_s: 0,
        away_reasons: [], ring_s: 25, service_level_s: 20, numbers: {},
      },
      'GET /api/sign-in': { methods: [], auth_url: null, apikey: null, setup: false },
      'GET /api/agency/keys': { keys: [] },
      'GET /api/users': { users: [{ ...this.me }, { id: BEN.answered_by, name: 'Ben', role: 'agency_member' }] },
      ...answers,
    }));
  }

  /** To be called before the page is opened. */
  async stands(page) {
    await page.routeWebSocket(/\/ws$/, (socket) => this.#greet(socket));
    await page.route(/\/api\//, (route) => this.#answer(route));
    await page.route('https://recordings.invalid/**', (route) => route.fulfill({ contentType: 'audio/wav', body: silence(60) }));
  }

  #greet(socket) {
    this.sockets.push(socket);
    if (this.greeting === 'none') return;
    socket.onMessage((text) => {
      const said = JSON.parse(text);
      if (said.type !== 'connect') return;
      if (said.position && this.greeting === 'snapshot') this.says({ type: 'resumed', epoch: 'one', from: said.position.seq, seq: this.seq, at: new Date().toISOString(), heartbeat_s: 15, user: this.me });
      else if (Array.isArray(this.greeting)) this.#turnsAway(this.greeting);
      else this.says({ type: 'snapshot', epoch: 'one', seq: this.seq, reason: 'fresh', at: new Date().toISOString(), heartbeat_s: 15, user: this.me, calls: this.calls });
    });
  }

  #turnsAway([code, message]) {
    this.says({ type: 'error', code: 'closing', message, reconnect: false });
    this.sockets.at(-1).close({ code, reason: message });
  }

  async #answer(route) {
    const request = route.request();
    const { pathname } = new URL(request.url());
    const asked = { method: request.method(), path: pathname, body: request.postDataJSON(), headers: await request.allHeaders() };
    this.asked.push(asked);
    // A function may take its time, or answer by what it is asked.
    const known = this.answers.get(`${request.method()} ${pathname}`);
    const found = typeof known === 'function' ? await known(asked) : known;
    const [status, json] = Array.isArray(found) ? found : [found ? 200 : 404, found ?? { error: 'There is nothing at this path' }];
    await route.fulfill({ status, json });
  }

  says(message) {
    this.sockets.at(-1).send(JSON.stringify(message));
  }

  event(type, its, more = {}) {
    this.seq += 1;
    const now = new Date().toISOString();
    this.says({ type, seq: this.seq, occurred_at: now, received_at: now, recorded_at: now, actor: null, call: its, ...more });
  }

  closes(code, reason = '') {
    return this.sockets.at(-1).close({ code, reason });
  }
}
