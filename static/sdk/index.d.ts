/** What the server says, made from its /asyncapi.json and /openapi.json. Texts that may come to be more are open: see `Open`. */
export namespace Wire {
  export interface Actor {
    id: string;
    name: string | null;
  }
  /** An agency as its own people read it. */
  export interface Agency {
    id: string;
    name: string;
  }
  /** A person as colleagues see them: whether they are there to take a call. Nothing of a caller stands
   * in it, so every audience reads the same. */
  export interface Agent {
    id: string;
    name: string | null;
    phone: AgentPhone;
    /** Why, of who is away: one of the agency's reasons. */
    reason: string | null;
    /** Since when it is this state, for this reason. */
    since: Time;
    state: AgentState;
  }
  /** Something that happened to one of the agency's people. Numbered among the events of calls. */
  export interface AgentEvent {
    actor: Actor | null;
    /** The whole agent, as it is after the change; as it was, of one who is gone. */
    agent: Agent;
    occurred_at: Time;
    /** When our listener had it. */
    received_at: Time;
    /** When it was committed. */
    recorded_at: Time;
    /** Its number: per agency, from 1, without gaps, together with those of calls. */
    seq: number;
    type: AgentEventType;
  }
  /** `agent.updated`: the agent is this now. `agent.removed`: the person is none of the agency's any more, and goes from the board. */
  export type AgentEventType = "agent.updated" | "agent.removed";
  /** `ready`: in the browser. `other`: on a phone of their own. `absent`: none of their own is known. */
  export type AgentPhone = "ready" | "absent" | "other";
  /** `available`: there, and free. `busy`: has a call, or a phone that rings for one. `away`: there, and not to be called. `wrap_up`: has had a call and writes about it, for the agency's `wrap_up_s`. `offline`: no board open for 30 s. */
  export type AgentState = "available" | "busy" | "away" | "wrap_up" | "offline";
  /** The call is the agent's. */
  export interface Answered {
    call: Call;
    callControlId: string;
    message: string;
    success: boolean;
  }
  /** A call as strangers read it. */
  export interface Call {
    answered_at: Time | null;
    /** Who claimed it; null again after a release. */
    answered_by: string | null;
    answered_by_name: string | null;
    /** The carrier's handle of the caller's leg; answering and hanging up name it. */
    call_control_id: string;
    /** What all legs of the phone call share. */
    call_session_id: string | null;
    caller_answered_at: Time | null;
    /** Its digits are masked for the same people. */
    caller_name: string | null;
    /** Whether an agent's leg is on the call. */
    connected: boolean;
    created_at: Time;
    direction: Direction;
    ended_at: Time | null;
    /** As sent: E.164, a SIP URI, `anonymous`, empty, or null while it is not known. Masked, as in
     * `+1•••••••34`, for people with a role for which the agency masks numbers. */
    from_number: string | null;
    /** The carrier's word. */
    hangup_cause: string | null;
    /** Ours, for the call's life. */
    id: string;
    /** Who is, or was, on the call beside the caller, in the order of their claims. Not in what was
     * recorded before there was such a field. */
    participants?: Participant[];
    /** Oldest first, never with a link. */
    recordings: Recording[];
    status: Status;
    /** As sent. */
    to_number: string | null;
    updated_at: Time;
  }
  /** A finished call as strangers read it. Its id is the call's. */
  export interface CallLog {
    answered_at: Time | null;
    /** Who answered; null of an unanswered call, whoever had claimed it. */
    answered_by: string | null;
    answered_by_name: string | null;
    call_control_id: string;
    caller_name: string | null;
    direction: Direction;
    /** Whole seconds from the answer to the end; 0 unanswered. */
    duration: number;
    /** The carrier's word. */
    end_reason: string | null;
    ended_at: Time;
    /** Masked for the same people as in a call. */
    from_number: string | null;
    id: string;
    notes: string | null;
    /** An agent's word. */
    outcome: string | null;
    /** `answered`; `abandoned`: the caller left unanswered; `missed`: unanswered otherwise. */
    result: CallResult;
    started_at: Time;
    to_number: string | null;
    updated_at: Time;
    /** Whole seconds from the ring to the answer, or to the end where nobody answered. */
    wait: number;
  }
  /** A page of finished calls. */
  export interface CallLogPage {
    call_logs: CallLog[];
    /** Where the next page begins, to be sent as `cursor`; null on the last one. */
    next_cursor: string | null;
  }
  /** `answered`; `abandoned`: the caller left unanswered; `missed`: unanswered otherwise. */
  export type CallResult = "answered" | "abandoned" | "missed";
  /** The client's first message, within 10 s. */
  export interface Connect {
    position?: Position | null;
    /** A JWT; may be left out when the upgrade carried `Authorization: Bearer`. */
    token?: string | null;
    type: "connect";
  }
  /** Every call of the board comes in. */
  export type Direction = "inbound";
  /** It is done. */
  export interface Done {
    /** True where the carrier could not be told: the call has ended on the board alone. */
    board_only?: boolean;
    message: string;
    success: boolean;
  }
  /** An event as strangers read it. */
  export interface Event {
    actor: Actor | null;
    /** The whole call, as it is after the change. */
    call: Call;
    /** By the carrier's clock, or ours for commands. */
    occurred_at: Time;
    reason?: Reason;
    /** When our listener had it. */
    received_at: Time;
    /** When it was committed. */
    recorded_at: Time;
    /** Its number: per agency, from 1, without gaps. */
    seq: number;
    type: EventType;
  }
  /** What happened. Types to come are to be passed over. */
  export type EventType = "call.incoming" | "call.answering" | "call.released" | "call.answered" | "call.ended" | "call.updated";
  /** Who the client is, as told in the first answer. */
  export type Greeted = User & {
    /** The agency. */
    agency: Agency;
  };
  /** A sign of life. A client that hears nothing for 2.5 intervals reconnects with its position. */
  export interface Heartbeat {
    at: Time;
    /** The last event queued to this connection before this message. */
    seq: number;
    type: "heartbeat";
  }
  /** Somebody on a call beside the caller. */
  export interface Participant {
    /** An agent's; null for somebody of whom no claim tells. */
    id: string | null;
    joined_at: Time | null;
    kind: ParticipantKind;
    left_at: Time | null;
    name: string | null;
    state: ParticipantState;
  }
  /** `agent`: one of the agency's people. `outside`: somebody of whom no claim tells. `ai`: a program that talks. Kinds to come are to be shown as they are. */
  export type ParticipantKind = "agent" | "outside" | "ai";
  /** `ringing`: the phone rings. `talking`: has the caller. `holding`: has put the caller on hold. `consulting`: talks with a colleague while the caller waits. `listening`: listens in. `left`: is not there any more, or never was. */
  export type ParticipantState = "ringing" | "talking" | "holding" | "consulting" | "listening" | "left";
  /** Asks for a `pong`. */
  export interface Ping {
    type: "ping";
  }
  /** The answer to a `ping`. */
  export interface Pong {
    type: "pong";
  }
  /** A place in the numbering of an agency's events. */
  export interface Position {
    /** The `epoch` of the answer that the numbers belong to. */
    epoch: string;
    /** The number of the last event seen. */
    seq: number;
  }
  /** Why a claim fell (`call.released`) or how the end was learnt of (`call.ended`: `hangup`; `reconciled` when the carrier said so only when asked; `unknown` when it could not be asked). */
  export type Reason = "busy" | "no_answer" | "rejected" | "refused" | "timed_out" | "carrier_error" | "cancelled" | "hangup" | "reconciled" | "unknown";
  /** A recording as strangers read it: never with a link. */
  export interface Recording {
    /** `single` or `dual`, the carrier's word. */
    channels: string | null;
    ended_at: Time | null;
    id: string;
    started_at: Time | null;
  }
  /** A new token of the same person extends the connection. */
  export interface Refresh {
    /** A JWT with the same `sub`. */
    token: string;
    type: "refresh";
  }
  /** The new token is accepted. */
  export interface Refreshed {
    expires_at: Time;
    type: "refreshed";
  }
  /** The first answer to a client that goes on where it stopped. The events after `from` follow. */
  export interface Resumed {
    /** The server's time when this was written. */
    at: Time;
    /** The life of the numbering. */
    epoch: string;
    /** The number in the client's position. */
    from: number;
    /** Seconds between heartbeats. */
    heartbeat_s: number;
    /** The number up to which what follows was missed; what comes after that is news. */
    seq: number;
    type: "resumed";
    user: Greeted;
  }
  /** What a person may do in the agency. */
  export type Role = "agency_owner" | "agency_admin" | "agency_member";
  /** The first answer to a client that starts again. Its `calls` and `agents` are written beside it, from
   * rows that all sockets share. */
  export interface Snapshot {
    /** Everybody who may take one, in no order. */
    agents: Agent[];
    /** The server's time when this was written: count waiting times from it. */
    at: Time;
    /** All calls that have not ended, oldest first. */
    calls: Call[];
    /** The life of the numbering: to be sent back in `position`. */
    epoch: string;
    /** Seconds between heartbeats. */
    heartbeat_s: number;
    /** Why it is no resumption: `fresh` (no position was sent), `epoch_changed`, `too_old` (beyond
     * retention), `ahead` (a position from the future). */
    reason: "fresh" | "epoch_changed" | "too_old" | "ahead";
    /** The number that the calls are as of; events from the next one on follow. */
    seq: number;
    type: "snapshot";
    user: Greeted;
  }
  /** Comes before a close that is the server's choice; and, as `unknown_type`, alone. */
  export interface SocketError {
    /** The name of the close code that follows, or `unknown_type`. */
    code: string;
    /** A sentence for people. */
    message: string;
    /** Whether coming back can help. */
    reconnect: boolean;
    /** Of `going_away`: milliseconds to wait before coming back. */
    retry_after_ms?: number;
    type: "error";
  }
  /** `incoming`: it rings and nobody has it. `answering`: an agent has claimed it. `answered`: somebody is, or was, on it. `ended`: it is over, for good. */
  export type Status = "incoming" | "answering" | "answered" | "ended";
  /** RFC 3339 in UTC, with microseconds. */
  export type Time = string;
  /** Comes 60 s before: refresh, or be closed with 4001. */
  export interface TokenExpiring {
    expires_at: Time;
    type: "token_expiring";
  }
  /** A person as colleagues read it. */
  export interface User {
    agency_id: string | null;
    email: string | null;
    id: string;
    name: string | null;
    role: Role | null;
    /** The name of this person's phone at the carrier. */
    sip_username: string | null;
  }
} // Wire

