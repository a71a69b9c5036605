// The board by keyboard. A key never does what the focused thing would do with it as well.
import { answer, canGiveBack, giveBack, hangUp, longestWaiting, takable } from './actions.js';

const WRITES = 'input, textarea, select, [contenteditable]';
const PRESSES = 'button, a[href], summary, audio, [role=button]';

export function listenToKeys(app) {
  document.addEventListener('keydown', (press) => {
    if (press.defaultPrevented || press.ctrlKey || press.metaKey || press.altKey || press.repeat || app.wall) return;
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
  const mine = () => app.lists.mine[0];
  if (/^[1-9]$/.test(key)) return () => answer(app, app.lists.ringing.filter((call) => takable(app, call) || call.status === 'incoming')[key - 1]);
  switch (key.toLowerCase()) {
    case ' ':
    case 'a':
      return () => answer(app, longestWaiting(app));
    case 'e':
      return () => hangUp(app, mine());
    case 'b':
      return () => mine() && canGiveBack(mine()) && giveBack(app, mine());
    case 'm':
      return () => app.toggleSound();
    case 'n':
      return () => document.querySelector('#mine textarea')?.focus();
    case '/':
      return () => search(app);
    case '?':
      return () => app.show(app.panel === 'keys' ? 'history' : 'keys');
    default:
      return null;
  }
}

function escape(app, target) {
  if (target.closest(WRITES)) return target.blur();
  return app.panel === 'history' ? undefined : app.show('history');
}

function search(app) {
  app.show('history');
  requestAnimationFrame(() => requestAnimationFrame(() => document.getElementById('history-number')?.focus()));
}
