// Small pieces that several views show alike.
import { html, nothing, svg } from '../lit.js';
import { TEXT } from '../texts.js';
import { grouped, named, nameOf, plain } from '../words.js';

const drawing = (path) => html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">${path}</svg>`;
const HANDSET = 'M6.6 10.8a15 15 0 0 0 6.6 6.6l2.2-2.2a1 1 0 0 1 1-.25 11 11 0 0 0 3.6.58 1 1 0 0 1 1 1V20a1 1 0 0 1-1 1A17 17 0 0 1 3 4a1 1 0 0 1 1-1h3.5a1 1 0 0 1 1 1 11 11 0 0 0 .58 3.57 1 1 0 0 1-.25 1z';

export const ICON = {
  phone: drawing(svg`<path d=${HANDSET}/>`),
  hangUp: drawing(svg`<path transform="rotate(135 12 12)" d=${HANDSET}/>`),
  sound: drawing(svg`<path d="M4 9v6h4l5 4V5L8 9zM16 8a5 5 0 0 1 0 8M18.5 5.5a9 9 0 0 1 0 13" class="line"/>`),
  mute: drawing(svg`<path d="M4 9v6h4l5 4V5L8 9zM16.5 9.5l5 5M21.5 9.5l-5 5" class="line"/>`),
  settings: drawing(svg`<path d="M4 7h9M17 7h3M4 17h3M11 17h9M13 4.5v5h4v-5zM7 14.5v5h4v-5z" class="line"/>`),
};

/** What a caller may have chosen reaches the page as text only, kept apart from what stands beside it. */
export function caller(call) {
  const name = nameOf(call);
  return html`<span class="who"><bdi class="number" title=${plain(call.from_number)}>${grouped(call.from_number)}</bdi>${name ? html` <bdi class="name">${name}</bdi>` : nothing}</span>`;
}

export const more = (texts) => texts.filter(Boolean).map((text) => html`<span class="more"><span class="sep"> · </span><bdi>${text}</bdi></span>`);

/** The number that was called, by the name that people here have for it. */
export const called = (app, call) => TEXT.to(named(app.agency.nameOf(call.to_number) || grouped(call.to_number)));

export const kbd = (key) => html`<kbd aria-hidden="true">${key}</kbd>`;

/** Why something from the server is not there, and a way to ask again. */
export function trouble(error, again) {
  const words = error.status === 404 || error.status === 405 ? TEXT.notThere : TEXT.failed(error.message.replace(/\.$/, ''));
  return html`<p class="problem">${words}</p>${again ? html`<p><button type="button" @click=${again}>${TEXT.again}</button></p>` : nothing}`;
}
