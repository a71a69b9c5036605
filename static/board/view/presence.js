// Who is there, as a quiet strip; and what I am, with the ways to be something else.
import { html, nothing, repeat } from '../lit.js';
import { TEXT } from '../texts.js';
import { at, clockDuration, duration, named, plain } from '../words.js';
import { kbd } from './parts.js';

const stateOf = ({ state, reason }) => (state === 'away' && reason ? TEXT.awayBecause(plain(reason)) : (TEXT.states[state] ?? plain(state)));

export function there(app) {
  const { all, there: here, gone } = app.presence;
  if (!all.length) return nothing;
  return html`
    <section class="there" aria-labelledby="there-title">
      <h2><span id="there-title">${TEXT.peopleThere}</span> <span class="count" id="there-count">${here.length || ''}</span></h2>
      ${here.length ? html`<ul class="people-there" id="there">${repeat(here, ({ id }) => id, (agent) => person(app, agent))}</ul>` : html`<p class="empty">${TEXT.nobodyThere}</p>`}
      ${gone.length ? html`<p class="quiet" id="there-gone">${TEXT.notThereNow} ${gone.map((agent, index) => html`${index ? ', ' : ''}<bdi>${nameOf(app, agent)}</bdi>`)}</p>` : nothing}
    </section>`;
}

const nameOf = (app, agent) => (agent.id === app.who.id ? TEXT.you : named(agent.name) || TEXT.someone);

function person(app, agent) {
  const since = app.now - at(agent.since);
  return html`
    <li data-agent=${agent.id} data-state=${agent.state}>
      <span class="mark" aria-hidden="true"></span><bdi class="name">${nameOf(app, agent)}</bdi>
      <span class="what"><bdi>${stateOf(agent)}</bdi> <span class="for" title=${TEXT.sinceSpoken(duration(since))}>${clockDuration(since)}</span></span>
    </li>`;
}

/** My own state: one button that says it, and what I can be in its stead. */
export function myState(app) {
  const { me, open, asking, reasons } = app.presence;
  if (!me) return nothing;
  const choose = (wish) => () => app.presence.choose(wish);
  const closes = (event) => event.key === 'Escape' && app.presence.show(false);
  return html`
    <div class="my-state" @keydown=${closes}>
      <button type="button" id="my-state" data-state=${me.state} aria-expanded=${open ? 'true' : 'false'} aria-controls="state-menu" ?disabled=${asking || app.stale} @click=${() => app.presence.show(!open)}>
        <span class="mark" aria-hidden="true"></span><span><span class="visually-hidden">${TEXT.iAm} </span><bdi>${stateOf(me)}</bdi></span>${kbd('P')}
      </button>
      <div class="state-menu" id="state-menu" role="group" aria-label=${TEXT.stateMenu} ?hidden=${!open}>
        ${me.state === 'available' ? nothing : html`<button type="button" data-choice="available" @click=${choose({ state: 'available' })}>${TEXT.states.available}</button>`}
        ${reasons.length ? reasons.map((reason) => html`<button type="button" data-choice=${reason} @click=${choose({ state: 'away', reason })}><bdi>${TEXT.awayBecause(plain(reason))}</bdi></button>`) : html`<button type="button" data-choice="away" @click=${choose({ state: 'away' })}>${TEXT.states.away}</button>`}
      </div>
    </div>`;
}

/** What I am keeps this page quiet: said above the calls, with the way back. */
export function quietLine(app) {
  const { me, quiet, asking } = app.presence;
  if (!quiet) return nothing;
  const left = me.state === 'wrap_up' ? wrapUpLeft(app, me) : null;
  return html`
    <p class="quiet-line" id="quiet-line" data-state=${me.state}>
      <span>${me.state === 'away' ? TEXT.awayQuiet(stateOf(me)) : TEXT.wrapUpQuiet(left)}</span>
      <button type="button" id="be-available" ?disabled=${asking || app.stale} @click=${() => app.presence.choose({ state: 'available' })}>${me.state === 'away' ? TEXT.comeBack : TEXT.endWrapUp}${kbd('P')}</button>
    </p>`;
}

function wrapUpLeft(app, me) {
  const whole = app.agency.settings?.wrap_up_s;
  if (!whole) return null;
  return clockDuration(Math.max(0, at(me.since) + whole * 1000 - app.now));
}
