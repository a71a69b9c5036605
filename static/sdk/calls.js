// What the events add up to: open calls, oldest first, and the last few that have ended.

const KEEP_ENDED = 10;

const time = (text) => Date.parse(text ?? '') || 0;
const byAge = (a, b) => time(a.created_at) - time(b.created_at) || (a.id < b.id ? -1 : 1);
const byEnd = (a, b) => time(b.ended_at) - time(a.ended_at) || (a.id < b.id ? -1 : 1);

/** Calls are kept by id and never changed, only replaced, so that whoever draws them can tell by identity. */
export class Calls {
  #open = new Map();
  #ended = new Map();
  #listed = null;

  /** A snapshot holds all that are open; what we knew as open and is not in it has ended unseen. */
  replace(calls) {
    this.#open.clear();
    for (const call of calls) this.#put(call);
  }

  apply({ type, reason, actor, call }) {
    if (!call?.id) return;
    const before = this.#open.get(call.id);
    const kept = {};
    // Why a call rings again, or ended: told by its event alone, and worth knowing as long as it is shown.
    if (type === 'call.released') kept.released = { reason, who: before?.answered_by_name ?? actor?.name ?? null, id: before?.answered_by ?? actor?.id ?? null };
    else if (type !== 'call.answering' && before?.released) kept.released = before.released;
    if (type === 'call.ended' && reason) kept.end_reason = reason;
    this.#put({ ...call, ...kept });
  }

  forget() {
    this.#open.clear();
    this.#ended.clear();
    this.#listed = null;
  }

  get(id) {
    return this.#open.get(id) ?? this.#ended.get(id);
  }

  find(callControlId) {
    for (const call of this.#open.values()) if (call.call_control_id === callControlId) return call;
    return undefined;
  }

  /** `{open, ended}`; the same arrays as long as nothing has changed. */
  get lists() {
    this.#listed ??= { open: [...this.#open.values()].sort(byAge), ended: this.#lastEnded() };
    return this.#listed;
  }

  #lastEnded() {
    const sorted = [...this.#ended.values()].sort(byEnd);
    for (const call of sorted.splice(KEEP_ENDED)) this.#ended.delete(call.id);
    return sorted;
  }

  #put(call) {
    this.#listed = null;
    const ended = call.status === 'ended';
    (ended ? this.#open : this.#ended).delete(call.id);
    (ended ? this.#ended : this.#open).set(call.id, call);
    if (this.#ended.size > 4 * KEEP_ENDED) this.#lastEnded();
  }
}
