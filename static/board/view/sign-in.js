// Who signs in: address and password where the server has accounts, else a token. Above calls that ring it is only a line.
import { html, nothing } from '../lit.js';
import { TEXT } from '../texts.js';

export function signIn(app, title = TEXT.signIn) {
  const { account } = app;
  const form = account.factor ? code(account) : account.byPassword ? password(account) : token(app);
  return html`
    <section class="sign-in" id="sign-in" aria-label=${TEXT.signIn}>
      ${app.known ? nothing : html`<h2>${title}</h2>`}
      <p class="problem" id="sign-in-why" role="alert">${app.asking}</p>
      ${account.ways?.setup ? html`<p class="notice" id="setup-first">${TEXT.setupFirst}</p>` : nothing}
      ${form}
    </section>`;
}

function password(account) {
  const submitted = (submit) => {
    submit.preventDefault();
    const form = new FormData(submit.target);
    account.signIn(form.get('email'), form.get('password'));
  };
  return html`
    <form method="post" id="by-password" @submit=${submitted}>
      <label for="email">${TEXT.email}</label>
      <input id="email" name="email" type="email" autocomplete="username" required spellcheck="false">
      <label for="password">${TEXT.password}</label>
      <input id="password" name="password" type="password" autocomplete="current-password" required>
      <button type="submit" class="primary" ?disabled=${account.busy}>${TEXT.signIn}</button>
      <p class="problem" id="sign-in-problem" role="alert">${said(account)}</p>
      <details><summary>${TEXT.forgotten}</summary><p>${TEXT.forgottenWhat}</p></details>
    </form>`;
}

function code(account) {
  const submitted = (submit) => {
    submit.preventDefault();
    account.showCode(new FormData(submit.target).get('code'));
  };
  return html`
    <form method="post" id="by-code" @submit=${submitted}>
      <label for="code">${TEXT.secondFactor}</label>
      <input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" required spellcheck="false">
      <button type="submit" class="primary" ?disabled=${account.busy}>${TEXT.signIn}</button>
      <p class="problem" id="sign-in-problem" role="alert">${said(account)}</p>
    </form>`;
}

const said = ({ problem }) => (problem ? (TEXT.signInProblems[problem] ?? TEXT.signInFailed(problem)) : '');

/** Whoever sees nothing else is told what a token is. */
function token(app) {
  return html`
    ${app.known ? nothing : html`
      <p>${TEXT.signInWhat}</p>
      <p>${TEXT.signInDemo}</p>
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