/** One of the words known so far, or one of tomorrow. */
export type Open<Word extends string> = Word | (string & {});

export interface Call extends Wire.Call {
  /** Set here, not by the server: it rings again because of this. */
  released?: { reason: Open<Wire.Reason>; who: string | null; id: string | null };
  /** Set here, not by the server: `hangup`, `reconciled` or `unknown`. */
  end_reason?: Open<Wire.Reason>;
}

/** Times are RFC 3339 UTC with microseconds. */
export interface CallEvent extends Omit<Wire.Event, 'type' | 'reason' | 'call'> {
  type: Open<Wire.EventType>;
  reason?: Open<Wire.Reason>;
  call: Call;
}

/** Somebody who may take a call. */
export interface Agent extends Omit<Wire.Agent, 'state' | 'phone'> {
  state: Open<Wire.AgentState>;
  phone: Open<Wire.AgentPhone>;
}

/** Times are RFC 3339 UTC with microseconds. */
export interface AgentEvent extends Omit<Wire.AgentEvent, 'type' | 'agent'> {
  type: Open<Wire.AgentEventType>;
  agent: Agent;
}

export type Position = Wire.Position;

/** `stale` comes back by itself (or with a token: see `problem`), `stopped` does not. */
export type State = 'connecting' | 'live' | 'catching_up' | 'stale' | 'stopped';

