// What is said of the connection to those who hear the page. A break that is over before one could look up is not worth a word.

const SHORT_MS = 1_000;

export class Spoken {
  #words = '';
  #brokeAt = null;
  #wasShort = false;

  /** The words to be read aloud now, where the page shows `words`. `usual` are those of a connection that is as it should be. */
  of({ broken, words, usual, aboutBreak }) {
    const now = performance.now();
    if (broken) {
      this.#brokeAt ??= now;
      this.#wasShort = now - this.#brokeAt < SHORT_MS;
      if (this.#wasShort) return this.#words;
    } else {
      this.#brokeAt = null;
      if (this.#wasShort && aboutBreak) return (this.#words = usual);
      if (!aboutBreak) this.#wasShort = false;
    }
    return (this.#words = words);
  }
}
