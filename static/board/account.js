// Signing in on this page, by GoTrue's protocol: at accounts of the server's own, or at a Supabase project.
import { beginFlow, endFlow, takeArrival } from './arrival.js';
import { GoTrue, Refusal } from './gotrue.js';
import { Kept } from './kept.js';
import { Renewal } from './renewal.js';
import { TEXT } from './texts.js';
import { claims } from '../sdk/tokens.js';

const ASK_MS = 10_000;
const SETTLED_MS = 250;
const AGAIN_FIRST_MS = 1_000;
const AGAIN_MOST_MS = 30_000;
/** Links that lead here before somebody has a password, or has one again. */
const CHOOSING = new Set(['invite', 'recovery']);
/** An address that nobody has is told what one is told that somebody has. */
const TELLS_WHO_IS_HERE = new Set(['otp_disabled', 'user_not_found', 'signup_disabled']);

export class Account {
  ways = null; // what the server says of signing in
  step = null; // what is asked for: null the usual form, sent, forgot, mailed, factor, choose
  email = '';
  factors = []; // the second ones, of which one is to be shown
  arrived = null; // who came in by a link while somebody else is signed in here
  busy = false;
  problem = '';
  #until = 0;
  #app;
  #arrival = takeArrival();
  #ready = null;
  #gotrue = null;
  #kept = null;
  #renewal = null;
  #half = null; // a session that wants something more
  #choosing = null; // invite or recovery

  constructor(app) {
    this.#app = app;
  }

  /** Knows how people sign in here, has let in whoever comes by a link, and has a token that is still good if it can be had. */
  get ready() {
    this.#ready ??= this.#load();
    return this.#ready;
  }

  async #load(tries = 0) {
    try {
      const answer = await fetch(new URL('api/sign-in', document.baseURI), { signal: AbortSignal.timeout(ASK_MS) });
      if (!answer.ok) throw new Refusal(`http_${answer.status}`);
      this.#learn(await answer.json());
    } catch {
      // Whoever has a token goes on with it; the others wait until the server can be reached.
      const wait = Math.min(AGAIN_MOST_MS, AGAIN_FIRST_MS * 2 ** tries) * (0.5 + Math.random() / 2);
      setTimeout(() => this.#load(tries + 1), wait);
    }
    if (!this.ways) return this.#app.changed();
    if (this.#arrival) await this.#arrive();
    else await this.#renewal?.fresh();
    return this.#app.changed();
  }

  #learn(ways) {
    this.ways = ways;
    if (ways.auth_url === null) return;
    this.#gotrue = new GoTrue(this.base, ways.apikey);
    this.#kept = new Kept(this.#key, () => this.#othersChanged());
    const renew = (token) => this.#ask('POST', 'token?grant_type=refresh_token', { body: { refresh_token: token } });
    this.#renewal = new Renewal(this.#kept, { renew, renewed: () => this.#app.renewed(), ends: () => this.#over() });
    this.#renewal.watch();
  }

  // What is true.

  /** Where GoTrue's protocol is spoken: our own accounts answer where this page comes from, whatever the server calls itself. */
  get base() {
    return this.ways.apikey ? this.ways.auth_url : new URL('auth/v1', document.baseURI).href;
  }

  /** Whether people sign in with accounts of this server's own. */
  get ours() {
    return this.byPassword && !this.atProject;
  }

  get atProject() {
    return Boolean(this.ways?.apikey);
  }

  get byPassword() {
    return this.#has('password');
  }

  get byCode() {
    return this.#has('code');
  }

  /** Somebody who has the address can be sent something. */
  get sendsMail() {
    return this.atProject || this.byCode;
  }

  get providers() {
    return this.ways?.methods?.filter(({ kind, provider }) => kind === 'oauth' && provider) ?? [];
  }

  /** The people of a demo, who need prove nothing. */
  get people() {
    return this.ways?.methods?.filter(({ kind, link }) => kind === 'demo' && link?.startsWith('/as/')) ?? [];
  }

  /** Whether there is any way in on this page. */
  get possible() {
    return this.byPassword || this.byCode || this.providers.length > 0 || this.people.length > 0;
  }