export interface Problem {
  /** In one word: `lost`, `silent`, `restarting`, `renewed`, `unavailable`, `slow`, `too_many`, `token_expired`,
   * `no_token`, `signed_out`, `unauthorized`, `forbidden`, `protocol_error`, `too_long`, `fault`, … */
  code: string;
  /** The WebSocket's close code, where there was one. */
  close?: number;
  /** What the server said, where it said something. */
  message?: string;
}

export interface Snapshot {
  state: State;
  /** All open calls, oldest first. */
  calls: readonly Call[];
  /** The last ten that ended, newest first. */
  ended: readonly Call[];
  /** Everybody who may take a call, by name. */
  agents: readonly Agent[];
  /** The one that has waited longest and that nobody is answering. */
  incomingCall: Call | null;
  /** What is being asked of the server right now, by `call_control_id`. */
  acting: ReadonlyMap<string, 'answer' | 'release' | 'end'>;
  user: Wire.Greeted | null;
  position: Position | null;
  /** By the server's clock, as `now()`; null while what is shown is true. */
  staleSince: number | null;
  /** Events still to come while catching up. */
  behind: number;
  /** How the last reconnection went, `at` by the server's clock; null after a fresh start. */
  caughtUp: { events: number; at: number } | null;
  /** Why the last start was a fresh one: `fresh`, `epoch_changed`, `too_old`, `ahead`. */
  afresh: string | null;
  problem: Problem | null;
  /** Breaks in the numbering seen so far; each made the client start afresh. */
  faults: number;
}

