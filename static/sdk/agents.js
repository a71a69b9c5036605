// Who is there to take a call, as the events add up.

/** Kept by id and never changed, only replaced, so that whoever draws them can tell by identity. */
export class Agents {
  #known = new Map();
  #listed = null;

  replace(agents) {
    this.#known = new Map(agents.map((agent) => [agent.id, agent]));
    this.#listed = null;
  }

  apply({ type, agent }) {
    if (!agent?.id) return;
    if (type === 'agent.removed') this.#known.delete(agent.id);
    else this.#known.set(agent.id, agent);
    this.#listed = null;
  }

  forget() {
    this.replace([]);
  }

  /** By name; the same array as long as nothing has changed. */
  get list() {
    const byName = (a, b) => (a.name ?? '').localeCompare(b.name ?? '') || (a.id < b.id ? -1 : 1);
    this.#listed ??= [...this.#known.values()].sort(byName);
    return this.#listed;
  }
}
