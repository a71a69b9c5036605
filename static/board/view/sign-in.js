// The form for a token. Above calls that ring it is only a line; whoever sees nothing else is told what a token is.
import { html, nothing } from '../lit.js';
import { TEXT } from '../texts.js';

export function signIn(app) {
  return html`
    <section class="sign-in" id="sign-in" aria-label=${TEXT.signIn}>
      ${app.known ? nothing : html`<h2>${TEXT.signIn}</h2>`}
      <p class="problem" id="sign-in-why" role="alert">${app.asking}</p>
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
      </form>
    </section>`;
}

function submitted(app, submit) {
  submit.preventDefault();
  const input = submit.target.querySelector('input');
  if (app.typedToken(input.value)) input.value = '';
}
