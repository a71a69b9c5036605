// Who is there to take a call, and what I am to the others.
import { TEXT } from './texts.js';

export class Presence {
  open = false; // the menu of what I can be
  asking = false;
  #app;

  constructor(app) {
    this.#app = app;
  }

  forget() {
    Object.assign(this, { open: false, asking: false });
  }

  get all() {
    return this.#app.board.agents;
  }

  get me() {
    return this.all.find(({ id }) => id === this.#app.who.id) ?? null;
  }

  /** Those with a board open; whoever could take a call stands before the others. */
  get there() {
    const order = ['available', 'busy', 'wrap_up', 'away'];
    const place = ({ state }) => (order.indexOf(state) + 1 || order.length + 1);
    return this.all.filter(({ state }) => state !== 'offline').sort((a, b) => place(a) - place(b));
  }

  get gone() {
    return this.all.filter(({ state }) => state === 'offline');
  }

  count(...states) {
    return this.all.filter(({ state }) => states.includes(state)).length;
  }

  /** Whoever is away, or writes about a call, is not rung at. */
  get quiet() {
    return this.me?.state === 'away' || this.me?.state === 'wrap_up';
  }

  get reasons() {
    return this.#app.agency.settings?.away_reasons ?? [];
  }

  /** One key: from away and from a wrap-up back to the calls, and otherwise to the ways to be away. */
  press() {
    if (!this.me) return this.#app.say(TEXT.notWatched);
    if (this.quiet) return this.choose({ state: 'available' });
    this.show(!this.open);
    if (this.open) requestAnimationFrame(() => requestAnimationFrame(() => document.querySelector('#state-menu button')?.focus()));
    return undefined;
  }

  show(open) {
    this.open = open;
    this.#app.changed();
  }

  async choose(wish) {
    if (this.#app.stale) return this.#app.say(TEXT.notWhileStale);
    if (this.asking) return undefined;
    Object.assign(this, { asking: true, open: false });
    this.#app.changed();
    try {
      await this.#app.client.setState(wish.state, wish.reason);
      document.getElementById('my-state')?.focus();
    } catch (error) {
      this.#app.say(error.status === 0 ? TEXT.stateUnknown : TEXT.notDone(error.message.replace(/[.\s]+$/, '')));
    }
    this.asking = false;
    return this.#app.changed();
  }
}
