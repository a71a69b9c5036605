// As much of Telnyx's call control as agents need: commands are taken, and agents' phones ring and are picked up.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

export class Carrier {
  commands = [];
  /** What a command is answered, where it is not simply done: action → [status, body]. */
  refuses = new Map();
  #listener;
  #server;
  #legs = new Map();

  static async create() {
    const carrier = new Carrier();
    carrier.#listener = createServer((request, response) => carrier.#take(request, response));
    carrier.#listener.listen(0, '127.0.0.1');
    await once(carrier.#listener, 'listening');
    carrier.base = `http://127.0.0.1:${carrier.#listener.address().port}/v2`;
    return carrier;
  }

  /** Whose webhooks these are. */
  serves(server) {
    this.#server = server;
  }

  knows(call) {
    this.#legs.set(call.id, call);
  }

  /** Waits until it was told to do something. */
  async hears(action) {
    const giveUp = Date.now() + 20_000;
    while (!this.commands.some((command) => command.action === action)) {
      if (Date.now() > giveUp) throw new Error(`the carrier was not told to ${action}: ${JSON.stringify(this.commands)}`);
      await new Promise((again) => setTimeout(again, 20));
    }
  }

  ends() {
    this.#listener.closeAllConnections();
    this.#listener.close();
  }

  async #take(request, response) {
    let text = '';
    for await (const part of request) text += part;
    const [, id, action] = /\/calls\/([^/]+)\/actions\/(\w+)/.exec(request.url) ?? [];
    const body = text ? JSON.parse(text) : {};
    const leg = this.#legs.get(decodeURIComponent(id ?? ''));
    this.commands.push({ action, ...body });
    const [status, answer] = this.refuses.get(action) ?? (leg || !id ? [200, { data: { result: 'ok' } }] : [404, { errors: [{ code: '90015', title: 'Invalid call control id' }] }]);
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer));
    if (status === 200 && leg) await this.#does(action, leg, body);
  }

  async #does(action, leg, body) {
    if (action === 'transfer') return this.#ringsAgent(leg, body);
    if (action === 'answer') return this.#server.tells('call.answered', leg, { state: 'answered' });
    if (action === 'hangup') return this.#server.tells('call.hangup', leg, { state: 'hangup', hangup_cause: 'normal_clearing', hangup_source: 'caller' });
    return undefined;
  }

  async #ringsAgent(caller, { to, target_leg_client_state: client_state }) {
    const agent = { from: caller.from, to, id: `v3:${randomUUID()}`, session: caller.session, leg: randomUUID(), direction: 'outgoing', client_state };
    this.#legs.set(agent.id, agent);
    this.#ringing = agent;
    this.#caller = caller;
    await this.#server.tells('call.initiated', agent, { state: 'bridging' });
  }

  #ringing;
  #caller;

  /** The agent whose phone rang last picks it up. */
  async agentPicksUp() {
    const [agent, caller] = [this.#ringing, this.#caller];
    await this.#server.tells('call.answered', agent, { state: 'answered' });
    await this.#server.tells('call.answered', caller, { state: 'answered' });
    for (const leg of [caller, agent]) await this.#server.tells('call.bridged', leg, { state: 'bridged' });
  }

  /** Or does not. */
  agentIsBusy() {
    return this.#server.tells('call.hangup', this.#ringing, { state: 'hangup', hangup_cause: 'user_busy', hangup_source: 'callee', sip_hangup_cause: '486' });
  }
}
