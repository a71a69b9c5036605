// What owners set up: credentials (in, never out) and what Ultravox has of them.

export const KEYS = [
  'telnyx_api_key', 'telnyx_public_key', 'telnyx_application_id', 'ultravox_api_key', 'telnyx_sip_username', 'telnyx_caller_id',
  'telnyx_connection_ids', 'telnyx_account_sid', 'telnyx_sip_server', 'twilio_account_sid', 'twilio_auth_token', 'plivo_auth_id', 'plivo_auth_token',
];

/** What each carrier's import needs, in the order the server names what is missing. */
export const NEEDS = {
  telnyx: ['ultravox_api_key', 'telnyx_api_key', 'telnyx_public_key', 'telnyx_application_id'],
  twilio: ['ultravox_api_key', 'twilio_account_sid', 'twilio_auth_token'],
  plivo: ['ultravox_api_key', 'plivo_auth_id', 'plivo_auth_token'],
};

export class Settings {
  stored = null; // Map of key → {key, prefix, problem}
  status = null;
  problem = null;
  ultravoxProblem = null;
  editing = null;
  removing = null;
  busy = '';
  said = {}; // by carrier or key: what came of the last attempt
  #app;

  constructor(app) {
    this.#app = app;
  }

  forget() {
    Object.assign(this, { stored: null, status: null, problem: null, ultravoxProblem: null, editing: null, removing: null, busy: '', said: {} });
  }

  async load() {
    if (!this.#app.leads) return;
    const ask = (path) => this.#app.client.request('GET', path);
    const names = this.#app.owner ? ask('api/agency/credentials').then(storedKeys) : Promise.resolve(null);
    const [stored, status] = await Promise.allSettled([names, ask('api/ultravox/status')]);
    // Where Ultravox does not answer, the refusal says what is known without it.
    this.status = status.value ?? (status.reason?.body?.stored ? status.reason.body : null);
    this.ultravoxProblem = status.reason ?? null;
    this.stored = stored.value ?? this.stored ?? heldKeys(this.status);
    this.problem = stored.reason ?? null;
    this.#app.changed();
  }

  edit(key) {
    Object.assign(this, { editing: key, removing: null });
    this.#app.changed();
  }

  async put(key, value) {
    const answer = await this.#attempt(key, () => this.#app.client.request('PUT', `api/agency/credentials/${key}`, { value }));
    if (!answer) return;
    this.said = { ...this.said, [key]: { warnings: answer.warnings ?? [] } };
    this.edit(null);
  }

  /** The first press asks, the second does it. */
  async remove(key) {
    if (this.removing !== key) {
      Object.assign(this, { removing: key, editing: null });
      return this.#app.changed();
    }
    this.removing = null;
    return this.#attempt(key, () => this.#app.client.request('DELETE', `api/agency/credentials/${key}`));
  }

  async importTo(carrier) {
    await this.#attempt(carrier, () => this.#app.client.request('POST', `api/ultravox/import-${carrier}`));
  }

  missing(carrier) {
    return NEEDS[carrier].filter((key) => this.stored && !this.stored.has(key));
  }

  async #attempt(what, doing) {
    this.busy = what;
    this.said = { ...this.said, [what]: null };
    this.#app.changed();
    const came = await doing().catch((error) => error);
    const failed = came instanceof Error;
    this.busy = '';
    this.said = { ...this.said, [what]: failed ? came : 'done' };
    await this.load();
    return failed ? null : (came ?? {});
  }
}

const storedKeys = ({ credentials = [] }) => new Map(credentials.map((one) => [one.key, one]));

/** What an admin, who may not see prefixes, learns from the status. */
function heldKeys(status) {
  if (!status) return null;
  return new Map(Object.entries(status.stored ?? {}).filter(([, held]) => held).map(([key]) => [key, { key, prefix: '' }]));
}
