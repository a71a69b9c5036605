// What an agent does with a call, and what is said when it does not work. Nothing that was asked for goes without one of the two:
// what comes while something is under way with the same call is done after it (the client library sees to that).
import { preferences } from './preferences.js';
import { TEXT } from './texts.js';
import { named } from './words.js';

/** What is being asked of the server for a call right now. */
export const underWay = (app, call) => app.board.acting.get(call.call_control_id);

/** A call that somebody could take now. */
export const takable = (app, call) => call.status === 'incoming' && !app.stale && !underWay(app, call);

export const longestWaiting = (app) => app.lists.ringing.find((call) => takable(app, call));

/** The call that keys are about: mine, or the one that I have just asked for. */
export const myCall = (app) => app.lists.mine[0] ?? app.board.calls.find((call) => underWay(app, call) === 'answer');

export async function answer(app, call) {
  const not = whyNotTaken(app, call);
  if (not) return app.say(not);
  app.sound.unlock();
  try {
    await app.client.answer(call);
  } catch (error) {
    app.say(whyNot(error));
    if (error.status === 409 && error.body.answered_by_name) app.sound.lost(preferences.sound);
  }
}

function whyNotTaken(app, call) {
  if (app.stale) return TEXT.notWhileStale;
  if (!call) return app.board.calls.some((one) => underWay(app, one)) ? TEXT.asking : TEXT.nobodyToAnswer;
  if (underWay(app, call)) return TEXT.asking;
  return call.status === 'incoming' ? '' : TEXT.takenAlready;
}

export const hangUp = (app, call) => attempt(app, call, async () => {
  const done = await app.client.end(call);
  if (done?.board_only) app.say(TEXT.endedHereOnly);
});

/** Only until one's own phone has taken it. */
export const canGiveBack = (app, call) => call.status === 'answering' || underWay(app, call) === 'answer';

export function giveBack(app, call) {
  if (call && !app.stale && !canGiveBack(app, call)) return app.say(TEXT.tooLateToGiveBack);
  return attempt(app, call, () => app.client.release(call));
}

async function attempt(app, call, doing) {
  if (app.stale) return app.say(TEXT.notWhileStale);
  if (!call) return app.say(TEXT.noCallOfMine);
  try {
    await doing();
  } catch (error) {
    app.say(error.status === 409 ? TEXT.notYours : whyNot(error));
  }
}

/** What happened, and what now. */
function whyNot({ status, body, message }) {
  const why = message.replace(/[.\s]+$/, '');
  if (status === 409 && body.answered_by_name) return TEXT.lostRace(named(body.answered_by_name));
  if (status === 404) return TEXT.goneAlready;
  if (status === 502) return TEXT.carrierFailed(why);
  if (status === 0) return TEXT.serverFailed;
  return TEXT.notDone(why);
}
