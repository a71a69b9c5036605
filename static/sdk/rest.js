// Commands and questions over HTTP.

const WITHIN_MS = 30_000;

/** What the server (or the way to it) answered instead of what was asked for. `status` is 0 when it was not reached. */
export class CallboardError extends Error {
  constructor(message, { status = 0, body = {}, retryAfter = null, cause } = {}) {
    super(message, { cause });
    this.name = 'CallboardError';
    this.status = status;
    this.body = body;
    this.retryAfter = retryAfter;
  }
}

export class Rest {
  #base;
  #token;
  #platform;

  /** `token(reason)` gives the present token; it is asked once more, with `refused`, after a 401. */
  constructor(base, token, platform) {
    this.#base = base;
    this.#token = token;
    this.#platform = platform;
  }

  async ask(method, path, body, more) {
    const token = await this.#token('request');
    if (!token) throw new CallboardError('Nobody is signed in', { status: 401 });
    const answer = await this.#once(method, path, body, token, more);
    if (answer.status !== 401) return this.#read(answer);
    const newer = await this.#token('refused');
    return this.#read(newer && newer !== token ? await this.#once(method, path, body, newer, more) : answer);
  }

  async #once(method, path, body, token, more) {
    const headers = { Accept: 'application/json', Authorization: `Bearer ${token}`, ...more };
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    try {
      return await this.#platform.fetch(new URL(path, this.#base), {
        method,
        headers,
        cache: 'no-store',
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(WITHIN_MS),
      });
    } catch (cause) {
      throw new CallboardError('The server could not be reached', { cause });
    }
  }

  async #read(answer) {
    const body = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
    if (answer.ok) return body;
    const retryAfter = Number(answer.headers?.get?.('Retry-After')) || null;
    throw new CallboardError(body.error || `The server answered ${answer.status}`, { status: answer.status, body, retryAfter });
  }
}
