// One's own signing in: places and the second factor.
import { html, nothing, svg } from '../lit.js';
import { TEXT } from '../texts.js';
import { at, when } from '../words.js';

export function myself(app) {
  const { myself: model } = app;
  return html`
    <h2>${TEXT.myself}</h2>
    ${model.problem ? html`<p class="problem" id="myself-problem" role="alert">${TEXT.signInProblems[model.problem] ?? TEXT.notDone(model.problem)}</p>` : nothing}
    ${model.sessions ? html`${factor(app)}${places(app)}` : html`<p class="empty">${model.problem ? '' : TEXT.loading}</p>`}`;
}

function places(app) {
  const { myself: model } = app;
  const others = model.sessions.filter(({ current }) => !current);
  return html`
    <h3>${TEXT.places}</h3>
    ${model.sessions.length ? nothing : html`<p class="quiet">${TEXT.placesElsewhere}</p>`}
    <ul class="credentials" id="my-sessions">${model.sessions.map((session) => place(app, session))}</ul>
    ${others.length > 1 ? html`<p class="buttons"><button type="button" id="end-others" @click=${() => model.endOthers()}>${TEXT.endOthers}</button></p>` : nothing}`;
}

function place(app, session) {
  const what = browserOf(session.client);
  const used = TEXT.lastUsed(when(at(session.refreshed_at), app.now));
  return html`
    <li data-session=${session.id} ?data-current=${session.current}>
      <span class="name"><bdi>${what}</bdi></span>
      <span class="quiet">${[session.current && TEXT.thisPlace, session.network, used].filter(Boolean).join(' · ')}</span>
      ${session.current ? nothing : html`<span class="buttons"><button type="button" @click=${() => app.myself.end(session.id)}>${TEXT.endPlace}<span class="visually-hidden"> ${what}</span></button></span>`}
    </li>`;
}

/** What people call their browser and machine; of a program the name that it gives itself. */
function browserOf(client) {
  const text = client ?? '';
  const browser = [['Edg', 'Edge'], ['OPR', 'Opera'], ['Firefox', 'Firefox'], ['Chrome', 'Chrome'], ['Safari', 'Safari']].find(([mark]) => text.includes(`${mark}/`))?.[1];
  const system = [['iPhone', 'iPhone'], ['iPad', 'iPad'], ['Android', 'Android'], ['Windows', 'Windows'], ['Mac OS', 'Mac'], ['Linux', 'Linux']].find(([mark]) => text.includes(mark))?.[1];
  return [browser, system].filter(Boolean).join(', ') || text.split(' ')[0] || TEXT.unknownPlace;
}

function factor(app) {
  const { myself: model } = app;
  return html`
    <h3>${TEXT.secondFactorTitle}</h3>
    <p class="quiet">${TEXT.secondFactorWhat}</p>
    ${model.factors.map(({ id }) => html`
      <p class="buttons" id="has-factor"><span class="done">${TEXT.secondFactorOn}</span>
        <button type="button" id="remove-factor" @click=${() => model.remove(id)}>${model.removing === id ? TEXT.removeFactorSure : TEXT.remove}<span class="visually-hidden"> ${TEXT.secondFactorTitle}</span></button></p>`)}
    ${model.recovery ? recovery(model) : nothing}
    ${model.enrolling ? enrolling(model) : nothing}
    ${model.factors.length || model.enrolling ? nothing : html`<p class="buttons"><button type="button" id="enrol" @click=${() => model.enrol()}>${TEXT.enrol}</button></p>`}`;
}

function enrolling(model) {
  const { qr, secret } = model.enrolling;
  const submitted = (submit) => {
    submit.preventDefault();
    model.confirm(new FormData(submit.target).get('code'));
  };
  return html`
    <div class="enrolling" id="enrolling">
      <p>${TEXT.enrolScan}</p>
      ${qr ? html`<svg class="qr" viewBox=${qr.box} role="img" aria-label=${TEXT.qrSpoken} shape-rendering="crispEdges">${svg`<path d=${qr.path}/>`}</svg>` : nothing}
      <p class="quiet">${TEXT.enrolType}</p>
      <pre tabindex="0"><code id="factor-secret">${secret.match(/.{1,4}/g).join(' ')}</code></pre>
      <form method="post" class="agency" @submit=${submitted}>
        <label for="factor-code">${TEXT.enrolCode}</label>
        <input id="factor-code" name="code" inputmode="numeric" autocomplete="one-time-code" required spellcheck="false">
        <p class="buttons"><button type="submit" class="primary">${TEXT.enrolConfirm}</button> <button type="button" @click=${() => model.cancel()}>${TEXT.close}</button></p>
      </form>
    </div>`;
}

/** Shown once: of the codes only hashes are kept. */
const recovery = (model) => html`
  <div class="told" id="recovery" role="status">
    <p>${TEXT.recoveryWhat}</p>
    <pre tabindex="0"><code id="recovery-codes">${model.recovery.join('\n')}</code></pre>
    <p class="buttons">
      <button type="button" @click=${() => navigator.clipboard?.writeText(model.recovery.join('\n'))}>${TEXT.copy}</button>
      <button type="button" id="recovery-noted" @click=${() => model.noted()}>${TEXT.recoveryNoted}</button></p>
  </div>`;
