// The agents' page: calls on the left, whatever is looked at beside them on the right.
import { html, nothing, repeat } from '../lit.js';
import { claims } from '../../sdk/tokens.js';
import { preferences } from '../preferences.js';
import { TEXT } from '../texts.js';
import { named, plain } from '../words.js';
import { answered, ended, mine, ringing } from './calls.js';
import { call } from './call.js';
import { coming } from './coming.js';
import { day } from './day.js';
import { history } from './history.js';
import { keys } from './keys.js';
import { latency } from './latency.js';
import { myself } from './myself.js';
import { ICON } from './parts.js';
import { people } from './people.js';
import { myState, quietLine, there } from './presence.js';
import { settings } from './settings.js';
import { signIn } from './sign-in.js';
import { stateLine, stopNotice } from './state.js';

const PANELS = { history, call, settings, latency, keys, people, myself, day };

export function page(app) {
  const stopped = stopNotice(app.board);
  return html`
    <a class="skip" href="#ringing-section" @click=${skip}>${TEXT.skip}</a>
    ${top(app)}
    ${stopped ? html`<p class="notice" id="notice" role="alert">${stopped} ${app.maySignOut ? html`<button type="button" @click=${() => app.signOut()}>${TEXT.signOut}</button>` : nothing}</p>` : nothing}
    ${app.board.problem?.code === 'forbidden' && stopped ? whoAmI(app) : nothing}
    ${app.handed ? handed(app, (yes) => app.answerHanded(yes)) : nothing}
    ${app.account.arrived ? handed(app, (yes) => app.account.answerArrived(yes)) : nothing}
    ${app.unread.count ? html`<p class="notice" id="unread" role="status">${TEXT.unread(app.unread.count)}</p>` : nothing}
    <main>
      ${app.coming.by ? coming(app) : nothing}
      ${app.coming.by || app.asking === null ? nothing : signIn(app)}
      ${app.known ? board(app) : nothing}
    </main>
    <p class="visually-hidden" role="status">${app.known ? TEXT.waitingSpoken(app.lists.ringing.length) : ''}</p>
    <div class="said" id="said" role="status">${repeat(app.said, ({ key }) => key, ({ text }) => html`<p>${text}</p>`)}</div>`;
}

/** What to send to whoever may let one in. */
function whoAmI(app) {
  const { email, sub } = claims(app.session.current);
  return html`<p class="notice" id="who-am-i">${TEXT.askToBeInvited} <code>${[email, sub].filter(Boolean).join(', ')}</code></p>`;
}

function handed(app, answer) {
  return html`
    <p class="notice" id="handed" role="alert">${TEXT.handed(named(app.who.name) || TEXT.someone)}
      <button type="button" @click=${() => answer(true)}>${TEXT.handedYes}</button>
      <button type="button" @click=${() => answer(false)}>${TEXT.handedNo}</button></p>`;
}

function skip(click) {
  click.preventDefault();
  document.getElementById('ringing-section')?.focus();
}

function top(app) {
  return html`
    <div class="bar">
      <header class="top">
        <h1 class="agency"><bdi id="agency">${plain(app.who.agency) || 'callboard'}</bdi></h1>
        ${stateLine(app)}
      </header>
      ${app.known ? tools(app) : nothing}
    </div>`;
}

function tools(app) {
  const { who } = app;
  const role = TEXT.roles[who.role] ?? who.role;
  const tab = (panel, words = TEXT[panel]) => html`<button type="button" aria-pressed=${app.panel === panel ? 'true' : 'false'} id="show-${panel}" @click=${() => app.show(app.panel === panel ? 'history' : panel)}>${words}</button>`;
  return html`
    <nav class="tools" aria-label=${TEXT.views}>
      ${myState(app)}
      ${sound(app)}
      ${app.notices.possible ? html`<button type="button" id="notices" aria-pressed=${preferences.notices && app.notices.allowed ? 'true' : 'false'} @click=${() => app.toggleNotices()}>${preferences.notices && app.notices.allowed ? TEXT.noticesOn : TEXT.notices}</button>` : nothing}
      <a class="button" href="/wall">${TEXT.wall}</a>
      ${app.presence.all.length ? tab('day') : nothing}
      ${tab('latency')}
      ${tab('keys')}
      ${app.leads ? tab('people') : nothing}
      ${app.leads ? tab('settings', html`${ICON.settings}<span>${TEXT.settings}</span>`) : nothing}
      ${app.account.keepsSessions ? tab('myself') : nothing}
      <span class="me"><bdi id="me">${[named(who.name), role].filter(Boolean).join(', ')}</bdi>
        ${app.maySignOut ? html`<button type="button" id="sign-out" @click=${() => app.signOut()}>${TEXT.signOut}</button>` : nothing}</span>
    </nav>`;
}

function sound(app) {
  const unlock = preferences.sound && app.sound.locked;
  const words = unlock ? TEXT.soundUnlock : preferences.sound ? TEXT.soundOn : TEXT.soundOff;
  return html`<button type="button" id="sound" class=${unlock ? 'wanted' : ''} @click=${() => app.toggleSound()}>${preferences.sound ? ICON.sound : ICON.mute}<span>${words}</span></button>`;
}

function board(app) {
  return html`
    <div class="board" id="board" ?data-stale=${app.stale} ?data-quiet=${app.presence.quiet}>
      <div class="calls">${quietLine(app)}${mine(app)}${ringing(app)}${answered(app)}${there(app)}${ended(app)}</div>
      <aside class="panel" id="panel" tabindex="-1" data-panel=${app.panel} aria-label=${TEXT[app.panel] ?? TEXT.timeline}>${(PANELS[app.panel] ?? history)(app)}</aside>
    </div>`;
}
