// The board by keyboard. A key never does what the focused thing would do with it as well.
import { answer, giveBack, hangUp, longestWaiting, myCall } from './actions.js';
import { TEXT } from './texts.js';

const WRITES = 'input, textarea, select, [contenteditable]';
const PRESSES = 'button, a[href], summary, audio, [role=button]';

export function listenToKeys(app) {
  document.addEventListener('keydown', (press) => {
    if (press.defaultPrevented || press.ctrlKey || press.metaKey || press.altKey || press.repeat || app.wall || !app.known) return;
    const target = press.target instanceof Element ? press.target : document.body;
    if (press.key === 'Escape') return escape(app, target);
    if (target.closest(WRITES)) return undefined;
    if (press.key === ' ' && target.closest(PRESSES)) return undefined;
    const doing = what(app, press.key);
    if (!doing) return undefined;
    press.preventDefault();
    return doing();
  });
}

function what(app, key) {
  if (/^[1-9]$/.test(key)) return () => row(app, key - 1);
  switch (key.toLowerCase()) {
    case ' ':
    case 'a':
      return () => answer(app, longestWaiting(app));
    case 'e':
      return () => hangUp(app, myCall(app));
    case 'b':
      return () => giveBack(app, myCall(app));
    case 'p':
      return () => app.presence.press();
    case 'm':
      return () => app.toggleSound();
    case 'n':
      return () => note(app);
    case '/':
      return () => search(app);
    case '?':
      return () => app.show(app.panel === 'keys' ? 'history' : 'keys');
    default:
      return null;
  }
}

/** The row with that number: rows that nobody has are numbered from the top. */
function row(app, index) {
  const call = app.lists.ringing.filter(({ status }) => status === 'incoming')[index];
  return call || app.stale ? answer(app, call) : app.say(TEXT.noSuchRow(index + 1));
}

function note(app) {
  const field = document.querySelector('#mine textarea');
  if (field) return field.focus();
  return app.say(myCall(app) ? TEXT.noNoteYet : TEXT.noCallOfMine);
}

function escape(app, target) {
  if (target.closest(WRITES)) return target.blur();
  return app.panel === 'history' ? undefined : app.show('history');
}

function search(app) {
  app.show('history');
  requestAnimationFrame(() => requestAnimationFrame(() => document.getElementById('history-number')?.focus()));
}
