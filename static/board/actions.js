// What an agent does with a call, and what is said when it does not work.
import { preferences } from './preferences.js';
import { TEXT } from './texts.js';

/** A call that somebody could take now. */
export const takable = (app, call) => call.status === 'incoming' && !app.stale && !app.board.acting.has(call.call_control_id);

export const longestWaiting = (app) => app.lists.ringing.find((call) => takable(app, call));

export async function answer(app, call) {
  if (!call || !takable(app, call)) return;
  app.sound.unlock();
  try {
    await app.client.answer(call);
  } catch (error) {
    app.say(whyNot(error));
    if (error.status === 409 && error.body.answered_by_name) app.sound.lost(preferences.sound);
  }
}

export const hangUp = (app, call) => attempt(app, call, () => app.client.end(call));

/** Only until one's own phone has taken it. */
export const canGiveBack = (call) => call.status === 'answering';

export const giveBack = (app, call) => attempt(app, call, () => app.client.release(call));

async function attempt(app, call, doing) {
  if (!call || app.stale || app.board.acting.has(call.call_control_id)) return;
  try {
    await doing();
  } catch (error) {
    app.say(error.status === 409 ? TEXT.notYours : whyNot(error));
  }
}

/** What happened, and what now. */
function whyNot({ status, body, message }) {
  if (status === 409 && body.answered_by_name) return TEXT.lostRace(body.answered_by_name);
  if (status === 404) return TEXT.goneAlready;
  if (status === 502) return TEXT.carrierFailed(message.replace(/[.\s]+$/, ''));
  if (status === 0) return TEXT.serverFailed;
  return TEXT.notDone(message.replace(/[.\s]+$/, ''));
}
