// Joins the rest: the client library, who is signed in, what is open beside the calls, and what people have chosen.
import { CallboardClient } from '../sdk/index.js';
import { Account } from './account.js';
import { Agency } from './agency.js';
import { Notices } from './alerts.js';
import { Coming } from './coming.js';
import { Detail } from './detail.js';
import { Drafts } from './drafts.js';
import { History } from './history.js';
import { Latency } from './latency.js';
import { Myself } from './myself.js';
import { People } from './people.js';
import { Presence } from './presence.js';
import { prefer, preferences } from './preferences.js';
import { ProgramKeys } from './program-keys.js';
import { Session, looksLikeToken, takeTokenFromFragment } from './session.js';
import { Settings } from './settings.js';
import { Sound } from './sound.js';
import { Spoken } from './spoken.js';
import { Stats } from './stats.js';
import { TEXT } from './texts.js';
import { Unread } from './unread.js';
import { at, sentence, timeOfDay } from './words.js';

const FLASH_MS = 10_000;
const NOTICE_MS = 8_000;
const SIGN_IN_EARLY_MS = 60_000;

export class App {
  wall = location.pathname.replace(/\/+$/, '') === '/wall';
  session = new Session(this);
  account = new Account(this);
  coming = new Coming(this);
  client = new CallboardClient({ token: (asked) => this.#token(asked) });
  latency = new Latency(() => this.client.now());
  sound = new Sound(() => this.changed());
  notices = new Notices();
  spoken = new Spoken();
  drafts = new Drafts(this);
  history = new History(this);
  detail = new Detail(this);
  settings = new Settings(this);
  agency = new Agency(this);
  presence = new Presence(this);
  programKeys = new ProgramKeys(this);
  people = new People(this);
  myself = new Myself(this);
  stats = new Stats(this);
  unread = new Unread(this);
  panel = 'history';
  who = {};
  handed = null; // somebody else's token, out of a link: used only after asking
  said = []; // one-line notices that go by themselves
  tokenProblem = '';
  #flash = { text: '', until: 0, aboutBreak: false };
  #met = null;
  #draw;
  #greetings = 0;
  #notices = 0;
  #faultsTold = 0;

  /** `draw` is called after each change. */
  constructor(draw) {
    this.#draw = draw;
    this.client.subscribe(() => this.changed());
    this.client.on('event', ({ event, live }) => this.#event(event, live));
    this.client.on('agent', () => this.stats.event());
    this.client.on('snapshot', ({ reason }) => this.#snapshot(reason));
    this.client.on('caught_up', ({ events }) => this.#caughtUp(events));
  }

  start() {
    this.coming.start();
    if (this.coming.by) return void this.account.ready;
    if (!this.#takeHanded()) this.client.start();
    window.addEventListener('hashchange', () => this.#takeHanded());
    window.addEventListener('storage', () => this.#lookForToken());
  }

  /** Whoever is signed in stays so unless they say otherwise: a link may come from anybody. Says whether it signs in. */
  #takeHanded() {
    const token = takeTokenFromFragment();
    if (!token) return false;
    this.handed = this.session.isAnothers(token) && !this.wall ? token : null;
    if (!this.handed) this.signIn(token);
    this.changed();
    return !this.handed;
  }

  answerHanded(yes) {
    const token = this.handed;
    this.handed = null;
    if (yes) {
      this.signOut();
      this.signIn(token);
    }
    this.changed();
  }

  /** What the client library asks for: of an account one that is still good, unless this tab has a token of its own. */
  async #token(asked) {
    await this.account.ready;
    const spent = asked.reason === 'refused' || asked.reason === 'expired';
    if (!this.session.hasOwn) await this.account.fresh(spent ? asked.current : null);
    return this.session.token(asked);
  }

  // What is true now.

  get board() {
    return this.client.getSnapshot();
  }

  /** The server's time: this computer's clock is asked for nothing that people read. */
  get now() {
    return this.client.now();
  }

  /** Whether there is anything to show: something was told to this person, or kept from before a reload. */
  get known() {
    return this.board.position !== null;
  }

  get stale() {
    return this.board.state !== 'live' && this.board.state !== 'catching_up';
  }

  /** The open calls by what they are to the person who looks. */
  get lists() {
    const { calls } = this.board;
    const me = this.who.id;
    const mine = calls.filter((call) => me && call.answered_by === me && call.status !== 'incoming');
    const ringing = calls.filter((call) => (call.status === 'incoming' || call.status === 'answering') && !mine.includes(call));
    const answered = calls.filter((call) => call.status === 'answered' && !mine.includes(call));
    answered.sort((a, b) => at(a.answered_at) - at(b.answered_at));
    return { ringing, mine, answered };
  }

  get owner() {
    return this.who.role === 'agency_owner';
  }

  get leads() {
    return this.owner || this.who.role === 'agency_admin';
  }

  /** Why the sign-in form is shown, or null when it is not. */
  get asking() {
    const { problem, state } = this.board;
    if (this.account.step || problem?.code === 'signed_out') return '';
    if (problem?.code === 'token_expired') return TEXT.tokenExpired;
    if (problem?.code === 'unauthorized' && state === 'stopped') return sentence(TEXT.tokenRefused, problem.message, TEXT.signInAgain);
    const ends = this.session.endsAt;
    const soon = state === 'live' && ends - this.now < SIGN_IN_EARLY_MS && !this.session.next;
    return soon ? TEXT.tokenExpiring(timeOfDay(ends)) : null;
  }

  /** What is said in place of the state for a moment; `aboutBreak` when it only says how a break has ended. */
  get flash() {
    return performance.now() < this.#flash.until ? this.#flash : null;
  }

  // What people do.

  signIn(token) {
    this.session.keep(token);
    this.tokenProblem = '';
    return this.client.signedIn();
  }

  typedToken(text) {
    const token = text.trim().replace(/^Bearer\s+/i, '');
    const good = looksLikeToken(token);
    this.tokenProblem = good ? '' : TEXT.notAToken;
    if (good) this.signIn(token);
    this.changed();
    return good;
  }

  /** Somebody has come in with an account, by an invitation perhaps. */
  signedIn() {
    // Whoever has signed in to accept an invitation does that first.
    if (this.coming.by) return this.changed();
    return this.client.signedIn();
  }

  /** Somebody has signed out elsewhere, or the session has come to its end. */
  signedOut() {
    if (this.session.current && !this.session.isKept(this.session.current)) this.signOut();
  }

  /** There is a newer token of the same person: the connection goes on with it. */
  renewed() {
    if (!this.coming.by && this.session.current && this.session.next) this.client.signedIn();
  }

  get maySignOut() {
    return this.session.own || this.account.has;
  }

  signOut() {
    this.session.drop();
    if (this.account.has) this.account.signOut();
    this.who = {};
    this.#met = null;
    this.#greetings = 0;
    this.panel = 'history';
    for (const part of [this.history, this.detail, this.settings, this.agency, this.presence, this.programKeys, this.people, this.myself, this.stats, this.unread]) part.forget();
    this.client.signOut();
  }

  show(panel) {
    this.panel = panel;
    if (panel === 'settings') for (const part of [this.settings, this.agency, this.programKeys]) part.load();
    if (panel === 'people') this.people.load();
    if (panel === 'myself') this.myself.load();
    if (panel === 'history') this.history.load();
    if (panel === 'day') this.stats.load();
    this.changed();
    if (panel !== 'history') this.#bring();
  }

  /** What was asked for comes into sight, and the next Tab goes into it. */
  #bring() {
    requestAnimationFrame(() => requestAnimationFrame(() => document.getElementById('panel')?.focus()));
  }

  open(call) {
    this.panel = 'call';
    this.detail.open(call);
    this.#bring();
  }

  renamed(agency) {
    this.who = { ...this.who, agency };
  }

  toggleSound() {
    if (this.sound.locked && preferences.sound) return this.sound.unlock();
    prefer('sound', !preferences.sound);
    if (preferences.sound) this.sound.unlock();
    return this.changed();
  }

  async toggleNotices() {
    if (!preferences.notices && !(await this.notices.ask())) return this.say(TEXT.noticesRefused);
    prefer('notices', !preferences.notices);
    return this.changed();
  }

  /** A one-line notice that fades. */
  say(text) {
    const notice = { text, key: (this.#notices += 1) };
    this.said = [...this.said.filter((other) => other.text !== text).slice(-2), notice];
    this.changed();
    setTimeout(() => {
      this.said = this.said.filter((other) => other !== notice);
      this.changed();
    }, NOTICE_MS);
  }

  changed() {
    this.#meet();
    this.#draw();
  }

  // What the client tells.

  #event(event, live) {
    if (live) this.latency.event(event);
    this.detail.event(event);
    this.stats.event(event);
    if (event.type === 'call.ended') {
      this.history.stale();
      this.drafts.ended(event.call);
    }
    const mine = event.type === 'call.released' && live && event.call && this.#wasMine(event);
    if (mine) this.say(TEXT.ringsAgain(TEXT.releasedMine[event.reason] ?? event.reason));
  }

  /** The release clears `answered_by`; the client remembers whose it was. */
  #wasMine({ call, reason }) {
    const released = this.board.calls.find(({ id }) => id === call.id)?.released;
    return released?.id === this.who.id && reason !== 'cancelled';
  }

  /** The first snapshot needs no explanation; a later one means that something could not be caught up. */
  #snapshot(reason) {
    const { faults } = this.board;
    if (this.#greetings++ > 0) this.#tell(faults > this.#faultsTold ? TEXT.afterFault : (TEXT.afresh[reason] ?? TEXT.afresh.fresh));
    this.#faultsTold = faults;
    this.#refresh();
  }

  #caughtUp(events) {
    this.#greetings += 1;
    this.#tell(TEXT.resumed(events), true);
    this.#refresh();
  }

  #refresh() {
    this.agency.load();
    this.drafts.retry();
    if (this.wall) this.stats.load();
    else this.history.load();
  }

  #tell(text, aboutBreak = false) {
    this.#flash = { text, aboutBreak, until: performance.now() + FLASH_MS };
  }

  /** The greeting names the user; what it leaves out is asked for, once for each person. */
  #meet() {
    const { user } = this.board;
    if (!user || user.id === this.#met) return;
    this.#met = user.id;
    this.who = named({ user });
    this.unread.load();
    const asked = user.id;
    this.client.request('GET', 'api/me').then((me) => {
      if (asked !== this.#met) return;
      this.who = { ...this.who, ...named(me) };
      this.#draw();
    }, () => {
      // the greeting has said what matters most
    });
  }

  /** Another tab of the app has signed in, or renewed its sign-in, while this one was asking for it. */
  #lookForToken() {
    if (this.asking === null) return;
    const found = this.session.current ? this.session.next : this.session.best;
    if (found) this.client.signedIn();
  }
}

/** Who a user is, whichever of the two shapes says it. */
function named({ user, agency }) {
  const its = agency ?? user?.agency;
  const found = { id: user?.id, name: user?.name || user?.email, role: user?.role, agency: its?.name, agencyId: its?.id ?? user?.agency_id };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => typeof value === 'string' && value));
}
