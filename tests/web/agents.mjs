// Agents at work: two browsers before a real callboard, whose carrier takes commands.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import path from 'node:path';
import { launch, onPage as openPage } from './support/browser.mjs';
import { Callboard } from './support/callboard.mjs';
import { Carrier } from './support/carrier.mjs';

const { CALLBOARD_BIN } = process.env;
const skip = CALLBOARD_BIN ? false : 'needs CALLBOARD_BIN';
let browser;
let carrier;
let server;
const onPage = (...story) => openPage(browser, ...story);

before(async () => {
  if (skip) return;
  carrier = await Carrier.create();
  server = await Callboard.create(path.resolve(process.env.INIT_CWD ?? '.', CALLBOARD_BIN), { carrier });
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.ends();
  carrier?.ends();
});

afterEach(() => server?.everybodyHangsUp());

test('an agent answers by one key, talks, notes, hangs up by another; the history has it', { skip }, async () => {
  await onPage(server.as('Anna'), async (board) => {
    await board.state('Live');
    const younger = await server.rings('+15550300002');
    const older = await server.rings('+15550300001', { secondsAgo: 15 });
    await board.shows('ringing', older.from);
    await board.shows('ringing', younger.from);
    carrier.commands.length = 0;
    await board.page.keyboard.press('Space');
    await board.reads('#mine .word', 'Your phone is ringing. Pick it up.');
    await board.shows('mine', older.from);
    await carrier.hears('transfer');
    await carrier.agentPicksUp();
    await board.reads('#mine .word', 'Connected');
    await board.page.keyboard.press('n');
    await board.page.keyboard.type('Wants the plan.');
    await board.page.locator('#mine input').fill('booked');
    await board.page.keyboard.press('Escape');
    await board.page.keyboard.press('e');
    await board.shows('ended', older.from);
    await board.reads('#ended .word', /^You talked for/);
    await board.shows('history', older.from);
    await board.reads('#history .words', /^Answered · Anna.* · booked$/);
    await board.row('history', older.from).getByRole('button').click();
    await board.page.locator('#notes textarea:enabled').waitFor();
    assert.equal(await board.page.locator('#notes textarea').inputValue(), 'Wants the plan.');
    await server.hangsUp(younger);
  });
});

test('two agents race for a call: one has it, the other is told by whom, at once', { skip }, async () => {
  await onPage(server.as('Anna'), (anna) => onPage(server.as('Ben'), async (ben) => {
    for (const board of [anna, ben]) {
      await board.state('Live');
      board.failuresExpected = true; // the loser's request is answered 409
    }
    const call = await server.rings('+15550300010');
    for (const board of [anna, ben]) await board.shows('ringing', call.from);
    await Promise.all([anna, ben].map((board) => board.page.evaluate(() => document.querySelector('#ringing .answer').click())));
    const winner = await Promise.any([anna, ben].map((board) => board.shows('mine', call.from).then(() => board)));
    const [loser, name] = winner === anna ? [ben, 'Anna'] : [anna, 'Ben'];
    await loser.reads('#ringing .word', `${name} is answering`);
    await loser.reads('#said', `${name} was faster.`);
    assert.equal(await loser.page.locator('#ringing .answer').count(), 0);
    await carrier.hears('transfer');
    await server.hangsUp(call);
    for (const board of [anna, ben]) await board.shows('ended', call.from);
  }));
});

test('a phone that is busy: the call rings again for all, with the reason', { skip }, async () => {
  await onPage(server.as('Anna'), (anna) => onPage(server.as('Ben'), async (ben) => {
    for (const board of [anna, ben]) await board.state('Live');
    const call = await server.rings('+15550300020');
    await anna.row('ringing', call.from).getByRole('button').click();
    await ben.reads('#ringing .word', 'Anna is answering');
    carrier.commands.length = 0;
    await carrier.hears('transfer').catch(() => {});
    await carrier.agentIsBusy();
    await ben.reads('#ringing .words', /Anna was busy$/);
    await anna.reads('#said', 'The call rings again for everybody: your phone was busy.');
    await server.hangsUp(call);
    await ben.shows('ended', call.from);
  }));
});