  get has() {
    return this.session !== null;
  }

  get session() {
    return this.#kept?.read() ?? null;
  }

  /** Whether this server knows where somebody is signed in. */
  get keepsSessions() {
    return this.has && !this.atProject;
  }

  /** Which password is being chosen. */
  get choosing() {
    return this.#choosing;
  }

  get problemWords() {
    return this.problem ? (TEXT.signInProblems[this.problem] ?? TEXT.signInFailed(this.problem)) : '';
  }

  /** Seconds until it may be tried again. */
  get wait() {
    return Math.max(0, Math.ceil((this.#until - performance.now()) / 1000));
  }

  #has(kind) {
    return Boolean(this.ways?.methods?.some((method) => method.kind === kind));
  }

  // What people do.

  signIn(email, password) {
    this.email = email;
    return this.#attempt(async () => this.#admit(await this.#ask('POST', 'token?grant_type=password', { body: { email, password } })));
  }

  /** A code by mail. Nobody gets an account by asking for one. */
  sendCode(email) {
    this.email = email;
    return this.#attempt(async () => {
      const asked = this.#ask('POST', `otp?${this.#backHere()}`, { body: { email, create_user: false } });
      await asked.catch(passOver(TELLS_WHO_IS_HERE));
      this.step = 'sent';
    });
  }

  enterCode(code) {
    const body = { type: 'email', email: this.email, token: code.replaceAll(/\s/g, '') };
    return this.#attempt(async () => this.#admit(await this.#ask('POST', 'verify', { body })));
  }

