// The form of somebody who comes in by a link.
import { html, nothing } from '../lit.js';
import { TEXT } from '../texts.js';
import { named } from '../words.js';
import { signIn } from './sign-in.js';

export function coming(app) {
  const { coming: model } = app;
  const words = TEXT.coming[model.by];
  return html`
    <section class="sign-in" id="coming" aria-labelledby="coming-title">
      <h2 id="coming-title">${words.title}</h2>
      ${model.mayChoose ? html`<p>${words.what}</p>` : nothing}
      ${model.by === 'invite' && !model.mayChoose ? joining(app) : nothing}
      ${model.mayChoose ? choosing(model, words) : nothing}
      ${model.problem ? html`<p class="problem" id="coming-problem" role="alert">${model.problem === 'no_token' ? TEXT.linkIncomplete : model.problem}</p>` : nothing}
    </section>
    ${model.by === 'invite' && !model.as && app.account.ways ? signIn(app, model.mayChoose ? TEXT.haveAccount : TEXT.signIn) : nothing}`;
}

/** Whoever has signed in, here or at the agency's Supabase, comes in as that. */
const joining = (app) => (app.coming.as ? html`
  <p>${TEXT.joinAs(named(app.coming.as))}</p>
  <p class="buttons"><button type="button" class="primary" id="join" ?disabled=${app.coming.busy} @click=${() => app.coming.join()}>${TEXT.coming.invite.button}</button>
    <button type="button" @click=${() => app.coming.leave()}>${TEXT.notNow}</button></p>` : html`<p>${TEXT.signInToJoin}</p>`);

const choosing = (model, words) => html`
      <form method="post" class="one" @submit=${(submit) => submitted(model, submit)}>
        ${model.by === 'setup' ? field('agency', TEXT.agencyName, { autocomplete: 'organization' }) : nothing}
        ${model.by === 'reset' ? nothing : field('name', TEXT.yourName, { autocomplete: 'name' })}
        ${model.by === 'setup' ? field('email', TEXT.email, { type: 'email', autocomplete: 'username' }) : nothing}
        ${model.by === 'invite' ? field('email', TEXT.emailIfAsked, { type: 'email', autocomplete: 'username', required: false }) : nothing}
        ${field('password', TEXT.newPassword, { type: 'password', autocomplete: 'new-password', minlength: 8 })}
        <p class="quiet">${TEXT.passwordHint}</p>
        <button type="submit" class="primary" ?disabled=${model.busy}>${words.button}</button>
      </form>`;

const field = (name, label, { type = 'text', autocomplete, minlength = 1, required = true }) => html`
  <label for="coming-${name}">${label}</label>
  <input id="coming-${name}" name=${name} type=${type} autocomplete=${autocomplete} minlength=${minlength} ?required=${required} spellcheck="false">`;

function submitted(model, submit) {
  submit.preventDefault();
  const given = [...new FormData(submit.target)].filter(([, value]) => value !== '');
  model.comeIn(Object.fromEntries(given));
}
