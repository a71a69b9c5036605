// A callboard for the browser test: its own process on a database of its own, or one that runs already.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setInterval as every } from 'node:timers/promises';
import { promisify } from 'node:util';

const READY_WITHIN_MS = 30_000;
const TO = '+15559876543';

/** What signs the tokens, those of Supabase's own keys as well. */
export const JWT_SECRET = 'for-the-browser-test-only-and-long-enough';

async function freePort() {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address();
  listener.close();
  await once(listener, 'close');
  return port;
}

export class Callboard {
  #bin;
  #folder;
  #env;
  #process = null;
  #elsewhere = null;
  #carrier;
  #waiting = new Map();
  people = {};

  /** A server that runs already; it can be rung when it is known where its webhook is. */
  static at(url, webhook) {
    const server = new Callboard();
    const address = new URL(url);
    server.signedIn = url;
    server.token = new URLSearchParams(address.hash.slice(1)).get('token');
    address.hash = '';
    server.address = address.href;
    server.webhook = webhook;
    return server;
  }

  /**
   * A new one, with an agency, Anna, Ben, Olivia (who owns it) and their tokens, ready to be looked at. With a carrier, calls
   * can be answered; `settings` are further variables of its environment.
   */
  static async create(bin, { carrier, ...settings } = {}) {
    const server = await Callboard.#made(bin, {
      SUPABASE_JWT_SECRET: JWT_SECRET,
      CALLBOARD_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
      ...(carrier && { TELNYX_API_BASE: carrier.base }),
      ...settings,
    });
    const agency = await server.#command('agency', 'create', '--name', 'Test');
    server.agency = agency;
    for (const [name, role] of [['Anna', 'member'], ['Ben', 'member'], ['Olivia', 'owner']]) {
      const id = randomUUID();
      const sip = carrier ? ['--sip-username', name.toLowerCase()] : [];
      await server.#command('user', 'add', '--agency', agency, '--id', id, '--role', `agency_${role}`, '--name', name, ...sip);
      server.people[name] = { id, token: await server.#command('token', '--user', id) };
    }
    if (carrier) await server.#command('credentials', 'set', '--agency', agency, 'telnyx_api_key=KEY0123456789_test');
    carrier?.serves(server);
    server.#carrier = carrier;
    server.token = server.people.Anna.token;
    server.signedIn = `${server.address}#token=${server.token}`;
    server.webhook = `${server.address}api/telnyx/webhook/${agency}`;
    await server.starts();
    return server;
  }

  /** One on an empty machine: nobody can sign in yet. Its first words have the link that begins. */
  static async bare(bin, { carrier } = {}) {
    const server = await Callboard.#made(bin, carrier ? { TELNYX_API_BASE: carrier.base } : {});
    carrier?.serves(server);
    server.#carrier = carrier;
    await server.starts();
    return server;
  }

  /** With nothing of the surroundings but this: a developer's own settings must not leak into the test. */
  static async #made(bin, settings) {
    const server = new Callboard();
    server.#bin = bin;
    server.#folder = mkdtempSync(path.join(tmpdir(), 'callboard-web-'));
    server.#env = {
      PATH: process.env.PATH,
      DATABASE_URL: `sqlite://${path.join(server.#folder, 'board.db')}`,
      API_PORT: String(await freePort()),
      CALLBOARD_METRICS_ADDR: `127.0.0.1:${await freePort()}`,
      ...settings,
    };
    server.address = `http://127.0.0.1:${server.#env.API_PORT}/`;
    return server;
  }

  /** The link that makes the first owner, as the server has printed it. */
  get setupLink() {
    const said = readFileSync(path.join(this.#folder, 'server.log'), 'utf8');
    return this.#here(/SETUP (\S+)/.exec(said)[1]);
  }

  /** A link that a command prints: of the server by its public name, and looked at where it listens. */
  async prints(...command) {
    return this.#here(await this.#command(...command));
  }

  #here(link) {
    return link.replace(new URL(link).origin, new URL(this.address).origin);
  }

  /** The page, or another one, signed in as somebody. */
  as(name, page = '') {
    return `${this.address}${page}#token=${this.people[name].token}`;
  }

  /** Anna's, for so many seconds. */
  tokenFor(seconds) {
    return this.#command('token', '--user', this.people.Anna.id, '--ttl', `${seconds}s`);
  }

  starts() {
    this.#elsewhere = null;
    return this.#serve(this.#env.API_PORT);
  }

  /** The same database at an address that no page knows. */
  async startsElsewhere() {
    this.#elsewhere = String(await freePort());
    return this.#serve(this.#elsewhere);
  }

  /** Someone more of the agency, and a token. */
  async employs(name, role) {
    const id = randomUUID();
    await this.#command('user', 'add', '--agency', this.agency, '--id', id, '--role', role, '--name', name);
    return this.#command('token', '--user', id);
  }

  /** The link by which somebody of that role comes in, with an account of ours. */
  invites(role, email) {
    return this.#command('user', 'invite', '--agency', this.agency, '--role', role, '--email', email);
  }

  /** Credentials as an operator stores them: KEY=VALUE. */
  stores(...pairs) {
    return this.#command('credentials', 'set', '--agency', this.agency, ...pairs);
  }

  /** By kill -9: no goodbye, no flush. */
  async dies() {
    const dying = this.#process;
    this.#process = null;
    if (!dying || dying.exitCode !== null || dying.signalCode !== null) return;
    dying.kill('SIGKILL');
    await once(dying, 'exit');
  }

  async ends() {
    await this.dies();
    if (this.#folder) rmSync(this.#folder, { recursive: true, force: true });
  }

  /** A caller rings; what is returned is the call as the carrier knows it. */
  async rings(from, { secondsAgo = 0, name, to = TO } = {}) {
    const call = { from, to, id: `v3:${randomUUID()}`, session: randomUUID(), leg: randomUUID() };
    this.#carrier?.knows(call);
    this.#waiting.set(call.id, call);
    await this.tells('call.initiated', call, { state: 'parked', ...(name && { caller_id_name: name }) }, secondsAgo);
    return call;
  }

  /** The caller gives up. */
  hangsUp(call) {
    this.#waiting.delete(call.id);
    return this.tells('call.hangup', call, { state: 'hangup', hangup_cause: 'originator_cancel', hangup_source: 'caller', sip_hangup_cause: '487' });
  }

  /** So that no story begins with the callers of another. */
  async everybodyHangsUp() {
    for (const call of this.#waiting.values()) await this.hangsUp(call);
  }

  /** Any webhook about a leg. */
  async tells(event_type, { from, to = TO, id, session, leg, direction = 'incoming', client_state }, more, secondsAgo = 0) {
    const occurred_at = new Date(Date.now() - secondsAgo * 1000).toISOString();
    const payload = { call_control_id: id, call_session_id: session, call_leg_id: leg, direction, from, to, ...(client_state && { client_state }), ...more };
    const url = new URL(this.webhook);
    if (this.#elsewhere) url.port = this.#elsewhere;
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ data: { record_type: 'event', id: randomUUID(), event_type, occurred_at, payload } }),
      signal: AbortSignal.timeout(READY_WITHIN_MS),
    });
    assert.equal(answer.status, 200, `the webhook was answered ${answer.status}: ${await answer.text()}`);
  }

  async #command(...args) {
    const { stdout } = await promisify(execFile)(this.#bin, args, { env: this.#env, cwd: this.#folder });
    return stdout.trim();
  }

  async #serve(port) {
    const log = path.join(this.#folder, 'server.log');
    const output = openSync(log, 'a');
    const serving = spawn(this.#bin, ['serve', '--insecure-unsigned-webhooks'], {
      env: { ...this.#env, API_PORT: port },
      cwd: this.#folder,
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    this.#process = serving;
    const giveUp = Date.now() + READY_WITHIN_MS;
    for await (const _ of every(50)) {
      const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
      if (answer?.ok) return;
      if (serving.exitCode !== null || Date.now() > giveUp) break;
    }
    throw new Error(`callboard serve did not become ready on port ${port}:\n${readFileSync(log, 'utf8').slice(-4000)}`);
  }
}
