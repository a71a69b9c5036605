// How long events took to get here, and whether this computer's clock can be believed.

/** The last measurements, in milliseconds. */
export class Samples {
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
  /** Nearest rank: always a value that was measured. */
  quantile(q) {
    const sorted = [...this.#values].sort((a, b) => a - b);
    return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
  }
}

const CLOCKS_AGREE_WITHIN_MS = 1_000;

export class Latency {
  fromCarrier = new Samples(200);
  fromCommit = new Samples(200);
  wholeWay = new Samples(200);
  #serverNow;

  /** `serverNow` gives the server's time. */
  constructor(serverNow) {
    this.#serverNow = serverNow;
  }

  event({ occurred_at: occurred, recorded_at: recorded, actor }) {
    const now = Date.now();
    const [happened, written] = [Date.parse(occurred), Date.parse(recorded)];
    // A command's occurred_at is our own server's clock: only what the carrier said can measure the way from the carrier.
    if (!actor) {
      this.fromCarrier.add(written - happened);
      this.wholeWay.add(now - happened);
    }
    this.fromCommit.add(now - written);
  }

  /** How far this computer's clock is ahead of the server's; 0 when too little to matter. */
  get clockAhead() {
    const ahead = Date.now() - this.#serverNow();
    return Math.abs(ahead) > CLOCKS_AGREE_WITHIN_MS ? ahead : 0;
  }
}
