// The day of each person, in numbers.
import { html, nothing } from '../lit.js';
import { TEXT } from '../texts.js';
import { at, dayAndZone, duration, named } from '../words.js';
import { trouble } from './parts.js';

const time = (seconds) => (Number.isFinite(seconds) && seconds >= 1 ? duration(seconds * 1000) : '–');

export function day(app) {
  const { day: stats, problem } = app.stats;
  const agents = stats?.agents ?? [];
  return html`
    <h2>${TEXT.day}</h2>
    <p class="quiet">${stats ? `${dayAndZone(at(stats.since), app.agency.zone)}. ` : TEXT.loading} ${TEXT.dayWhat}</p>
    ${problem ? trouble(problem, () => app.stats.load()) : nothing}
    ${stats && !agents.length ? html`<p class="empty">${TEXT.nobodyCounted}</p>` : nothing}
    ${agents.length ? html`
      <div class="scrolls" tabindex="0" role="region" aria-label=${TEXT.day}>
        <table class="by-person" id="day">
          <thead><tr>${TEXT.dayHead.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
          <tbody>${agents.map(line)}</tbody>
        </table>
      </div>` : nothing}`;
}

function line(agent) {
  const { time_in_state: times } = agent;
  const cells = [agent.answered, agent.missed, time(agent.talk_s), time(agent.wrap_up_s), time(times.available), time(times.busy), time(times.away), time(times.offline)];
  return html`<tr data-agent=${agent.id}><th scope="row"><bdi>${named(agent.name) || TEXT.someone}</bdi></th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`;
}
