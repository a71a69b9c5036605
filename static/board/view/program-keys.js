// The owner's keys for programs and displays.
import { html, nothing } from '../lit.js';
import { RIGHTS } from '../program-keys.js';
import { TEXT } from '../texts.js';
import { at, named, when } from '../words.js';

export function programKeys(app) {
  const { programKeys: model } = app;
  if (!model.all) return model.problem ? html`<p class="problem" role="alert">${model.problem.message}</p>` : nothing;
  return html`
    <h3>${TEXT.programKeys}</h3>
    <p class="quiet">${TEXT.programKeysWhat}</p>
    <ul class="credentials" id="program-keys">${model.all.map((key) => row(app, key))}</ul>
    ${model.made ? told(model) : nothing}
    <form method="post" class="agency" id="new-key" @submit=${(submit) => submitted(model, submit)}>
      <label for="key-name">${TEXT.keyName}</label>
      <input id="key-name" name="name" required maxlength="100" autocomplete="off" placeholder=${TEXT.keyNameExample}>
      <fieldset>
        <legend>${TEXT.keyMay}</legend>
        ${RIGHTS.map((right, place) => html`<label class="choice"><input type="checkbox" name="right" value=${right} .checked=${place === 0}> ${TEXT.keyRights[right]}</label>`)}
      </fieldset>
      <p class="buttons"><button type="submit" class="primary">${TEXT.makeKey}</button></p>
      ${model.problem ? html`<p class="problem" role="alert">${model.problem.message}</p>` : nothing}
    </form>`;
}

function row(app, key) {
  const model = app.programKeys;
  const used = key.last_used_at ? TEXT.keyUsed(when(at(key.last_used_at), app.now)) : TEXT.keyUnused;
  return html`
    <li data-key=${key.id}>
      <span class="name"><bdi>${key.name}</bdi></span>
      <span class="quiet">${[`${key.prefix}…`, key.rights.map((right) => TEXT.keyRights[right] ?? right).join(', '), used].join(' · ')}</span>
      <span class="buttons"><button type="button" @click=${() => model.remove(key.id)}>${model.removing === key.id ? TEXT.keyRemoveSure : TEXT.remove}<span class="visually-hidden"> ${named(key.name)}</span></button></span>
    </li>`;
}

/** Shown once: it is nowhere kept. */
function told(model) {
  const what = model.wallAddress ?? model.made.key;
  return html`
    <div class="told" id="new-key-told" role="status">
      <p>${model.wallAddress ? TEXT.keyForWall : TEXT.keyOnce}</p>
      <pre tabindex="0"><code id="new-key-text">${what}</code></pre>
      <p class="buttons"><button type="button" @click=${() => navigator.clipboard?.writeText(what)}>${TEXT.copy}</button></p>
    </div>`;
}

async function submitted(model, submit) {
  submit.preventDefault();
  const { target } = submit;
  const form = new FormData(target);
  if (await model.make(form.get('name'), form.getAll('right'))) target.reset();
}
