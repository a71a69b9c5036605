// How long it took: from the carrier to the record, from there to this browser.
import { html, nothing } from '../lit.js';
import { TEXT } from '../texts.js';
import { milliseconds } from '../words.js';

export function latency(app) {
  const { latency: measured, board } = app;
  const ahead = measured.clockAhead;
  const clocks = ahead && (ahead > 0 ? TEXT.clockAhead : TEXT.clockBehind)(milliseconds(Math.abs(ahead)));
  const [way, ...heads] = TEXT.latencyHead;
  return html`
    <h2>${TEXT.latency}</h2>
    <p class="quiet">${TEXT.latencyWhat}</p>
    <table class="latency" id="latency">
      <thead><tr><th scope="col">${way}</th>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
      <tbody>${['fromCarrier', 'fromCommit', 'wholeWay'].map((name) => line(name, measured[name]))}</tbody>
    </table>
    ${clocks ? html`<p class="quiet" id="clocks">${clocks}</p>` : nothing}
    ${board.faults ? html`<p class="problem" id="faults">${TEXT.faults(board.faults)}</p>` : nothing}
    <dl class="facts">
      <div><dt>${TEXT.sequence}</dt><dd id="seq">${board.position?.seq.toLocaleString() ?? ''}</dd></div>
      <div><dt>${TEXT.epoch}</dt><dd id="epoch" title=${board.position?.epoch ?? ''}>${board.position?.epoch.slice(0, 8) ?? ''}</dd></div>
    </dl>`;
}

function line(name, samples) {
  const cells = samples.count ? [samples.last, samples.quantile(0.5), samples.quantile(0.99)].map(milliseconds) : null;
  return html`<tr id="latency-${name}"><th scope="row">${TEXT[name]}${samples.count ? html` <span class="quiet">${TEXT.over(samples.count)}</span>` : nothing}</th>
    ${cells ? cells.map((cell) => html`<td>${cell}</td>`) : html`<td colspan="3" class="quiet">${TEXT.noLatency}</td>`}</tr>`;
}