test('a call given back rings for the others', { skip }, async () => {
  await onPage(server.as('Anna'), (anna) => onPage(server.as('Ben'), async (ben) => {
    for (const board of [anna, ben]) await board.state('Live');
    const call = await server.rings('+15550300030');
    await anna.row('ringing', call.from).getByRole('button').click();
    await anna.page.keyboard.press('b'); // as quick as a hand can be
    await ben.reads('#ringing .words', /Anna gave the call back$/);
    await ben.page.keyboard.press('1');
    await ben.shows('mine', call.from);
    await server.hangsUp(call);
    await ben.shows('ended', call.from);
  }));
});

/** A call that has rung and ended, looked at on a board. */
async function lookedAt(board, call) {
  await board.state('Live');
  await board.row('history', call.from).getByRole('button').click();
  await board.page.locator('#notes textarea:enabled').waitFor();
}

const saves = (board) => board.page.getByRole('button', { name: 'Save' }).click();

test('two who write about a call at once: the second is told, sees both, and loses nothing typed', { skip }, async () => {
  const call = await server.rings('+15550300040');
  await server.hangsUp(call);
  await onPage(server.as('Anna'), (anna) => onPage(server.as('Ben'), async (ben) => {
    for (const board of [anna, ben]) await lookedAt(board, call);
    ben.failuresExpected = true; // his first request is answered 412
    const sent = [];
    ben.page.on('request', (request) => request.method() === 'PATCH' && sent.push(request.postDataJSON()));
    await ben.page.fill('#notes textarea', 'Ben: wants the plan.');
    await anna.page.fill('#notes textarea', 'Anna: no plan wanted.');
    await anna.page.fill('#notes input', 'wrong number');
    await saves(anna);
    await anna.page.getByText('Saved', { exact: true }).waitFor();
    await saves(ben);
    await ben.reads('#theirs', /Not saved yet.*Outcome: wrong number.*Notes: Anna: no plan wanted\.$/);
    assert.equal(await ben.page.inputValue('#notes textarea'), 'Ben: wants the plan.');
    assert.equal(await ben.page.inputValue('#notes input'), 'wrong number', 'what he has not touched is as it is now');
    await saves(ben);
    await ben.page.getByText('Saved', { exact: true }).waitFor();
    assert.deepEqual(sent, [{ notes: 'Ben: wants the plan.' }, { notes: 'Ben: wants the plan.' }]);
    await ben.reads('#history .words, #notes .quiet', /Saved|wrong number/);
    await ben.page.reload();
    await lookedAt(ben, call).catch(() => ben.row('history', call.from).getByRole('button').click());
    assert.equal(await ben.page.inputValue('#notes textarea'), 'Ben: wants the plan.');
    assert.equal(await ben.page.inputValue('#notes input'), 'wrong number');
  }));
});

test('a note of a call that was going on does not write over what somebody else wrote when it had ended', { skip }, async () => {
  await onPage(server.as('Anna'), (anna) => onPage(server.as('Ben'), async (ben) => {
    for (const board of [anna, ben]) await board.state('Live');
    const call = await server.rings('+15550300050');
    await anna.row('ringing', call.from).getByRole('button').click();
    await anna.shows('mine', call.from);
    carrier.commands.length = 0;
    await carrier.hears('transfer').catch(() => {});
    await carrier.agentPicksUp();
    await anna.page.locator('#mine textarea').fill('Anna: wants the plan.');
    // Anna is cut off; the call ends and Ben writes before she is back.
    anna.failuresExpected = true;
    await anna.page.context().setOffline(true);
    await anna.page.route('**/api/call-logs/**', (route) => route.abort());
    await server.hangsUp(call);
    await ben.row('history', call.from).getByRole('button').click();
    await ben.page.locator('#notes textarea:enabled').waitFor();
    await ben.page.fill('#notes textarea', 'Ben: they called again.');
    await saves(ben);
    await ben.page.getByText('Saved', { exact: true }).waitFor();
    await anna.page.unroute('**/api/call-logs/**');
    await anna.page.context().setOffline(false);
    await anna.reads('#said', /^Your note on .* is not saved: somebody else has written one meanwhile/);
    await anna.row('history', call.from).getByRole('button').click();
    await anna.page.locator('#notes textarea:enabled').waitFor();
    assert.equal(await anna.page.inputValue('#notes textarea'), 'Anna: wants the plan.');
  }));
});
