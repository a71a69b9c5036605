// A soft two-tone ring, one for any number of callers, made here. Browsers want a click before the first sound.

const RING_EVERY_MS = 3_000;
const RISES_AFTER_MS = 20_000;
const LOUDEST = 0.25;

export class Sound {
  #audio = null;
  #timer = null;
  #waiting = 0;
  #changed;

  constructor(changed) {
    this.#changed = changed;
  }

  /** Whether a click is needed before anything can be heard. */
  get locked() {
    return this.#audio?.state !== 'running';
  }

  /** To be called from a click or a key. */
  async unlock() {
    if (!this.locked || !globalThis.AudioContext) return;
    this.#audio ??= new AudioContext();
    await this.#audio.resume().catch(() => {});
    this.#changed();
  }

  /** Rings as long as somebody waits; `longest` in milliseconds, -1 when nobody does. */
  ring(longest, on) {
    this.#waiting = longest;
    const should = on && longest >= 0;
    if (should && this.#timer === null) this.#repeat();
    if (!should && this.#timer !== null) {
      clearTimeout(this.#timer);
      this.#timer = null;
    }
  }

  /** A single low tone: somebody else was faster. */
  lost(on) {
    if (on) this.#tone(196, 0, 0.35, 0.2);
  }

  #repeat() {
    const urgent = this.#waiting > RISES_AFTER_MS;
    const loud = urgent ? LOUDEST : LOUDEST / 2;
    this.#tone(urgent ? 660 : 523, 0, 0.4, loud);
    this.#tone(urgent ? 880 : 659, 0.35, 0.6, loud);
    this.#timer = setTimeout(() => this.#repeat(), RING_EVERY_MS);
  }

  #tone(frequency, delay, length, loudness) {
    if (this.locked) return;
    const begins = this.#audio.currentTime + delay;
    const [tone, volume] = [this.#audio.createOscillator(), this.#audio.createGain()];
    tone.type = 'sine';
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(0, begins);
    volume.gain.linearRampToValueAtTime(loudness, begins + 0.04);
    volume.gain.exponentialRampToValueAtTime(0.001, begins + length);
    tone.connect(volume).connect(this.#audio.destination);
    tone.start(begins);
    tone.stop(begins + length);
  }
}
