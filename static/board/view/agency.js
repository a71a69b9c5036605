// The owner's form for how the agency works.
import { html, nothing } from '../lit.js';
import { TEXT } from '../texts.js';

const ROLES = ['agency_member', 'agency_admin', 'agency_owner'];

export function agency(app) {
  const { settings, saved, problem } = app.agency;
  if (!settings) return nothing;
  const seconds = (field, least, most) => html`
    <label for="agency-${field}">${TEXT.agencyFields[field]}</label>
    <input id="agency-${field}" name=${field} type="number" inputmode="numeric" min=${least} max=${most} required .value=${String(settings[field])}>`;
  return html`
    <h3>${TEXT.agency}</h3>
    <form method="post" class="agency" id="agency-form" @submit=${(submit) => submitted(app, submit)}>
      <label for="agency-name">${TEXT.agencyFields.name}</label>
      <input id="agency-name" name="name" required maxlength="100" autocomplete="organization" .value=${settings.name}>
      <label for="agency-time_zone">${TEXT.agencyFields.time_zone}</label>
      <input id="agency-time_zone" name="time_zone" required list="zones" autocomplete="off" spellcheck="false" .value=${settings.time_zone}>
      <datalist id="zones">${(Intl.supportedValuesOf?.('timeZone') ?? []).map((zone) => html`<option value=${zone}></option>`)}</datalist>
      ${seconds('ring_s', 5, 40)}
      ${seconds('service_level_s', 1, 3600)}
      ${seconds('wrap_up_s', 0, 3600)}
      <label for="agency-away_reasons">${TEXT.agencyFields.away_reasons}</label>
      <textarea id="agency-away_reasons" name="away_reasons" rows="3" .value=${settings.away_reasons.join('\n')}></textarea>
      <fieldset>
        <legend>${TEXT.agencyFields.mask_numbers_for}</legend>
        ${ROLES.map((role) => html`<label class="choice"><input type="checkbox" name="mask" value=${role} .checked=${settings.mask_numbers_for.includes(role)}> ${TEXT.roles[role]}</label>`)}
      </fieldset>
      <label for="agency-numbers">${TEXT.agencyFields.numbers}</label>
      <textarea id="agency-numbers" name="numbers" rows="3" spellcheck="false" placeholder=${TEXT.numbersExample} .value=${written(settings.numbers)}></textarea>
      <p class="buttons"><button type="submit" class="primary">${TEXT.save}</button></p>
      ${saved ? html`<p class="done" role="status">${TEXT.agencySaved}</p>` : nothing}
      ${problem ? html`<p class="problem" role="alert">${problem.message}</p>` : nothing}
    </form>`;
}

/** A line for each number: the number, then its name. */
const written = (numbers) => Object.entries(numbers).map(([number, name]) => `${number} ${name}`).join('\n');

const linesOf = (text) => text.split('\n').map((line) => line.trim()).filter(Boolean);

function read(text) {
  const lines = linesOf(text);
  return Object.fromEntries(lines.map((line) => {
    const [number] = line.split(/\s/, 1);
    return [number, line.slice(number.length).trim()];
  }));
}

function submitted(app, submit) {
  submit.preventDefault();
  const form = new FormData(submit.target);
  app.agency.change({
    name: form.get('name'),
    time_zone: form.get('time_zone'),
    ring_s: Number(form.get('ring_s')),
    service_level_s: Number(form.get('service_level_s')),
    wrap_up_s: Number(form.get('wrap_up_s')),
    away_reasons: linesOf(form.get('away_reasons')),
    mask_numbers_for: form.getAll('mask'),
    numbers: read(form.get('numbers')),
  });
}
