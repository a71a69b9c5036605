// One call: what happened when, what was said about it, what was recorded of it.
import { html, live, nothing } from '../lit.js';
import { TEXT } from '../texts.js';
import { at, causeOf, duration, exactTime, fullTime, grouped, milliseconds, named, nameOf, plain } from '../words.js';
import { called, trouble } from './parts.js';

export function call(app) {
  const { detail } = app;
  const it = detail.call;
  if (!it) return nothing;
  const name = nameOf(it);
  return html`
    <p class="back"><button type="button" @click=${() => app.show('history')}>${TEXT.back} <kbd aria-hidden="true">Esc</kbd></button></p>
    <h2 id="call-title"><bdi title=${plain(it.from_number)}>${TEXT.call(named(grouped(it.from_number)))}</bdi></h2>
    <p class="quiet">${name ? html`<bdi>${name}</bdi> · ` : nothing}${called(app, it)} · ${fullTime(at(it.created_at ?? it.started_at))}</p>
    ${detail.problem ? trouble(detail.problem, () => detail.load()) : nothing}
    ${detail.isOver ? notes(app) : nothing}
    ${recordings(app, it)}
    <h3>${TEXT.timeline}</h3>
    ${timeline(detail.events)}`;
}

function notes(app) {
  const { detail } = app;
  const { saving } = detail;
  const off = !detail.log;
  const said = off && !detail.logProblem ? TEXT.loading : (TEXT.savingWords[saving] ?? (saving instanceof Error ? TEXT.notSaved(saving.message.replace(/\.$/, '')) : ''));
  const typed = (field) => ({ target }) => detail.type(field, target.value);
  return html`
    ${detail.logProblem ? html`<p class="problem">${TEXT.notesNotRead(detail.logProblem.message.replace(/\.$/, ''))}</p><p><button type="button" @click=${() => detail.load()}>${TEXT.again}</button></p>` : nothing}
    <form class="fields" id="notes" @submit=${(submit) => save(app, submit)}>
      <label><span>${TEXT.outcome}</span> <input maxlength="100" ?disabled=${off} placeholder=${TEXT.outcomeHint} .value=${live(detail.text('outcome'))} @input=${typed('outcome')}></label>
      <label><span>${TEXT.notes}</span> <textarea rows="3" maxlength="10000" ?disabled=${off} .value=${live(detail.text('notes'))} @input=${typed('notes')}></textarea></label>
      ${saving?.theirs ? theirs(saving.theirs) : nothing}
      <p><button type="submit" ?disabled=${off}>${TEXT.save}</button> <span role="status" class=${saving instanceof Error ? 'problem' : 'quiet'}>${said}</span></p>
    </form>`;
}

/** Somebody else was first: what they wrote, beside what was typed here. */
const theirs = (fields) => html`
  <div class="theirs" id="theirs" role="alert">
    <p class="problem">${TEXT.writtenMeanwhile}</p>
    ${fields.map(([field, text]) => html`<p><b>${TEXT[field]}:</b> <bdi>${text || TEXT.nothingWritten}</bdi></p>`)}
  </div>`;

function save(app, submit) {
  submit.preventDefault();
  app.detail.save();
}

function recordings(app, { recordings: all = [] }) {
  if (!all?.length) return nothing;
  return html`<h3>${TEXT.recordings}</h3><ul class="recordings">${all.map((one) => recording(app, one))}</ul>`;
}

function recording(app, { id, channels, started_at: began, ended_at: ended }) {
  const link = app.detail.links.get(id);
  const length = duration(at(ended) - at(began));
  const problem = link?.problem;
  return html`
    <li>
      ${link?.url
        ? html`<audio controls autoplay preload="none" src=${link.url} aria-label=${TEXT.recordings} @error=${() => app.detail.unplayable(id)}></audio>`
        : html`<button type="button" @click=${() => app.detail.play(id)}>${TEXT.play} ${length}</button>`}
      <span class="quiet">${TEXT.channels[channels] ?? ''}</span>
      ${problem ? html`<p class="problem">${problem.status === 409 ? TEXT.recordingLater : TEXT.recordingFailed(problem.message)}</p>` : nothing}
    </li>`;
}

function timeline(events) {
  if (!events) return html`<p class="empty">${TEXT.loading}</p>`;
  if (!events.length) return html`<p class="empty">${TEXT.noEvents}</p>`;
  const first = at(events[0].occurred_at);
  return html`<ol class="timeline" id="timeline">${events.map((event, place) => {
    const happened = at(event.occurred_at);
    return html`
      <li>
        <span class="time" title=${fullTime(happened)}>+${duration(happened - first)}</span>
        <span><b>${TEXT.happened[event.type] ?? event.type}</b> ${about(event, events[place - 1])}
          <span class="quiet">${exactTime(happened)} · ${TEXT.delay(milliseconds(at(event.recorded_at) - happened))}</span></span>
      </li>`;
  })}</ol>`;
}

function about(event, before) {
  const { type, reason, actor, call: its } = event;
  if (type === 'call.updated') return added(its, before?.call);
  if (type === 'call.ended') return causeOf(its?.hangup_cause) || (TEXT.endReasons[reason] ?? '');
  if (type === 'call.released') return html`<bdi>${actor?.name ? `${TEXT.by(named(actor.name))}, ` : ''}${TEXT.releasedWhy[reason] ?? reason ?? ''}</bdi>`;
  const who = named(actor?.name ?? (type === 'call.answered' ? its?.answered_by_name : ''));
  return who ? html`<bdi>${TEXT.by(who)}</bdi>` : '';
}

/** Which details were added: what is not as it was in the event before. */
function added(now, before) {
  if (!now || !before) return '';
  const differs = Object.keys(TEXT.added).filter((field) => JSON.stringify(now[field] ?? null) !== JSON.stringify(before[field] ?? null));
  return differs.map((field) => TEXT.added[field]).join(', ');
}
