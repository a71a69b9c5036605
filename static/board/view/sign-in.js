// Who signs in: address and password first, the other ways below, else a token. Above calls that ring it is only a line.
import { html, nothing } from '../lit.js';
import { TEXT } from '../texts.js';

export function signIn(app, title = TEXT.signIn) {
  const { account } = app;
  return html`
    <section class="sign-in" id="sign-in" aria-label=${TEXT.signIn}>
      ${app.known ? nothing : html`<h2>${account.step === 'choose' ? TEXT.chooseTitle[account.choosing] : title}</h2>`}
      <p class="problem" id="sign-in-why" role="alert">${account.step ? '' : app.asking}</p>
      ${account.ways?.setup ? html`<p class="notice" id="setup-first">${TEXT.setupFirst}</p>` : nothing}
      ${forms(app)}
    </section>`;
}

function forms(app) {
  const { account } = app;
  if (account.ways === null) return html`<p id="ways-unknown" role="status">${TEXT.waysUnknown}</p>`;
  return account.step || account.possible ? ways(app) : token(app);
}

/** What is asked for now. `providersOnly`: those who have no account elsewhere have another form. */
export function ways({ account }, { providersOnly = false } = {}) {
  const step = STEPS[account.step];
  if (step) return step(account);
  const byEmail = !providersOnly && (account.byPassword || account.byCode);
  return html`
    ${byEmail ? email(account) : problem(account)}
    ${account.providers.length ? providers(account) : nothing}
    ${account.people.length ? people(account) : nothing}`;
}

function email(account) {
  const submitted = (submit) => {
    submit.preventDefault();
    const form = new FormData(submit.target);
    if (account.byPassword) account.signIn(form.get('email'), form.get('password'));
    else account.sendCode(form.get('email'));
  };
  return html`
    <form method="post" class="one" id="by-password" @submit=${submitted}>
      ${address(account)}
      ${account.byPassword ? html`
        <label for="password">${TEXT.password}</label>
        <input id="password" name="password" type="password" autocomplete="current-password" required>` : nothing}
      ${button(account, account.byPassword ? TEXT.signIn : TEXT.sendCode)}
      ${problem(account)}
    </form>
    <div class="other-ways">
      ${account.byPassword && account.byCode ? html`<button type="button" id="send-code" ?disabled=${halted(account)} @click=${withAddress((given) => account.sendCode(given))}>${TEXT.sendCode}</button>` : nothing}
      ${account.byPassword ? forgotten(account) : nothing}
    </div>`;
}

const address = (account) => html`
  <label for="email">${TEXT.email}</label>
  <input id="email" name="email" type="email" autocomplete="username" required spellcheck="false" .value=${account.email}>`;

/** Only for an address that is one; the browser says what is wrong with it. */
const withAddress = (what) => () => {
  const input = document.getElementById('email');
  if (input.reportValidity()) what(input.value);
};

const forgotten = (account) => (account.sendsMail
  ? html`<button type="button" id="forgot" ?disabled=${halted(account)} @click=${withAddress((given) => account.forgot(given))}>${TEXT.forgottenMail}</button>`
  : html`<details><summary>${TEXT.forgotten}</summary><p>${TEXT.forgottenWhat}</p></details>`);

const providers = (account) => html`
  <ul class="providers" aria-label=${TEXT.otherWays}>
    ${account.providers.map(({ provider, name }) => html`
      <li><button type="button" id="with-${provider}" ?disabled=${halted(account)} @click=${() => account.goTo(provider)}>${TEXT.signInWith(name ?? TEXT.providers[provider] ?? provider)}</button></li>`)}
  </ul>`;

const people = (account) => html`
  <p>${TEXT.demoWho}</p>
  <ul class="providers" id="people-of-demo">
    ${account.people.map(({ name, owner, link }) => html`<li><a class="button" href=${link}>${TEXT.signInAs(name, owner)}</a></li>`)}
  </ul>`;

