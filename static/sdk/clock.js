// What time it is at the server, whatever this computer's clock says and however often somebody sets it.

const READINGS = 4;
const STEPPED_BY_MS = 2_000;

/**
 * A message's `at` was true when it left, so the server's clock is at least that far: of the last few messages the quickest
 * is the best measure. Between two messages time passes by a clock that nobody can set.
 */
export class ServerClock {
  #platform;
  #readings = []; // the server's clock less our ticks, by the last messages
  #guess; // the same before the first message
  #doubtful = false;

  /** `platform` has now(), this computer's clock, and ticks(), which only ever goes on. */
  constructor(platform) {
    this.#platform = platform;
    this.#guess = platform.now() - platform.ticks();
  }

  /** Milliseconds since 1970. */
  now() {
    return this.at(this.#platform.ticks());
  }

  /** The server's time when our ticks were so many. */
  at(ticks) {
    return ticks + (this.#readings.length ? Math.max(...this.#readings) : this.#guess);
  }

  /** The server has just said what time it is. */
  hears(at) {
    const reading = Date.parse(at) - this.#platform.ticks();
    if (!Number.isFinite(reading)) return;
    const stepped = reading < Math.max(...this.#readings) - STEPPED_BY_MS;
    this.#readings = this.#doubtful || stepped ? [reading] : [...this.#readings, reading].slice(-READINGS);
    this.#doubtful = false;
  }

  /** Our ticks may have stood still or run away, as in a machine that slept: the next message counts alone. */
  doubt() {
    this.#doubtful = true;
  }

  /** How far the server's clock is ahead of this computer's, to be remembered over a reload. */
  get ahead() {
    return this.now() - this.#platform.now();
  }

  recall(ahead) {
    if (Number.isFinite(ahead)) this.#guess = this.#platform.now() + ahead - this.#platform.ticks();
  }
}
