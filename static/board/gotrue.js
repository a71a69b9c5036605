// GoTrue's protocol, which a Supabase project speaks and our own accounts do: one request, and what went wrong as a code.

const VERSION = '2024-01-01';
const ASK_MS = 10_000;
/** What a project does not say across origins: how long to wait, in seconds. It sends an address one mail a minute. */
const WAITS = { over_request_rate_limit: 30, over_email_send_rate_limit: 60 };

export class Refusal extends Error {
  constructor(code, { wait = 0, status = 0 } = {}) {
    super(code);
    Object.assign(this, { code, wait, status });
  }
}

export class GoTrue {
  #base;
  #apikey;

  constructor(base, apikey) {
    this.#base = base;
    this.#apikey = apikey;
  }

  /** The address of something to which the browser goes itself. */
  address(path, query) {
    return `${this.#base}/${path}?${new URLSearchParams(query)}`;
  }

  async ask(method, path, { body, token } = {}) {
    const headers = {
      'x-supabase-api-version': VERSION,
      ...(body && { 'content-type': 'application/json' }),
      ...(this.#apikey && { apikey: this.#apikey }),
      ...(token && { authorization: `Bearer ${token}` }),
    };
    const asking = { method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(ASK_MS), credentials: 'omit' };
    const answer = await fetch(`${this.#base}/${path}`, asking).catch(() => null);
    if (!answer) throw new Refusal('unreachable');
    const said = await answer.json().catch(() => ({}));
    if (answer.ok) return said;
    throw refusal(answer, said);
  }
}

/** By its code in either version of the body; never by its words. */
function refusal(answer, { code, error_code: older }) {
  const named = [code, older].find((found) => typeof found === 'string') ?? `http_${answer.status}`;
  const told = Number(answer.headers.get('retry-after'));
  const limited = answer.status === 429 || named in WAITS;
  const wait = limited ? told || WAITS[named] || WAITS.over_request_rate_limit : 0;
  return new Refusal(named, { wait, status: answer.status });
}
