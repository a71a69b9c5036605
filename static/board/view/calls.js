// The four lists of the board: who waits, my call, who talks, what is over.
import { answer, canGiveBack, giveBack, hangUp, longestWaiting, takable, underWay } from '../actions.js';
import { html, live, nothing, repeat } from '../lit.js';
import { TEXT } from '../texts.js';
import { at, callerSpoken, causeOf, clockDuration, duration, fullTime, named, timeOfDay } from '../words.js';
import { ICON, called, caller, kbd, more } from './parts.js';

const WARM_AFTER_MS = 20_000;
const HOT_AFTER_MS = 60_000;
const NUMBERED = 9;

export const heatOf = (waited) => (waited >= HOT_AFTER_MS ? 'hot' : waited >= WARM_AFTER_MS ? 'warm' : 'calm');

const isMe = (app, id) => Boolean(id) && id === app.who.id;
const whoHas = (app, call) => (isMe(app, call.answered_by) ? TEXT.you : named(call.answered_by_name) || TEXT.someone);

export function ringing(app) {
  const { ringing: calls, mine } = app.lists;
  const first = longestWaiting(app) ?? calls.find(({ status }) => status === 'incoming');
  const nobody = app.stale ? TEXT.nobodyRang : mine.length ? TEXT.nobodyElse : TEXT.nobodyRinging;
  let number = 0;
  const numbered = calls.map((call) => [call, call.status === 'incoming' && number < NUMBERED ? (number += 1) : 0]);
  return html`
    <section class="ringing" id="ringing-section" tabindex="-1" aria-labelledby="ringing-title" ?data-waiting=${calls.length > 0}>
      <h2><span class="pulse"></span><span id="ringing-title">${TEXT.ringing}</span> <span class="count" id="ringing-count">${calls.length || ''}</span></h2>
      ${calls.length ? nothing : html`<p class="empty">${nobody}</p>`}
      ${calls.length ? html`<ol class="rows" id="ringing">${repeat(numbered, ([{ id }]) => id, ([call, n]) => ringingRow(app, call, n, call === first))}</ol>` : nothing}
      ${neverRang(app) ? firstCall(app) : nothing}
    </section>`;
}

function ringingRow(app, call, number, isFirst) {
  const waited = app.now - at(call.created_at);
  const heat = heatOf(waited);
  const answering = call.status === 'answering';
  const asking = underWay(app, call) === 'answer';
  const { released } = call;
  const word = asking ? TEXT.asking : answering ? TEXT.isAnswering(whoHas(app, call)) : TEXT.waiting[heat];
  const again = released && whyAgain(app, released);
  return html`
    <li class="row" data-call=${call.id} data-tone=${answering ? 'answering' : heat}>
      ${caller(call)}
      <span class="words"><bdi class="word">${word}</bdi>${more([called(app, call), again])}</span>
      <span class="time">${clockDuration(waited)}</span>
      <span class="act">${answering || asking ? nothing : html`
        <button type="button" class="answer" ?disabled=${!takable(app, call)} @click=${() => answer(app, call)}>
          ${ICON.phone}<span>${TEXT.answer}<span class="visually-hidden"> ${callerSpoken(call)}</span></span>${isFirst ? kbd('Space') : number ? kbd(number) : nothing}
        </button>`}</span>
    </li>`;
}

function whyAgain(app, { id, who, reason }) {
  return isMe(app, id) ? (TEXT.releasedMine[reason] ?? TEXT.releasedMine.cancelled) : TEXT.released(named(who) || TEXT.someone, reason);
}

export function mine(app) {
  const calls = app.lists.mine;
  if (!calls.length) return nothing;
  return html`
    <section class="mine" aria-labelledby="mine-title">
      <h2 id="mine-title">${TEXT.mine}</h2>
      <ol id="mine">${repeat(calls, ({ id }) => id, (call, index) => myRow(app, call, index === 0))}</ol>
    </section>`;
}

function myRow(app, call, hasKeys) {
  const picking = call.status === 'answering';
  const [tone, words] = picking ? ['picking', TEXT.myPhoneRings] : call.connected ? ['connected', TEXT.iAmConnected] : ['alone', TEXT.iAmAlone];
  const since = picking ? at(call.created_at) : at(call.answered_at ?? call.updated_at);
  return html`
    <li class="my-call" data-call=${call.id} data-tone=${tone}>
      <div class="head">${caller(call)} <span class="time">${clockDuration(app.now - since)}</span></div>
      <p class="words"><span class="word">${words}</span>${more([called(app, call)])}</p>
      <p class="buttons">
        <button type="button" class="hang-up" ?disabled=${app.stale} @click=${() => hangUp(app, call)}>${ICON.hangUp}<span>${TEXT.hangUp}</span>${hasKeys ? kbd('E') : nothing}</button>
        ${canGiveBack(app, call) ? html`<button type="button" ?disabled=${app.stale} @click=${() => giveBack(app, call)}><span>${TEXT.giveBack}</span>${hasKeys ? kbd('B') : nothing}</button>` : nothing}
        <button type="button" @click=${() => app.open(call)}>${TEXT.timeline}</button>
      </p>
      ${picking ? nothing : fields(app, call, hasKeys)}
    </li>`;
}

