// Starts the board and has it drawn: at most once for each picture of the screen, and once a second for the digits.
import { titleNow } from './alerts.js';
import { App } from './app.js';
import { listenToKeys } from './keys.js';
import { render } from './lit.js';
import { preferences } from './preferences.js';
import { at } from './words.js';
import { page } from './view/page.js';
import { wall } from './view/wall.js';

const root = document.getElementById('root');
const PRESSED_MOST_MS = 3_000;
let drawing = false;
let pressedAt = null;

/** Between the pressing and the letting go nothing may move under the finger: the browser would not take it for a click. */
const isPressed = () => pressedAt !== null && performance.now() - pressedAt < PRESSED_MOST_MS;

function draw() {
  if (isPressed()) return;
  const { ringing } = app.lists;
  const waiting = ringing.filter((call) => call.status === 'incoming');
  render(app.wall ? wall(app) : page(app), root);
  // Whoever is away or writes about a call sees who waits, and is not rung at.
  const { quiet } = app.presence;
  const on = preferences.sound && !app.stale && !app.wall && !quiet;
  app.sound.ring(waiting.length ? app.now - at(waiting[0].created_at) : -1, on);
  app.notices.show(app.stale || quiet ? [] : waiting, preferences.notices, app.now);
  const unnoticed = document.hidden || (preferences.sound && app.sound.locked);
  const title = titleNow({ ringing: waiting.length, stale: app.known && app.stale, unnoticed: unnoticed && !app.wall && !quiet }, Date.now());
  if (document.title !== title) document.title = title;
}

/** However many changes there are, one drawing; also in a tab that nobody sees, where no frame comes. */
function soon() {
  if (drawing) return;
  drawing = true;
  const now = () => {
    drawing = false;
    draw();
  };
  if (document.hidden) setTimeout(now, 250);
  else requestAnimationFrame(now);
}

/** Aimed just behind each full second, so that no digit is skipped or shown twice. */
function everySecond() {
  draw();
  setTimeout(everySecond, 1005 - (Date.now() % 1000));
}

const app = new App(soon);
document.documentElement.toggleAttribute('data-wall', app.wall);
listenToKeys(app);
// Any touch will do to let the sound through; its own button does so by itself, and would otherwise turn it off again.
for (const first of ['pointerdown', 'keydown']) {
  addEventListener(first, ({ target }) => preferences.sound && !target.closest?.('#sound') && app.sound.unlock(), { passive: true });
}
addEventListener('pointerdown', () => (pressedAt = performance.now()), { capture: true, passive: true });
for (const last of ['pointerup', 'pointercancel', 'blur']) {
  // The click comes after the letting go.
  addEventListener(last, () => setTimeout(() => {
    pressedAt = null;
    soon();
  }), { capture: true, passive: true });
}
document.addEventListener('visibilitychange', soon);
app.start();
everySecond();
