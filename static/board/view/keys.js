// The keys, on the screen.
import { html } from '../lit.js';
import { TEXT } from '../texts.js';

export const keys = () => html`
  <h2>${TEXT.keys}</h2>
  <dl class="keys">${TEXT.keyList.map(([key, what]) => html`<div><dt><kbd>${key}</kbd></dt><dd>${what}</dd></div>`)}</dl>`;
