import type { Call, CallboardClient, Options, Snapshot, State } from './index.js';

export { configure } from './index.js';
export type { Call, Snapshot, State } from './index.js';

export interface InboundCalls {
  /** The call that has waited longest and that nobody is answering. */
  incomingCall: Call | null;
  /** False when it could not be had; the reason is on the console. */
  answerCall: (callControlId: string) => Promise<boolean>;
  /** Connecting or catching up: `incomingCall` may not be the whole truth yet. */
  isChecking: boolean;
  /** All open calls, oldest first. */
  calls: readonly Call[];
  endCall: (callControlId: string) => Promise<boolean>;
  /** Gives back a call that one's own phone has not taken yet. */
  releaseCall: (callControlId: string) => Promise<boolean>;
  state: State;
}

export function useInboundCalls(options?: Options): InboundCalls;
export function useCallboard(options?: Options): Snapshot & { client: CallboardClient };
