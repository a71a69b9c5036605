// The agency's people: a list and one form.
import { html, nothing } from '../lit.js';
import { TEXT } from '../texts.js';
import { at, named, when } from '../words.js';
import { trouble } from './parts.js';

const shown = ({ name, email }) => name || email || TEXT.nameless;

export function people(app) {
  const { people: model } = app;
  if (!model.all) return html`<h2>${TEXT.people}</h2>${model.problem ? trouble(model.problem, () => model.load()) : html`<p class="empty">${TEXT.loading}</p>`}`;
  return html`
    <h2>${TEXT.people}</h2>
    <ul class="credentials people" id="people">${model.all.map((person) => row(app, person))}</ul>
    ${model.made ? told(app) : nothing}
    ${invite(model)}
    ${model.removed.length ? html`
      <h3>${TEXT.removedPeople}</h3>
      <p class="quiet">${TEXT.removedPeopleWhat}</p>
      <ul class="credentials people" id="removed-people">${model.removed.map((person) => row(app, person))}</ul>` : nothing}`;
}

function row(app, person) {
  const { people: model } = app;
  const { id } = person;
  const error = model.said?.id === id ? model.said.error : null;
  return html`
    <li data-person=${id} data-status=${person.status}>
      <span class="name"><bdi>${shown(person)}</bdi>${id === app.who.id ? html` <span class="quiet">${TEXT.itIsYou}</span>` : nothing}</span>
      <span class="quiet">${about(app, person).filter(Boolean).join(' · ')}</span>
      ${model.mayManage(person) ? buttons(app, person) : nothing}
      ${model.editing === id ? form(model, person) : nothing}
      ${error ? html`<p class="problem" role="alert">${error.message}</p>` : nothing}
    </li>`;
}

function about(app, person) {
  const { name, email, role, status, sip_username: phone, since, invitation_expires_at: until } = person;
  const seen = person.last_seen_at ? TEXT.lastSeen(when(at(person.last_seen_at), app.now)) : '';
  const standing = {
    invited: until ? TEXT.invitedUntil(when(at(until), app.now)) : TEXT.invitationOver,
    removed: TEXT.removedAt(when(at(since), app.now)),
  }[status];
  const agent = status === 'active' && app.presence.all.find(({ id }) => id === person.id);
  return [TEXT.roles[role] ?? role, agent && TEXT.states[agent.state], standing ?? seen, name && email, phone && TEXT.hasPhone(phone), person.second_factor && TEXT.hasSecondFactor, status === 'invited' && person.mail && [TEXT.mails[person.mail.state], person.mail.problem].filter(Boolean).join(': ')];
}

function buttons(app, person) {
  const { people: model } = app;
  const who = html`<span class="visually-hidden"> ${named(shown(person))}</span>`;
  const again = { invited: TEXT.inviteAgain, removed: TEXT.seatAgain }[person.status] ?? (person.has_account ? TEXT.resetLink : TEXT.inviteAgain);
  const gone = person.status === 'active' ? TEXT.removePersonSure : TEXT.removeForGoodSure;
  return html`
    <span class="buttons">
      ${person.status === 'removed' ? nothing : html`<button type="button" data-do="edit" @click=${() => model.edit(model.editing === person.id ? null : person.id)}>${TEXT.edit}${who}</button>`}
      ${needsLink(app, person) ? html`<button type="button" data-do="again" @click=${() => model.inviteAgain(person)}>${again}${who}</button>` : nothing}
      ${person.sessions && person.id !== app.who.id ? html`<button type="button" data-do="end" @click=${() => model.endSessions(person)}>${model.asking === `end ${person.id}` ? TEXT.endSessionsSure : TEXT.endSessions(person.sessions)}${who}</button>` : nothing}
      <button type="button" data-do="remove" @click=${() => model.remove(person)}>${model.asking === `remove ${person.id}` ? gone : TEXT.remove}${who}</button>
    </span>`;
}

/** Whoever works here needs a link only for an account of this server's own. */
const needsLink = (app, { id, status }) => id !== app.who.id && (status !== 'active' || app.account.ours);

function form(model, person) {
  const submitted = (submit) => {
    submit.preventDefault();
    const form = new FormData(submit.target);
    const change = Object.fromEntries(['name', 'email', 'sip_username'].map((field) => [field, form.get(field).trim() || null]));
    model.change(person.id, { ...change, ...(form.get('role') !== person.role && { role: form.get('role') }) });
  };
  return html`
    <form method="post" class="agency person" @submit=${submitted}>
      ${fields(model, `person-${person.id}`, person)}
      <p class="buttons"><button type="submit" class="primary">${TEXT.save}</button> <button type="button" @click=${() => model.edit(null)}>${TEXT.close}</button></p>
    </form>`;
}

function invite(model) {
  const error = model.said?.id === 'new' ? model.said.error : null;
  const submitted = async (submit) => {
    submit.preventDefault();
    const { target } = submit;
    const given = [...new FormData(target)].filter(([, value]) => value.trim() !== '');
    if (await model.invite(Object.fromEntries(given))) target.reset();
  };
  return html`
    <h3>${TEXT.invite}</h3>
    <p class="quiet">${TEXT.inviteWhat}</p>
    <form method="post" class="agency" id="invite" @submit=${submitted}>
      ${fields(model, 'invite', { role: 'agency_member' })}
      <p class="buttons"><button type="submit" class="primary">${TEXT.inviteButton}</button></p>
      ${error ? html`<p class="problem" role="alert">${error.message}</p>` : nothing}
    </form>`;
}

const fields = (model, at, person) => html`
  <label for="${at}-name">${TEXT.personFields.name}</label>
  <input id="${at}-name" name="name" maxlength="100" autocomplete="off" .value=${person.name ?? ''}>
  <label for="${at}-email">${TEXT.personFields.email}</label>
  <input id="${at}-email" name="email" type="email" maxlength="254" autocomplete="off" spellcheck="false" .value=${person.email ?? ''}>
  <label for="${at}-role">${TEXT.personFields.role}</label>
  <select id="${at}-role" name="role">${model.roles.map((role) => html`<option value=${role} ?selected=${role === person.role}>${TEXT.rolesWhat[role]}</option>`)}</select>
  <label for="${at}-sip">${TEXT.personFields.sip_username}</label>
  <input id="${at}-sip" name="sip_username" maxlength="100" autocomplete="off" spellcheck="false" autocapitalize="none" .value=${person.sip_username ?? ''}>`;

/** Shown once: it is nowhere kept. */
function told(app) {
  const { made } = app.people;
  const { user, invitation_url: url, expires_at: until } = made;
  return html`
    <div class="told" id="invitation" role="status">
      ${made.mail ? html`<p id="mailed">${TEXT.linkMailed(named(shown(user)))}</p>` : nothing}
      <p>${TEXT.linkFor(named(shown(user)), when(at(until), app.now))}</p>
      <pre tabindex="0"><code id="invitation-url">${url}</code></pre>
      <p class="buttons"><button type="button" @click=${() => navigator.clipboard?.writeText(url)}>${TEXT.copy}</button></p>
    </div>`;
}
