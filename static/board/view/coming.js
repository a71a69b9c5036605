// The form of somebody who comes in by a link.
import { html, nothing } from '../lit.js';
import { TEXT } from '../texts.js';

export function coming(app) {
  const { coming: model } = app;
  const words = TEXT.coming[model.by];
  return html`
    <section class="sign-in" id="coming" aria-labelledby="coming-title">
      <h2 id="coming-title">${words.title}</h2>
      <p>${words.what}</p>
      <form method="post" @submit=${(submit) => submitted(model, submit)}>
        ${model.by === 'setup' ? field('agency', TEXT.agencyName, { autocomplete: 'organization' }) : nothing}
        ${model.by === 'reset' ? nothing : field('name', TEXT.yourName, { autocomplete: 'name' })}
        ${model.by === 'setup' ? field('email', TEXT.email, { type: 'email', autocomplete: 'username' }) : nothing}
        ${model.by === 'invite' ? field('email', TEXT.emailIfAsked, { type: 'email', autocomplete: 'username', required: false }) : nothing}
        ${field('password', TEXT.newPassword, { type: 'password', autocomplete: 'new-password', minlength: 8 })}
        <p class="quiet">${TEXT.passwordHint}</p>
        <button type="submit" class="primary" ?disabled=${model.busy}>${words.button}</button>
        ${model.problem ? html`<p class="problem" id="coming-problem" role="alert">${model.problem === 'no_token' ? TEXT.linkIncomplete : model.problem}</p>` : nothing}
      </form>
    </section>`;
}

const field = (name, label, { type = 'text', autocomplete, minlength = 1, required = true }) => html`
  <label for="coming-${name}">${label}</label>
  <input id="coming-${name}" name=${name} type=${type} autocomplete=${autocomplete} minlength=${minlength} ?required=${required} spellcheck="false">`;

function submitted(model, submit) {
  submit.preventDefault();
  const given = [...new FormData(submit.target)].filter(([, value]) => value !== '');
  model.comeIn(Object.fromEntries(given));
}
