// One call: what happened when, what was said about it, what was recorded of it.
import { html, nothing } from '../lit.js';
import { TEXT } from '../texts.js';
import { at, causeOf, duration, exactTime, fullTime, grouped, milliseconds, nameOf } from '../words.js';
import { trouble } from './parts.js';

export function call(app) {
  const { detail } = app;
  const it = detail.call;
  if (!it) return nothing;
  const name = nameOf(it);
  return html`
    <p class="back"><button type="button" @click=${() => app.show('history')}>${TEXT.back} <kbd aria-hidden="true">Esc</kbd></button></p>
    <h2 id="call-title"><bdi title=${it.from_number ?? ''}>${TEXT.call(grouped(it.from_number))}</bdi></h2>
    <p class="quiet">${name ? html`<bdi>${name}</bdi> · ` : nothing}${TEXT.to(grouped(it.to_number))} · ${fullTime(at(it.created_at ?? it.started_at))}</p>
    ${detail.problem ? trouble(detail.problem, () => detail.load()) : nothing}
    ${it.status === 'ended' || 'result' in it ? notes(app, it) : nothing}
    ${recordings(app, it)}
    <h3>${TEXT.timeline}</h3>
    ${timeline(detail.events)}`;
}

function notes(app, it) {
  const { saving } = app.detail;
  const said = saving === 'saving' ? TEXT.saving : saving === 'saved' ? TEXT.saved : saving ? TEXT.notSaved(saving.message) : '';
  const draft = app.drafts.of(it.id);
  return html`
    <form class="fields" id="notes" @submit=${(submit) => save(app, submit)}>
      <label><span>${TEXT.outcome}</span> <input maxlength="100" placeholder=${TEXT.outcomeHint} .value=${draft.outcome ?? it.outcome ?? ''}></label>
      <label><span>${TEXT.notes}</span> <textarea rows="3" maxlength="10000" .value=${draft.notes ?? it.notes ?? ''}></textarea></label>
      <p><button type="submit" ?disabled=${saving === 'saving'}>${TEXT.save}</button> <span role="status" class=${saving instanceof Error ? 'problem' : 'quiet'}>${said}</span></p>
    </form>`;
}

function save(app, submit) {
  submit.preventDefault();
  const text = (selector) => submit.target.querySelector(selector).value.trim() || null;
  app.detail.save({ outcome: text('input'), notes: text('textarea') });
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
  return html`<ol class="timeline" id="timeline">${events.map((event) => {
    const happened = at(event.occurred_at);
    return html`
      <li>
        <span class="time" title=${fullTime(happened)}>+${duration(happened - first)}</span>
        <span><b>${TEXT.happened[event.type] ?? event.type}</b> ${about(event)}
          <span class="quiet">${exactTime(happened)} · ${TEXT.delay(milliseconds(at(event.recorded_at) - happened))}</span></span>
      </li>`;
  })}</ol>`;
}

function about({ type, reason, actor, call: its }) {
  if (type === 'call.ended') return causeOf(its?.hangup_cause) || (reason === 'reconciled' ? TEXT.reconciled : '');
  if (type === 'call.released') return html`<bdi>${actor?.name ? `${TEXT.by(actor.name)}, ` : ''}${TEXT.releasedWhy[reason] ?? reason ?? ''}</bdi>`;
  const who = actor?.name ?? (type === 'call.answered' ? its?.answered_by_name : null);
  return who ? html`<bdi>${TEXT.by(who)}</bdi>` : '';
}