export type TokenReason = 'connect' | 'expiring' | 'expired' | 'refused' | 'request';

export interface Options {
  /** `https://calls.example.com`, also with `/api`; default: this page's own server. */
  url?: string;
  /** The access token, or what gives the present one. Called often; null means: nobody is signed in. To throw means: it could
   * not be found out, and is tried again soon.
   * Default: `authToken` in localStorage, else a Supabase session at this origin. */
  token?: string | ((asked: { reason: TokenReason; current: string | null }) => string | null | Promise<string | null>);
  /** For tests and unusual places. */
  platform?: {
    WebSocket?: unknown;
    fetch?: typeof fetch;
    storage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | null;
    now?: () => number;
    /** Milliseconds by a clock that only goes on; default: performance.now, or `now` where that is given. */
    ticks?: () => number;
    random?: () => number;
    setTimeout?: (what: () => void, ms: number) => unknown;
    clearTimeout?: (id: unknown) => void;
  };
}

export class CallboardError extends Error {
  /** The HTTP status; 0 when the server was not reached. 409: somebody else was faster, see `body.answered_by_name`. */
  readonly status: number;
  readonly body: Record<string, unknown>;
  /** Seconds, where the server named them. */
  readonly retryAfter: number | null;
}

export class CallboardClient {
  constructor(options?: Options);
  getSnapshot: () => Snapshot;
  subscribe: (listener: () => void) => () => void;
  /** What time it is at the server, in milliseconds since 1970, however this computer's clock goes. */
  now: () => number;
  on(name: 'event', handler: (told: { event: CallEvent; live: boolean }) => void): () => void;
  on(name: 'agent', handler: (told: { event: AgentEvent; live: boolean }) => void): () => void;
  on(name: 'snapshot', handler: (told: { reason: string }) => void): () => void;
  on(name: 'caught_up', handler: (told: { events: number }) => void): () => void;
  on(name: 'heartbeat', handler: (told: { seq: number; at: string }) => void): () => void;
  start(): Promise<void>;
  stop(): void;
  /** Starts with the first user, ends with the last. Returns what gives it back. */
  use(): () => void;
  /** The token callback has a new answer. */
  signedIn(): Promise<void>;
  signOut(): void;
  wake: () => void;
  /** What is asked for one call is asked in turn: a `release` right after an `answer` waits for its reply. */
  answer(call: Call | string): Promise<Wire.Answered>;
  release(call: Call | string): Promise<Wire.Done>;
  end(call: Call | string): Promise<Wire.Done>;
  /** Whether one is there to take calls: `available`, or `away` with one of the agency's reasons. */
  setState(state: 'available' | 'away', reason?: string): Promise<Agent>;
  /** Anything else over HTTP; `headers` beside the token, such as `If-Match`. */
  request<T = unknown>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<T>;
}

/** What `sharedClient()` without options, and so every hook, uses. To be called before the first of them. */
export function configure(options: Options): void;
/** One client for each server: one socket, one list of calls. */
export function sharedClient(options?: Options): CallboardClient;
/** What a token says about itself, unverified. */
export function claims(token: string | null): { sub?: string; exp?: number; [claim: string]: unknown };
export function supabaseTokens(): string[];
export function usualToken(): string | null;
