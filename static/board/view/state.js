// The state line: whether what is on the screen is true.
import { html } from '../lit.js';
import { TEXT } from '../texts.js';
import { duration, sentence } from '../words.js';

/** In words: what is seen (digits tick), what is read aloud (they do not), and how loud it looks. */
export function stateWords(app) {
  const { state, position, behind, staleSince, problem } = app.board;
  const since = duration(app.now - staleSince);
  const told = position !== null;
  switch (state) {
    case 'live':
      return { tone: 'live', seen: app.flash?.text ?? TEXT.live };
    case 'catching_up':
      return { tone: 'busy', seen: TEXT.catchingUp(behind), spoken: TEXT.catchingUpSpoken };
    case 'stopped':
      if (!problem || problem.code === 'signed_out' || problem.code === 'unauthorized') return { tone: 'quiet', seen: TEXT.signedOut };
      return { tone: 'stale', seen: told ? TEXT.stoppedFor(since) : TEXT.stoppedSpoken, spoken: TEXT.stoppedSpoken };
    case 'connecting':
      if (staleSince === null || !problem) return { tone: 'quiet', seen: TEXT.connecting };
      return { tone: 'stale', seen: TEXT.unreachedFor(since), spoken: TEXT.unreachedSpoken };
    default:
      if (problem?.code === 'token_expired') return { tone: 'stale', seen: TEXT.staleUntilSignIn(since), spoken: TEXT.staleUntilSignInSpoken };
      return { tone: 'stale', seen: TEXT.staleFor(since), spoken: TEXT.staleSpoken };
  }
}

export function stateLine(app) {
  const { tone, seen, spoken = seen } = stateWords(app);
  const why = app.stale ? (TEXT.why[app.board.problem?.code] ?? '') : '';
  const { state } = app.board;
  const aloud = app.spoken.of({
    broken: state === 'stale' || state === 'catching_up' || (state === 'connecting' && app.known),
    words: [spoken, why].filter(Boolean).join('. '),
    usual: TEXT.live,
    aboutBreak: state === 'live' && app.flash?.aboutBreak === true,
  });
  return html`
    <p class="state" id="state" data-tone=${tone} aria-hidden="true">
      <span class="dot"></span><span id="state-words">${seen}</span> <span class="why" id="state-why">${why}</span>
    </p>
    <p class="visually-hidden" id="state-spoken" role="status">${aloud}</p>`;
}

/** What stopped the board, in a sentence, when it is not a matter of signing in. */
export function stopNotice({ problem, state }) {
  if (state !== 'stopped' || !problem || problem.code === 'signed_out' || problem.code === 'unauthorized') return '';
  const [what, then] = TEXT.stopped[problem.code] ?? TEXT.stopped.other;
  return sentence(what, problem.message ?? problem.close, then);
}
