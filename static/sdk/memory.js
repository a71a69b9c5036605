// What survives a reload of the page: the position and the calls and people it stands for, always together, since a position
// alone would resume behind calls that nobody has any more; and how far the server's clock is ahead, so that waiting times go on.

const MOST_BYTES = 2_000_000;

export class Memory {
  #storage;
  #key;

  /** `storage` as sessionStorage, or null to remember nothing. */
  constructor(storage, key) {
    this.#storage = storage;
    this.#key = `callboard:${key}`;
  }

  /** What was kept for this person, or null. */
  load(sub) {
    try {
      const kept = JSON.parse(this.#storage?.getItem(this.#key) ?? 'null');
      const whole = kept && kept.sub === sub && Number.isInteger(kept.position?.seq) && Array.isArray(kept.calls) && Array.isArray(kept.agents);
      return sub !== undefined && whole ? kept : null;
    } catch {
      return null;
    }
  }

  save(sub, position, { open, ended, agents }, ahead) {
    if (!this.#storage || sub === undefined || !position) return;
    try {
      const text = JSON.stringify({ sub, position, ahead, calls: [...open, ...ended], agents });
      if (text.length <= MOST_BYTES) this.#storage.setItem(this.#key, text);
      else this.forget();
    } catch {
      this.forget(); // full or switched off: the next load starts fresh
    }
  }

  forget() {
    try {
      this.#storage?.removeItem(this.#key);
    } catch {
      // there was nothing to forget
    }
  }
}