const STEPS = {
  sent: (account) => html`
    <p id="sent" role="status">${TEXT.codeSent(account.email)}</p>
    ${one(account, { id: 'by-mail', label: TEXT.codeFromMail, enter: (code) => account.enterCode(code) })}
    ${back(account)}`,
  mailed: (account) => html`<p id="mailed" role="status">${TEXT.mailed(account.email)}</p>${back(account)}`,
  factor: (account) => (account.factors.length === 0
    ? html`<p class="problem" id="factor-unknown" role="alert">${TEXT.factorUnknown}</p>${back(account)}`
    : html`${one(account, { id: 'by-code', label: TEXT.secondFactor, enter: (code, id) => account.showCode(code, id), factors: account.factors })}${back(account)}`),
  choose: (account) => html`
    <p>${TEXT.chooseWhat[account.choosing]}</p>
    <form method="post" class="one" id="by-choosing" @submit=${submitting('new', (password) => account.choosePassword(password))}>
      <label for="new">${TEXT.newPassword}</label>
      <input id="new" name="new" type="password" autocomplete="new-password" minlength="8" required>
      <p class="quiet">${TEXT.passwordHint}</p>
      ${button(account, TEXT.coming.reset.button)}
      ${problem(account)}
    </form>`,
};

/** A code is asked for: out of a mail, or of a second factor. */
function one(account, { id, label, enter, factors = [] }) {
  const submitted = (submit) => {
    submit.preventDefault();
    const form = new FormData(submit.target);
    enter(form.get('code'), form.get('factor') ?? undefined);
  };
  return html`
    <form method="post" class="one" id=${id} @submit=${submitted}>
      ${factors.length > 1 ? html`
        <label for="factor">${TEXT.whichFactor}</label>
        <select id="factor" name="factor">${factors.map((factor) => html`<option value=${factor.id}>${factor.friendly_name || TEXT.authenticator}</option>`)}</select>` : nothing}
      <label for="code">${label}</label>
      <input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" required spellcheck="false">
      ${button(account, TEXT.signIn)}
      ${problem(account)}
    </form>`;
}

const submitting = (name, what) => (submit) => {
  submit.preventDefault();
  what(new FormData(submit.target).get(name));
};

const halted = (account) => account.busy || account.wait > 0;
const button = (account, words) => html`<button type="submit" class="primary" ?disabled=${halted(account)}>${words}</button>`;
const back = (account) => html`<p><button type="button" id="other-way" @click=${() => account.back()}>${TEXT.otherWay}</button></p>`;

/** The wait counts down; read aloud is only that there is one. */
const problem = (account) => html`
  <p class="problem" id="sign-in-problem" role="alert">${account.problemWords}</p>
  ${account.wait > 0 ? html`<p class="quiet" id="sign-in-wait">${TEXT.tryAgainIn(account.wait)}</p>` : nothing}`;

/** Whoever sees nothing else is told what a token is. */
function token(app) {
  return html`
    ${app.known ? nothing : html`
      <p>${TEXT.signInWhat}</p>
      <p>${TEXT.signInHow}</p>
      <pre tabindex="0"><code>${TEXT.signInCommand}</code></pre>`}
    <!-- The input has no name and the form posts, so that a token cannot end in an address whatever goes wrong. -->
    <form method="post" @submit=${(submit) => submitted(app, submit)}>
      <label for="token">${TEXT.tokenLabel}</label>
      <input id="token" type="password" autocomplete="off" spellcheck="false" required aria-describedby="token-problem token-kept">
      <button type="submit" class="primary">${TEXT.signIn}</button>
      <p class="problem" id="token-problem" role="alert">${app.tokenProblem}</p>
      <p class="quiet" id="token-kept">${TEXT.tokenKept}</p>
    </form>`;
}

function submitted(app, submit) {
  submit.preventDefault();
  const input = submit.target.querySelector('input');
  if (app.typedToken(input.value)) input.value = '';
}
