// What owners set up. Values go in and are never shown.
import { html, nothing } from '../lit.js';
import { KEYS, NEEDS } from '../settings.js';
import { TEXT } from '../texts.js';
import { agency } from './agency.js';
import { trouble } from './parts.js';
import { programKeys } from './program-keys.js';

const nameOfKey = (key) => TEXT.credentialNames[key] ?? key;
const list = (keys) => keys.map(nameOfKey).join(', ');
const nameOfCarrier = (carrier) => TEXT.carriers[carrier] ?? carrier ?? '';

export function settings(app) {
  const { settings: model } = app;
  return html`
    <h2>${TEXT.settings}</h2>
    ${app.owner ? summary(model) : nothing}
    <h3>${TEXT.ultravox}</h3>
    <p class="quiet">${TEXT.ultravoxWhat}</p>
    ${model.ultravoxProblem ? trouble(model.ultravoxProblem, () => model.load()) : nothing}
    <ul class="carriers" id="ultravox">${Object.keys(NEEDS).map((carrier) => importer(app, carrier))}</ul>
    ${advice(model)}
    ${app.owner && model.stored ? credentials(model) : nothing}
    ${app.owner ? [agency(app), programKeys(app)] : nothing}`;
}

/** In one sentence: can calls be answered, and what is missing. */
function summary(model) {
  if (!model.stored) return model.problem ? trouble(model.problem, () => model.load()) : html`<p class="empty">${TEXT.loading}</p>`;
  const missing = model.missing('telnyx');
  const none = !KEYS.some((key) => model.stored.has(key));
  const words = none ? TEXT.noTelephony : missing.length ? TEXT.setupMissing(list(missing)) : TEXT.importReady;
  return html`<p class="summary" id="setup" data-tone=${none || missing.length ? 'missing' : 'complete'}>${words}</p>`;
}

const credentials = (model) => html`
  <h3>${TEXT.credentials}</h3>
  <p class="quiet">${TEXT.credentialsWhat}</p>
  <ul class="credentials" id="credentials">${KEYS.map((key) => credential(model, key))}</ul>`;

function credential(model, key) {
  const held = model.stored.has(key);
  const { prefix = '', problem = '' } = model.stored.get(key) ?? {};
  const said = model.said[key];
  const editing = model.editing === key;
  return html`
    <li data-key=${key} ?data-held=${held}>
      <span class="name">${nameOfKey(key)}</span>
      <span class="quiet">${held ? (prefix ? TEXT.storedAs(`${String(prefix).replace(/[….]+$/, '')}…`) : TEXT.stored) : TEXT.missing}</span>
      ${editing ? form(model, key) : html`<span class="buttons">
        <button type="button" @click=${() => model.edit(key)}>${held ? TEXT.replace : TEXT.set}<span class="visually-hidden"> ${nameOfKey(key)}</span></button>
        ${held ? html`<button type="button" ?disabled=${model.busy === key} @click=${() => model.remove(key)}>${model.removing === key ? TEXT.removeSure : TEXT.remove}<span class="visually-hidden"> ${nameOfKey(key)}</span></button>` : nothing}
      </span>`}
      ${problem ? html`<p class="problem">${problem}</p>` : nothing}
      ${said instanceof Error ? html`<p class="problem" role="alert">${said.message}</p>` : nothing}
      ${said?.warnings?.map((warning) => html`<p class="doubt" role="status">${warning}</p>`) ?? nothing}
    </li>`;
}

function form(model, key) {
  const submitted = (submit) => {
    submit.preventDefault();
    model.put(key, submit.target.querySelector('input').value.trim());
  };
  return html`
    <form method="post" @submit=${submitted}>
      <input type="password" autocomplete="off" spellcheck="false" required maxlength="16384" aria-label=${TEXT.valueOf(nameOfKey(key))}>
      <button type="submit" class="primary" ?disabled=${model.busy === key}>${TEXT.save}</button>
      <button type="button" @click=${() => model.edit(null)}>${TEXT.close}</button>
    </form>`;
}

function importer(app, carrier) {
  const { settings: model } = app;
  const said = model.said[carrier];
  const missing = model.stored ? model.missing(carrier) : [];
  const about = agreement(model.status, carrier);
  return html`
    <li data-carrier=${carrier}>
      <span class="name">${TEXT.carriers[carrier]}</span>
      <span class=${about.tone}>${missing.length ? TEXT.importNeeds(list(missing)) : about.words}</span>
      ${app.owner ? html`<button type="button" ?disabled=${missing.length > 0 || model.busy === carrier} @click=${() => model.importTo(carrier)}>${TEXT.importTo(TEXT.carriers[carrier])}</button>` : nothing}
      ${said === 'done' ? html`<p class="done" role="status">${TEXT.imported(TEXT.carriers[carrier])}</p>` : nothing}
      ${said instanceof Error ? html`<p class="problem" role="alert">${said.body?.missing ? TEXT.importMissing(list(said.body.missing), said.body.missing.length) : TEXT.notImported(said.message)}</p>` : nothing}
    </li>`;
}

/** What Ultravox has of a carrier. */
function agreement(status, carrier) {
  if (!status?.ultravox) return { tone: 'quiet', words: TEXT.notKnown };
  if (!status.ultravox[carrier]) return { tone: 'quiet', words: TEXT.notInUltravox };
  if (!status.issues && !status.in_sync) return { tone: 'quiet', words: TEXT.notCompared };
  const differs = status.issues?.some((issue) => issue.carrier === carrier && issue.kind === 'differs');
  return differs ? { tone: 'problem', words: TEXT.disagrees } : { tone: 'done', words: TEXT.agrees };
}

/** What is wrong and what to do; in the server's own sentences where it knows of something that this page does not. */
function advice({ status }) {
  const known = status?.issues?.every(({ kind }) => TEXT.issues[kind]);
  const all = known
    ? status.issues.map(({ carrier, key, kind }) => TEXT.issues[kind](nameOfCarrier(carrier), nameOfKey(key)))
    : [...(status?.sync_issues ?? []), ...(status?.next_steps ?? [])];
  return all.length ? html`<ul class="advice" id="advice">${all.map((one) => html`<li>${one}</li>`)}</ul>` : nothing;
}