/** Notes are taken while people talk, and saved when they have. */
function fields(app, call, hasKeys) {
  const draft = app.drafts.of(call.id);
  return html`
    <div class="fields">
      <label><span>${TEXT.outcome}</span> <input maxlength="100" placeholder=${TEXT.outcomeHint} .value=${live(draft.outcome ?? '')} @input=${({ target }) => app.drafts.write(call.id, 'outcome', target.value)}></label>
      <label><span>${TEXT.notes} ${hasKeys ? kbd('N') : nothing}</span> <textarea rows="2" maxlength="10000" .value=${live(draft.notes ?? '')} @input=${({ target }) => app.drafts.write(call.id, 'notes', target.value)}></textarea></label>
      <p class="quiet">${TEXT.notesHint}</p>
    </div>`;
}

export function answered(app) {
  const calls = app.lists.answered;
  return html`
    <section class="answered" aria-labelledby="answered-title">
      <h2><span id="answered-title">${TEXT.answered}</span> <span class="count" id="answered-count">${calls.length || ''}</span></h2>
      ${calls.length ? html`<ol class="rows" id="answered">${repeat(calls, ({ id }) => id, (call) => row(app, call, {
        tone: call.connected ? 'connected' : 'alone',
        word: (call.connected ? TEXT.isConnected : TEXT.isAlone)(whoHas(app, call)),
        others: [called(app, call)],
        time: clockDuration(app.now - at(call.answered_at ?? call.updated_at)),
      }))}</ol>` : html`<p class="empty">${TEXT.nobodyAnswered}</p>`}
    </section>`;
}

export function ended(app) {
  const calls = app.board.ended;
  return html`
    <section class="ended" aria-labelledby="ended-title">
      <h2 id="ended-title">${TEXT.ended}</h2>
      ${calls.length ? html`<ol class="rows" id="ended">${repeat(calls, ({ id }) => id, (call) => row(app, call, {
        tone: 'ended',
        word: howItEnded(app, call),
        others: [causeOf(call.hangup_cause), TEXT.endReasons[call.end_reason]],
        time: timeOfDay(at(call.ended_at)),
        title: fullTime(at(call.ended_at)),
      }))}</ol>` : html`<p class="empty">${TEXT.nobodyEnded}</p>`}
    </section>`;
}

function howItEnded(app, call) {
  const talked = duration(at(call.ended_at) - at(call.answered_at));
  return call.answered_at ? TEXT.endedAnswered(whoHas(app, call), talked) : TEXT.endedUnanswered(duration(at(call.ended_at) - at(call.created_at)));
}

function row(app, call, { tone, word, others, time, title = '' }) {
  return html`
    <li class="row" data-call=${call.id} data-tone=${tone}>
      <button type="button" class="open" @click=${() => app.open(call)}>${caller(call)}<span class="visually-hidden"> ${TEXT.details}</span></button>
      <span class="words"><bdi class="word">${word}</bdi>${more(others)}</span>
      <span class="time" title=${title}>${time}</span>
    </li>`;
}

const neverRang = (app) => !app.board.calls.length && !app.board.ended.length && app.history.logs?.length === 0 && !app.history.filtered;

/** The call that the guide's own test makes, addressed to this agency where it is known. */
function firstCall(app) {
  return html`
    <div class="first-call" id="first-call">
      <p>${TEXT.firstCall} ${TEXT.callMaker}</p>
      <pre tabindex="0"><code id="first-call-command">${firstCallCommand(app.who.agencyId)}</code></pre>
      <p class="quiet">${TEXT.firstCallNote}</p>
    </div>`;
}

export function firstCallCommand(agencyId) {
  const to = /^[\w-]+$/.test(agencyId ?? '') ? `/${agencyId}` : '';
  const webhook = { data: { event_type: 'call.initiated', payload: { call_control_id: 'test-123', from: '+15551234567', to: '+15559876543' } } };
  return `curl ${location.origin}/api/telnyx/webhook${to} -H 'Content-Type: application/json' -d '${JSON.stringify(webhook)}'`;
}