  /** Another password, by a mail that is sent to whoever has the address. */
  forgot(email) {
    this.email = email;
    return this.#attempt(async () => {
      await this.#ask('POST', `recover?${this.#backHere()}`, { body: { email } }).catch(passOver(TELLS_WHO_IS_HERE));
      this.step = 'mailed';
    });
  }

  /** Away to a provider, which sends back here. */
  goTo(provider) {
    return this.#attempt(async () => {
      if (!globalThis.crypto?.subtle) throw new Refusal('insecure_page');
      const flow = await beginFlow();
      // Away by the server's public name, to which the provider sends back.
      const away = new GoTrue(this.ways.auth_url);
      location.assign(away.address('authorize', { provider, redirect_to: here(), ...flow }));
      await new Promise(() => {}); // the page goes
    });
  }

  /** The second factor: six digits, or a recovery code of an account here. */
  showCode(code, id = this.factors[0].id) {
    return this.#attempt(async () => {
      const { access_token: token } = this.#half;
      const challenge = await this.#ask('POST', `factors/${id}/challenge`, { body: {}, token });
      const proof = { challenge_id: challenge.id, code: code.trim() };
      this.#admit(await this.#ask('POST', `factors/${id}/verify`, { body: proof, token }));
    });
  }

  /** What somebody has who came in: it may want its second factor first. */
  begins(session) {
    this.#admit(session);
    this.#app.changed();
  }

  /** The same person goes on with a session that proves more. */
  goesOnWith(session) {
    this.#renewal.learn(session);
    this.#kept.write(session, 'TOKEN_REFRESHED');
    this.#renewal.watch();
    this.#app.renewed();
  }

  /** As whoever is signed in. */
  asks(method, path, body) {
    return this.#ask(method, path, { body, token: this.session?.access_token });
  }

  choosePassword(password) {
    return this.#attempt(async () => {
      const session = this.#half;
      const token = session.access_token;
      await this.#ask('PUT', 'user', { body: { password }, token });
      // Whoever knew the former one is out.
      if (this.#choosing === 'recovery') await this.#ask('POST', 'logout?scope=others', { token }).catch(() => null);
      this.#choosing = null;
      this.#begin(session);
    });
  }

  back() {
    this.#reset();
    this.#app.changed();
  }

  /** Whoever is signed in here stays, or goes for somebody who came in by a link. */
  answerArrived(yes) {
    const arrived = this.arrived;
    this.arrived = null;
    if (yes) {
      this.#app.signOut();
      return this.#attempt(() => this.#take(arrived));
    }
    return this.#app.changed();
  }

  /** Ends this session alone: the same person may be signed in elsewhere. */
  async signOut() {
    const { session } = this;
    this.#forget();
    if (session) await this.#ask('POST', 'logout?scope=local', { token: session.access_token }).catch(() => null);
  }

  /** What somebody has from now on. */
  #begin(session) {
    this.#reset();
    this.#renewal.learn(session);
    this.#kept.write(session, 'SIGNED_IN');
    this.#renewal.watch();
    this.#app.signedIn();
  }

  /** Renews the session if need be. Fails as long as there is one of which no good token can be had: that is not signed out. */
  async fresh(refused) {
    if (this.#renewal && !(await this.#renewal.fresh(refused))) throw new Error('the session could not be renewed');
  }

  // How it goes on.

  async #arrive() {
    const { code, session, type, failure } = this.#arrival;
    this.#arrival = null;
    await this.#attempt(async () => {
      if (!this.#gotrue) throw new Refusal('no_such_way');
      if (failure) throw new Refusal(failure);
      if (session) return this.#meet(session, type);
      const verifier = endFlow();
      if (!verifier) throw new Refusal('flow_elsewhere');
      return this.#admit(await this.#ask('POST', 'token?grant_type=pkce', { body: { auth_code: code, code_verifier: verifier } }));
    });
    // Whoever is signed in sees no form that could say it.
    if (this.problem && this.has) this.#app.say(this.problemWords);
  }

  /** A link may come from anybody: nobody takes the place of whoever is signed in without being asked. */
  async #meet(session, type) {
    const arrived = { session, type };
    if (this.#app.session.isAnothers(session.access_token) && !this.#app.wall) this.arrived = arrived;
    else await this.#take(arrived);
  }

  async #take({ session, type }) {
    const user = await this.#ask('GET', 'user', { token: session.access_token });
    this.#choosing = CHOOSING.has(type) ? type : null;
    this.#admit({ ...session, user });
  }

  /** What a session still wants comes first: the second factor, a password. */
  #admit(session) {
    const verified = (session.user?.factors ?? []).filter(({ status }) => status === 'verified');
    if (verified.length > 0 && claims(session.access_token).aal !== 'aal2') {
      this.factors = verified.filter(({ factor_type: type }) => type === 'totp');
      this.#half = session;
      this.step = 'factor';
      return;
    }
    if (this.#choosing) {
      this.#half = session;
      this.step = 'choose';
      return;
    }
    this.#begin(session);
  }

  #reset() {
    Object.assign(this, { step: null, factors: [], problem: '' });
    this.#half = null;
    this.#choosing = null;
  }

  #forget() {
    this.#reset();
    this.#kept?.remove();
    this.#renewal?.watch();
  }

  /** The session has come to its end, by whoever ended it. */
  #over() {
    this.#kept.remove();
    this.problem = 'session_over';
    this.#app.signedOut();
  }

  #othersChanged() {
    this.#renewal.watch();
    if (this.session) this.#app.renewed();
    // Who writes it in pieces may be about to.
    else setTimeout(() => this.session || this.#app.signedOut(), SETTLED_MS);
  }

  /** As supabase-js names it: after the project, of which ours is one. */
  get #key() {
    const host = this.atProject ? new URL(this.ways.auth_url).hostname.split('.')[0] : 'callboard';
    return `sb-${host}-auth-token`;
  }

  #backHere() {
    return new URLSearchParams({ redirect_to: here() }).toString();
  }

  async #attempt(doing) {
    Object.assign(this, { busy: true, problem: '' });
    this.#app.changed();
    try {
      await doing();
    } catch (error) {
      this.problem = error.code ?? 'unreachable';
      if (error.wait) this.#until = performance.now() + error.wait * 1000;
    }
    this.busy = false;
    this.#app.changed();
  }

  #ask(...asked) {
    return this.#gotrue.ask(...asked);
  }
}

/** Where providers and mails send people back to: this page, without what stands behind it. */
const here = () => location.origin + location.pathname;

const passOver = (codes) => (error) => {
  if (!codes.has(error.code)) throw error;
};
