/** Times are RFC 3339 UTC with microseconds. */
export interface Call {
  id: string;
  call_control_id: string;
  call_session_id: string | null;
  from_number: string;
  to_number: string;
  caller_name: string | null;
  direction: string;
  status: 'incoming' | 'answering' | 'answered' | 'ended';
  answered_by: string | null;
  answered_by_name: string | null;
  caller_answered_at: string | null;
  answered_at: string | null;
  ended_at: string | null;
  /** An agent's leg is on the call. */
  connected: boolean;
  hangup_cause: string | null;
  recordings: { id: string; channels: string; started_at: string; ended_at: string }[];
  created_at: string;
  updated_at: string;
  /** Set here, not by the server: it rings again because of this. */
  released?: { reason: string; who: string | null; id: string | null };
  /** Set here, not by the server: `hangup` or `reconciled`. */
  end_reason?: string;
}

export interface CallEvent {
  type: string;
  seq: number;
  occurred_at: string;
  received_at: string;
  recorded_at: string;
  actor: { id: string; name: string | null } | null;
  reason?: string;
  call: Call;
}

export interface Position {
  epoch: string;
  seq: number;
}

/** `stale` comes back by itself (or with a token: see `problem`), `stopped` does not. */
export type State = 'connecting' | 'live' | 'catching_up' | 'stale' | 'stopped';

export interface Problem {
  /** In one word: `lost`, `silent`, `restarting`, `unavailable`, `slow`, `too_many`, `token_expired`, `no_token`,
   * `signed_out`, `unauthorized`, `forbidden`, `protocol_error`, `too_long`, `fault`, … */
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
  /** The one that has waited longest and that nobody is answering. */
  incomingCall: Call | null;
  /** What is being asked of the server right now, by `call_control_id`. */
  acting: ReadonlyMap<string, 'answer' | 'release' | 'end'>;
  user: Record<string, unknown> | null;
  position: Position | null;
  /** Milliseconds since 1970; null while what is shown is true. */
  staleSince: number | null;
  /** Events still to come while catching up. */
  behind: number;
  /** How the last reconnection went; null after a fresh start. */
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
  /** The access token, or what gives the present one. Called often; null means: nobody is signed in.
   * Default: `authToken` in localStorage, else a Supabase session at this origin. */
  token?: string | ((asked: { reason: TokenReason; current: string | null }) => string | null | Promise<string | null>);
  /** For tests and unusual places. */
  platform?: {
    WebSocket?: unknown;
    fetch?: typeof fetch;
    storage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | null;
    now?: () => number;
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
  on(name: 'event', handler: (told: { event: CallEvent; live: boolean }) => void): () => void;
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
  answer(call: Call | string): Promise<{ success: true; call?: Call; callControlId: string }>;
  release(call: Call | string): Promise<unknown>;
  end(call: Call | string): Promise<unknown>;
  request<T = unknown>(method: string, path: string, body?: unknown): Promise<T>;
}

/** What `sharedClient()` without options, and so every hook, uses. To be called before the first of them. */
export function configure(options: Options): void;
/** One client for each server: one socket, one list of calls. */
export function sharedClient(options?: Options): CallboardClient;
/** What a token says about itself, unverified. */
export function claims(token: string | null): { sub?: string; exp?: number; [claim: string]: unknown };
export function supabaseTokens(): string[];
export function usualToken(): string | null;
