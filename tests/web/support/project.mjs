// A Supabase project's Auth, as far as a page speaks to it: GoTrue's routes, shapes and codes over real HTTP at an origin of its
// own, with rotating refresh tokens, mails that can be read, and a provider to which browsers are sent.
import { createHash, createHmac, randomBytes, randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { codeOf } from './totp.mjs';

export const PUBLISHABLE = 'sb_publishable_abcdefghijklmnopqrstuv_12345678';

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

class Refused extends Error {
  constructor(status, code, message = code) {
    super(message);
    Object.assign(this, { status, code });
  }
}

export class Project {
  people = new Map(); // by address
  mails = []; // {to, code, link}
  asked = []; // {method, path, body, headers}
  answers = new Map(); // `METHOD path` to [status, body, headers]: what it says in place of its own
  lifetime = 3600;
  gate = null; // what refreshes wait for
  ahead = 0; // by how many seconds it is later there than here
  external = { email: true, phone: false, google: true, github: false, anonymous_users: false };
  site = 'http://127.0.0.1:9/'; // where those are sent whose redirect is not allowed
  allowed = []; // beginnings of addresses
  #secret;
  #sessions = new Map(); // by id
  #tokens = new Map(); // refresh tokens to {session, parent, used}
  #flows = new Map();
  #codes = new Map();
  #server = createServer((request, response) => this.#serve(request, response));

  constructor(secret) {
    this.#secret = secret;
  }

  async starts() {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.url = `http://127.0.0.1:${this.#server.address().port}`;
    return this;
  }

  ends() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  has(email, { id = randomUUID(), password = null, seed = null } = {}) {
    const factors = seed ? [{ id: randomUUID(), friendly_name: 'telephone', factor_type: 'totp', status: 'verified', seed }] : [];
    const person = { id, email, password, factors };
    this.people.set(email, person);
    return person;
  }

  /** How often that was asked for. */
  times(method, path) {
    return this.asked.filter((asked) => asked.method === method && asked.path === path).length;
  }

  /** A link as it stands in a mail, which a scanner may open first. */
  link(email, type, redirect) {
    const token = randomUUID();
    this.#codes.set(token, { email, type });
    return `${this.url}/auth/v1/verify?${new URLSearchParams({ token, type, redirect_to: redirect })}`;
  }

  /** Ends all that this person has, as an administrator does. */
  endsSessionsOf(email) {
    for (const [id, session] of this.#sessions) if (session.person.email === email) this.#sessions.delete(id);
  }

  async #serve(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const url = new URL(request.url, this.url);
    const path = url.pathname.replace('/auth/v1', '') + (url.searchParams.has('grant_type') ? `?grant_type=${url.searchParams.get('grant_type')}` : '');
    const text = Buffer.concat(chunks).toString();
    const asked = { method: request.method, path, query: url.searchParams, body: text ? JSON.parse(text) : {}, headers: request.headers };
    const cors = { 'access-control-allow-origin': request.headers.origin ?? '*', 'access-control-expose-headers': 'x-supabase-api-version', 'cache-control': 'no-store' };
    if (request.method === 'OPTIONS') {
      return response.writeHead(204, { ...cors, 'access-control-allow-headers': request.headers['access-control-request-headers'] ?? '', 'access-control-allow-methods': 'GET,POST,PUT,DELETE' }).end();
    }
    this.asked.push(asked);
    const says = (status, body, headers = {}) => response.writeHead(status, { ...cors, 'content-type': 'application/json', ...headers }).end(body === null ? undefined : JSON.stringify(body));
    if (path === '/token?grant_type=refresh_token') await this.gate;
    const told = this.answers.get(`${asked.method} ${path}`);
    if (told) return says(...(typeof told === 'function' ? told(asked) : told));
    try {
      const answer = this.#answer(asked);
      if (answer.to) return response.writeHead(303, { location: answer.to }).end();
      if (answer.html) return response.writeHead(200, { 'content-type': 'text/html' }).end(answer.html);
      return says(answer.status ?? 200, answer.body === undefined ? {} : answer.body);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const byCode = request.headers['x-supabase-api-version'] >= '2024-01-01';
      return says(error.status, byCode ? { code: error.code, message: error.message } : { code: error.status, error_code: error.code, msg: error.message });
    }
  }

  #answer(asked) {
    const { method, path } = asked;
    const factor = /^\/factors\/([^/]+)\/(challenge|verify)$/.exec(path);
    // What browsers open by themselves bears no key.
    const opened = { 'GET /verify': () => this.#opensLink(asked), 'GET /authorize': () => this.#sends(asked), 'GET /provider': () => this.#asks(asked), 'GET /callback': () => this.#comesBack(asked), 'GET /favicon.ico': () => ({ status: 204, body: null }) }[`${method} ${path}`];
    if (opened) return opened();
    if (asked.headers.apikey !== PUBLISHABLE) throw new Refused(401, undefined, 'Invalid API key');
    if (factor) return factor[2] === 'challenge' ? this.#challenges(asked, factor[1]) : this.#shows(asked, factor[1]);
    switch (`${method} ${path}`) {
      case 'GET /settings': return { body: { external: this.external, disable_signup: true, mailer_autoconfirm: false } };
      case 'GET /.well-known/jwks.json': return { body: { keys: [] } };
      case 'POST /token?grant_type=password': return this.#byPassword(asked.body);
      case 'POST /token?grant_type=refresh_token': return this.#refreshes(asked.body.refresh_token);
      case 'POST /token?grant_type=pkce': return this.#exchanges(asked.body);
      case 'POST /otp': return this.#mails(asked, 'magiclink');
      case 'POST /recover': return this.#mails(asked, 'recovery');
      case 'POST /verify': return this.#verifies(asked.body);
      case 'GET /user': return { body: this.#user(this.#sessionOf(asked).person) };
      case 'PUT /user': return this.#changes(asked);
      case 'POST /logout': return this.#logsOut(asked);
      default: throw new Refused(404, 'not_found');
    }
  }

  #byPassword({ email, password }) {
    const person = this.people.get(email);
    if (!person?.password || person.password !== password) throw new Refused(400, 'invalid_credentials', 'Invalid login credentials');
    return { body: this.#begins(person) };
  }

  #begins(person, aal = 'aal1') {
    const session = { id: randomUUID(), person, aal };
    this.#sessions.set(session.id, session);
    return this.#signs(session, null);
  }

  #signs(session, parent) {
    const refresh = randomBytes(9).toString('base64url');
    this.#tokens.set(refresh, { session, parent, used: false });
    session.active = refresh;
    return this.#shown(session);
  }

  #shown(session) {
    const { person, aal, id, active } = session;
    const iat = Math.floor(Date.now() / 1000) + this.ahead;
    const claims = {
      iss: `${this.url}/auth/v1`, sub: person.id, aud: 'authenticated', role: 'authenticated', email: person.email, phone: '', iat, exp: iat + this.lifetime,
      aal, amr: [{ method: 'password', timestamp: iat }], session_id: id, is_anonymous: false, app_metadata: {}, user_metadata: {},
      jti: randomUUID(),
    };
    const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
    const access_token = `${signed}.${createHmac('sha256', this.#secret).update(signed).digest('base64url')}`;
    return { access_token, token_type: 'bearer', expires_in: this.lifetime, expires_at: claims.exp, refresh_token: active, user: this.#user(person) };
  }

  #user({ id, email, factors }) {
    const shown = factors.map(({ seed, ...factor }) => factor);
    return { id, aud: 'authenticated', role: 'authenticated', email, phone: '', factors: shown, app_metadata: {}, user_metadata: {}, identities: [], created_at: new Date(0).toISOString() };
  }

  /** The parent of the active one is given that one again; an older one ends the session. */
  #refreshes(token) {
    const held = this.#tokens.get(token);
    if (!held || !this.#sessions.has(held.session.id)) throw new Refused(400, 'refresh_token_not_found', 'Invalid Refresh Token: Refresh Token Not Found');
    const { session } = held;
    if (token === session.active) return { body: this.#signs(session, token) };
    if (this.#tokens.get(session.active).parent === token) return { body: this.#shown(session) };
    this.#sessions.delete(session.id);
    throw new Refused(400, 'refresh_token_already_used', 'Invalid Refresh Token: Already Used');
  }

  #sessionOf({ headers }) {
    const [, payload] = (headers.authorization ?? '').split('.');
    if (!payload) throw new Refused(401, 'no_authorization');
    const session = this.#sessions.get(JSON.parse(Buffer.from(payload, 'base64url')).session_id);
    if (!session) throw new Refused(403, 'session_not_found');
    return session;
  }

  #mails({ body: { email, create_user: creates }, query }, type) {
    const person = this.people.get(email);
    if (!person && type === 'magiclink' && creates === false) throw new Refused(422, 'otp_disabled', 'Signups not allowed for otp');
    if (!person) return {};
    const code = String(randomInt(1_000_000)).padStart(6, '0');
    this.#codes.set(`${email} ${code}`, { email, type });
    this.mails.push({ to: email, code, link: this.link(email, type, query.get('redirect_to') ?? this.site) });
    return {};
  }

  #verifies({ email, token }) {
    const held = this.#codes.get(`${email} ${token}`);
    if (!held) throw new Refused(403, 'otp_expired', 'Token has expired or is invalid');
    this.#codes.delete(`${email} ${token}`);
    return { body: this.#begins(this.people.get(email)) };
  }

  #back(redirect) {
    return this.allowed.some((allowed) => redirect?.startsWith(allowed)) ? redirect : this.site;
  }

  #opensLink({ query }) {
    const to = this.#back(query.get('redirect_to'));
    const held = this.#codes.get(query.get('token'));
    this.#codes.delete(query.get('token'));
    const failure = { error: 'access_denied', error_code: 'otp_expired', error_description: 'Email link is invalid or has expired' };
    if (!held) return { to: `${to}#${new URLSearchParams(failure)}` };
    const session = this.#begins(this.people.get(held.email));
    const { user, ...told } = session;
    return { to: `${to}#${new URLSearchParams({ ...told, type: held.type })}` };
  }

  #sends({ query }) {
    const provider = query.get('provider');
    if (!this.external[provider]) throw new Refused(400, 'validation_failed', 'Unsupported provider: provider is not enabled');
    if (query.get('code_challenge_method') !== 's256') throw new Refused(400, 'validation_failed');
    const state = randomUUID();
    this.#flows.set(state, { challenge: query.get('code_challenge'), to: this.#back(query.get('redirect_to')) });
    return { to: `${this.url}/auth/v1/provider?state=${state}` };
  }

  /** What a person sees at the provider. */
  #asks({ query }) {
    const state = query.get('state');
    const links = [...this.people.keys()].map((email) => `<p><a href="callback?state=${state}&as=${email}">${email}</a></p>`);
    return { html: `<!doctype html><title>Provider</title>${links.join('')}<p><a href="callback?state=${state}">No</a></p>` };
  }

  #comesBack({ query }) {
    const flow = this.#flows.get(query.get('state'));
    const person = this.people.get(query.get('as'));
    const failure = new URLSearchParams({ error: 'access_denied', error_code: 'access_denied', error_description: 'no' });
    if (!person) return { to: `${flow.to}?${failure}#${failure}` };
    const code = randomUUID();
    this.#flows.set(code, { ...flow, person });
    return { to: `${flow.to}?code=${code}` };
  }

  #exchanges({ auth_code: code, code_verifier: verifier }) {
    const flow = this.#flows.get(code);
    if (!flow?.person) throw new Refused(404, 'flow_state_not_found');
    if (createHash('sha256').update(verifier).digest('base64url') !== flow.challenge) throw new Refused(400, 'bad_code_verifier');
    this.#flows.delete(code);
    return { body: { ...this.#begins(flow.person), provider_token: 'of-the-provider' } };
  }

  #challenges(asked, id) {
    if (!this.#sessionOf(asked).person.factors.some((factor) => factor.id === id)) throw new Refused(404, 'mfa_factor_not_found');
    return { body: { id: randomUUID(), type: 'totp', expires_at: Math.floor(Date.now() / 1000) + 300 } };
  }

  #shows(asked, id) {
    const session = this.#sessionOf(asked);
    const factor = session.person.factors.find((found) => found.id === id);
    if (![-30, 0, 30].some((apart) => codeOf(factor.seed, apart) === asked.body.code)) throw new Refused(422, 'mfa_verification_failed', 'Invalid TOTP code entered');
    this.#sessions.delete(session.id);
    return { body: this.#begins(session.person, 'aal2') };
  }

  #changes(asked) {
    const { person, aal } = this.#sessionOf(asked);
    if (person.factors.length && aal !== 'aal2') throw new Refused(401, 'insufficient_aal');
    if (asked.body.password === person.password) throw new Refused(422, 'same_password');
    if (asked.body.password.length < 8) throw new Refused(422, 'weak_password');
    person.password = asked.body.password;
    return { body: this.#user(person) };
  }

  #logsOut(asked) {
    const session = this.#sessionOf(asked);
    const scope = asked.query.get('scope') ?? 'global';
    for (const [id, other] of this.#sessions) {
      if (other.person === session.person && (scope === 'global' || (scope === 'local') === (id === session.id))) this.#sessions.delete(id);
    }
    return { status: 204, body: null };
  }
}
