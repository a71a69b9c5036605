// For a screen on the wall: read from five metres, by people who pass.
import { html, nothing, repeat, svg } from '../lit.js';
import { TEXT } from '../texts.js';
import { at, clockDuration, dayAndZone, duration, hourIn, plain } from '../words.js';
import { heatOf } from './calls.js';
import { caller } from './parts.js';
import { signIn } from './sign-in.js';
import { stateLine, stopNotice } from './state.js';

const SHOWN = 6;

export function wall(app) {
  const stopped = stopNotice(app.board);
  return html`
    <header class="top">
      <h1 class="agency"><a href="/" title=${TEXT.board}><bdi id="agency">${plain(app.who.agency) || 'callboard'}</bdi></a></h1>
      ${app.known ? html`<p class="day" id="wall-day">${dayAndZone(at(app.stats.day?.since) || app.now, app.agency.zone)}</p>` : nothing}
      ${stateLine(app)}
    </header>
    ${stopped ? html`<p class="notice" role="alert">${stopped}</p>` : nothing}
    <main>${app.asking === null ? nothing : signIn(app)}${app.known ? numbers(app) : nothing}</main>`;
}

function numbers(app) {
  const waiting = app.board.calls.filter(({ status }) => status === 'incoming' || status === 'answering');
  const longest = waiting.length ? app.now - at(waiting[0].created_at) : null;
  const day = app.stats.day ?? {};
  const lost = count(day.missed, day.abandoned);
  return html`
    <div class="wall" id="wall" ?data-stale=${app.stale}>
      <dl class="large">
        ${number('waiting', TEXT.wallWaiting, waiting.length, waiting.length ? heatOf(longest) : '')}
        ${number('longest', TEXT.wallLongest, longest === null ? '–' : duration(longest), longest === null ? '' : heatOf(longest))}
        ${number('answered', TEXT.wallAnswered, day.answered ?? '–')}
        ${number('missed', TEXT.wallMissed, lost ?? '–')}
      </dl>
      ${app.presence.all.length ? html`
        <dl class="people-numbers">
          ${number('available', TEXT.wallAvailable, app.presence.count('available'))}
          ${number('busy', TEXT.wallBusy, app.presence.count('busy'))}
          ${number('away', TEXT.wallAway, app.presence.count('away', 'wrap_up'))}
        </dl>` : nothing}
      <div class="below">
        <section class="hours" aria-labelledby="hours-title">
          <h2 id="hours-title">${TEXT.wallHours}</h2>
          ${chart(day.calls_by_hour ?? [], app.agency.zone)}
          <dl class="small">
            ${number('average', TEXT.wallAverage, Number.isFinite(day.average_wait_s) ? duration(day.average_wait_s * 1000) : '–')}
            ${number('service', TEXT.wallService(day.service_level_s ?? 20), share(day.within_service_level ?? day.within_20_s))}
          </dl>
        </section>
        <section class="ringing" aria-labelledby="wall-ringing" ?data-waiting=${waiting.length > 0}>
          <h2><span class="pulse"></span><span id="wall-ringing">${TEXT.ringing}</span> <span class="silent" id="wall-silent">${TEXT.wallSilent}</span></h2>
          ${waiting.length ? html`<ol class="rows" id="ringing">${repeat(waiting.slice(0, SHOWN), ({ id }) => id, (call) => row(app, call))}</ol>` : html`<p class="empty">${app.stale ? TEXT.nobodyRang : TEXT.nobodyRinging}</p>`}
          ${waiting.length > SHOWN ? html`<p class="quiet">${TEXT.andMore(waiting.length - SHOWN)}</p>` : nothing}
        </section>
      </div>
    </div>`;
}

const count = (...parts) => (parts.some(Number.isFinite) ? parts.reduce((sum, part) => sum + (part ?? 0), 0) : null);

/** A share between 0 and 1, or none when nobody has called. */
function share(value) {
  if (!Number.isFinite(value)) return '–';
  return `${Math.round(value * 100)}\u00a0%`;
}

const number = (id, words, value, tone = '') => html`<div data-tone=${tone}><dt>${words}</dt><dd id="wall-${id}" ?data-long=${String(value).length > 4}>${value}</dd></div>`;

function row(app, call) {
  const waited = app.now - at(call.created_at);
  const heat = heatOf(waited);
  return html`
    <li class="row" data-call=${call.id} data-tone=${heat}>
      ${caller(call)}<span class="words"><span class="word">${TEXT.waiting[heat]}</span></span><span class="time">${clockDuration(waited)}</span>
    </li>`;
}

const [WIDE, HIGH, FOOT, GAP] = [960, 240, 28, 6];

/** A bar for each hour: answered below, not answered above. */
function chart(all, zone) {
  const hourOf = ({ hour }) => hourIn(at(hour), zone);
  const first = all.findIndex(({ calls }) => calls > 0);
  const hours = all.slice(Math.max(0, Math.min(first, all.length - 8)));
  const most = Math.max(1, ...hours.map(({ calls }) => calls ?? 0));
  if (!hours.some(({ calls }) => calls > 0)) return html`<p class="empty">${TEXT.noCallsToday}</p>`;
  const width = WIDE / Math.max(hours.length, 8);
  const spoken = hours.filter(({ calls }) => calls > 0).map((one) => TEXT.hourSpoken(hourOf(one), one.calls, one.answered ?? 0));
  return html`
    <svg class="chart" viewBox="0 0 ${WIDE} ${HIGH + FOOT}" role="img" aria-label=${spoken.join('; ')}>
      ${hours.map((one, index) => bar(one, hourOf(one), index * width, width, most))}
      <line x1="0" x2=${WIDE} y1=${HIGH} y2=${HIGH} class="ground"></line>
    </svg>
    <p class="legend quiet"><span class="key answered"></span>${TEXT.hoursLegend.answered} <span class="key lost"></span>${TEXT.hoursLegend.lost}</p>`;
}

function bar(one, hour, left, width, most) {
  const scale = (HIGH - 24) / most;
  const answered = (one.answered ?? 0) * scale;
  const lost = Math.max(0, (one.calls ?? 0) - (one.answered ?? 0)) * scale;
  const [x, wide] = [left + GAP / 2, Math.max(2, width - GAP)];
  return svg`<g>
    <rect class="answered" x=${x} y=${HIGH - answered} width=${wide} height=${answered}></rect>
    <rect class="lost" x=${x} y=${HIGH - answered - lost} width=${wide} height=${lost}></rect>
    ${one.calls ? svg`<text class="figure" x=${x + wide / 2} y=${HIGH - answered - lost - 6}>${one.calls}</text>` : ''}
    <text class="hour" x=${x + wide / 2} y=${HIGH + 22}>${hour}</text>
  </g>`;
}
