// Finished calls with filters.
import { html, nothing, repeat } from '../lit.js';
import { TEXT } from '../texts.js';
import { at, duration, fullTime, plain, when } from '../words.js';
import { firstCallCommand } from './calls.js';
import { caller, more, trouble } from './parts.js';

export function history(app) {
  const { history: model } = app;
  return html`
    <h2>${TEXT.history}</h2>
    <form class="filters" aria-label=${TEXT.filters} @submit=${(submit) => submit.preventDefault()}>
      ${choice(model, 'result', TEXT.results)}
      ${choice(model, 'period', TEXT.periods)}
      ${choice(model, 'agent', { ...TEXT.agents, ...Object.fromEntries(model.people.map(({ id, name, email }) => [id, plain(name) || email || id])) })}
      <label><span>${TEXT.number}</span> <input id="history-number" type="search" inputmode="tel" autocomplete="off" .value=${model.filter.number} @change=${({ target }) => model.choose('number', target.value)}></label>
    </form>
    ${list(app)}`;
}

function choice(model, name, options) {
  return html`<label><span>${TEXT[name]}</span> <select @change=${({ target }) => model.choose(name, target.value)}>
    ${Object.entries(options).map(([value, words]) => html`<option value=${value} ?selected=${model.filter[name] === value}>${words}</option>`)}
  </select></label>`;
}

function list(app) {
  const { logs, problem, cursor, loading } = app.history;
  if (problem && !logs?.length) return trouble(problem, () => app.history.load());
  if (!logs) return html`<p class="empty">${TEXT.loading}</p>`;
  if (!logs.length) return app.history.filtered ? html`<p class="empty">${TEXT.noMatch}</p>` : nothingYet(app);
  return html`
    <ol class="rows logs" id="history">${repeat(logs, ({ id }) => id, (log) => row(app, log))}</ol>
    ${cursor ? html`<p><button type="button" id="history-more" ?disabled=${loading} @click=${() => app.history.load(cursor)}>${loading ? TEXT.loading : TEXT.more}</button></p>` : nothing}`;
}

function nothingYet(app) {
  if (app.board.position?.seq === 0) return html`<p class="empty">${TEXT.noHistory}</p>`;
  return html`<p class="empty">${TEXT.noHistory}</p><p>${TEXT.callMaker}</p><pre tabindex="0"><code>${firstCallCommand(app.who.agencyId)}</code></pre>`;
}

function row(app, log) {
  const began = at(log.started_at ?? log.created_at);
  const words = TEXT.results[log.result] ?? log.result;
  const who = plain(log.answered_by_name);
  const talked = log.duration > 0 ? TEXT.lasted(duration(log.duration * 1000)) : '';
  return html`
    <li class="row" data-call=${log.id} data-tone=${log.result}>
      <button type="button" class="open" @click=${() => app.open(log)}>${caller(log)}<span class="visually-hidden"> ${TEXT.details}</span></button>
      <span class="words"><bdi class="word">${words}</bdi>${more([who, talked, plain(log.outcome)])}</span>
      <span class="time" title=${fullTime(began)}>${when(began, app.now)}</span>
    </li>`;
}
