// The board in a real browser, before a real callboard.
//
//   CALLBOARD_BIN=target/debug/callboard npm --prefix tests/web test     all of it: the test starts, kills and restarts the server
//   BOARD_URL='http://host/#token=…' npm --prefix tests/web test         only what may be asked of a server that is not ours
//
// BOARD_WEBHOOK (with BOARD_URL): where unsigned webhooks are taken, so that a call can ring there too.
// SCREENSHOTS: the folder for pictures (default target/screenshots). CHROMIUM: the browser (default /usr/bin/chromium).
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import path from 'node:path';
import { launch, onPage as openPage } from './support/browser.mjs';
import { Callboard } from './support/callboard.mjs';
import { Lid } from './support/lid.mjs';

const { BOARD_URL, BOARD_WEBHOOK, CALLBOARD_BIN } = process.env;

const own = CALLBOARD_BIN ? false : 'needs CALLBOARD_BIN';
const rings = CALLBOARD_BIN || BOARD_WEBHOOK ? false : 'needs CALLBOARD_BIN or BOARD_WEBHOOK';
const any = CALLBOARD_BIN || BOARD_URL ? false : 'needs CALLBOARD_BIN or BOARD_URL';

let browser;
let server;
const onPage = (...story) => openPage(browser, ...story);

before(async () => {
  if (any) return;
  server = CALLBOARD_BIN ? await Callboard.create(path.resolve(process.env.INIT_CWD ?? '.', CALLBOARD_BIN)) : Callboard.at(BOARD_URL, BOARD_WEBHOOK);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.ends();
});

afterEach(() => CALLBOARD_BIN && server?.everybodyHangsUp());

test('a token in the fragment signs in and leaves the address bar', { skip: any }, async () => {
  await onPage(server.signedIn, async (board) => {
    await board.state('Live');
    assert.equal(new URL(board.page.url()).hash, '');
    await board.reads('#state-spoken', 'Live');
    await board.page.reload();
    await board.state(/^(Live|Resumed: nothing missed)$/);
    if (CALLBOARD_BIN) {
      await board.reads('#agency', 'Test');
      await board.reads('#me', 'Anna, member');
    }
  });
});

test('before the first call the board says that nobody waits and how to make one ring', { skip: own }, async () => {
  await onPage(server.signedIn, async (board) => {
    await board.page.getByText('Nobody is waiting.', { exact: true }).waitFor();
    await board.reads('#first-call-command', /^curl http.*call\.initiated/);
  });
});

test('a Supabase sign-in at the same address is enough', { skip: own }, async () => {
  await onPage(server.address, async (board) => {
    await board.page.evaluate((token) => localStorage.setItem('sb-test-auth-token', JSON.stringify({ access_token: token })), server.token);
    await board.page.reload();
    await board.state('Live');
    assert.equal(await board.page.locator('#sign-out').isVisible(), false);
  });
});

test('without a token the board asks for one, and takes it', { skip: own }, async () => {
  await onPage(server.address, async (board) => {
    await board.page.locator('#sign-in').waitFor();
    await board.page.fill('#token', 'not a token');
    await board.page.click('#sign-in button');
    await board.reads('#token-problem', /^That is not a token/);
    await board.page.fill('#token', server.token);
    await board.page.click('#sign-in button');
    await board.state('Live');
    assert.ok(!board.page.url().includes(server.token));
    await board.page.click('#sign-out');
    await board.state('Signed out');
    await board.page.reload();
    await board.state('Signed out');
    assert.equal(await board.page.locator('#board').count(), 0);
  });
});

test('a token that the server refuses stops the board with a sentence', { skip: own }, async () => {
  await onPage(`${server.address}#token=ZmFsc2U.e30.ZmFsc2U`, async (board) => {
    await board.reads('#sign-in-why', /^The server did not accept this sign-in/);
    await board.state('Signed out');
  });
});

test('a call rings, waits long, too long, and ends', { skip: rings }, async () => {
  await onPage(server.signedIn, async (board) => {
    await board.state('Live');
    const [calm, warm, hot] = [
      await server.rings('+15550100001'),
      await server.rings('+15550100002', { secondsAgo: 31 }),
      await server.rings('+15550100003', { secondsAgo: 75, name: '<img src=x onerror=alert(1)>' }),
    ];
    for (const call of [calm, warm, hot]) await board.shows('ringing', call.from);
    await board.reads('.ringing .row[data-tone=calm] .word', 'waiting');
    await board.reads('.ringing .row[data-tone=warm] .word', 'waiting long');
    await board.reads('.ringing .row[data-tone=hot] .word', 'waiting too long');
    await board.reads('.ringing .row[data-tone=hot] .time', /^01:\d\d$/);
    assert.match(await board.row('ringing', calm.from).locator('.number').textContent(), /^\+1\s555\s010\s0001$/);
    assert.equal(await board.page.locator('main img').count(), 0);
    await board.page.waitForFunction(() => /^\d+ ringing · callboard$/.test(document.title));
    await board.page.waitForFunction(() => /Somebody is waiting/.test(document.title));
    await board.page.click('#show-latency');
    await board.reads('#latency-fromCommit', /over \d+ events/);

    for (const call of [calm, warm, hot]) await server.hangsUp(call);
    for (const call of [calm, warm, hot]) {
      await board.shows('ended', call.from);
      await board.row('ringing', call.from).waitFor({ state: 'detached' });
    }
    assert.match(await board.row('ended', hot.from).locator('.words').textContent(), /^not answered, waited 1:.*the caller gave up$/);
    if (CALLBOARD_BIN) await board.page.getByText('Nobody is waiting.', { exact: true }).waitFor();
  });
});

test('the timeline of a call: every event with its delay', { skip: own }, async () => {
  await onPage(server.signedIn, async (board) => {
    await board.state('Live');
    const call = await server.rings('+15550100020', { secondsAgo: 12 });
    await server.hangsUp(call);
    await board.row('ended', call.from).getByRole('button').click();
    await board.reads('#timeline li:nth-child(1)', /^\+0:00 Rings.*recorded after 12\.\d s$/);
    await board.reads('#timeline li:nth-child(2)', /^\+0:12 Ended the caller gave up.*recorded after (under 1|\d+) ms$/);
    await board.page.keyboard.press('Escape');
    await board.page.getByRole('heading', { name: 'History' }).waitFor();
  });
});

test('a server killed and started again: the open board is stale, resumes, and says how much it caught up', { skip: own }, async () => {
  await onPage(server.signedIn, async (board) => {
    await board.state('Live');
    const first = await server.rings('+15550100010');
    await board.shows('ringing', first.from);
    const before = await board.seq();

    board.failuresExpected = true;
    await server.dies();
    await board.isStale();
    await board.state(/^Stale for \d+:\d\d, reconnecting$/);
    await board.reads('#state-spoken', /^Stale, reconnecting/);
    assert.equal(await board.row('ringing', first.from).locator('.answer').isDisabled(), true);
    const time = await board.row('ringing', first.from).locator('.time').textContent();
    await board.page.waitForFunction((then) => document.querySelector('#ringing .time').textContent !== then, time);

    // Calls that the page cannot have heard of: taken where it does not look.
    await server.startsElsewhere();
    for (const number of ['+15550100011', '+15550100012', '+15550100013']) await server.rings(number);
    await server.hangsUp(first);
    await server.dies();

    await server.starts();
    await board.networkReturns();
    await board.state('Resumed: caught up 4 events');
    await board.reads('#state-spoken', 'Resumed: caught up 4 events');
    assert.equal(await board.page.locator('#ringing .row').count(), 3);
    await board.shows('ended', first.from);
    assert.equal(await board.seq(), before + 4);
    assert.equal(await board.page.locator('#board[data-stale]').count(), 0);

    await server.dies();
    await board.isStale();
    await server.starts();
    await board.networkReturns();
    await board.state('Resumed: nothing missed');

    const next = await server.rings('+15550100014');
    await board.shows('ringing', next.from);
    await board.page.click('#show-latency');
    assert.equal(await board.page.locator('#faults').count(), 0);
    await board.state('Live');
  });
});

test('the laptop sleeps: on waking the dead connection is found out, and what was missed is caught up', { skip: own }, async () => {
  const lid = await Lid.before(server.address);
  try {
    await onPage(server.signedIn.replace(server.address, lid.address), async (board) => {
      await board.state('Live');
      lid.closes();
      const call = await server.rings('+15550100030');
      board.failuresExpected = true;
      lid.opens();
      await board.networkReturns();
      await board.state('Resumed: caught up 1 event');
      await board.shows('ringing', call.from);
      await server.hangsUp(call);
      await board.shows('ended', call.from);
    });
  } finally {
    lid.ends();
  }
});

test('the token runs out: calls stay in sight, stale, and go on with another one', { skip: own }, async () => {
  const short = await server.tokenFor(3);
  await onPage(`${server.address}#token=${short}`, async (board) => {
    await board.state('Live');
    await board.reads('#sign-in-why', /^Your sign-in ends at/);
    const call = await server.rings('+15550100040');
    await board.shows('ringing', call.from);
    await board.page.fill('#token', server.token);
    await board.page.click('#sign-in button');
    await board.page.locator('#sign-in').waitFor({ state: 'detached' });
    await board.state('Live');
    await server.hangsUp(call);
    await board.shows('ended', call.from);
  });
});

test('a reload asks only for the difference', { skip: own }, async () => {
  await onPage(server.signedIn, async (board) => {
    await board.state('Live');
    const call = await server.rings('+15550100050');
    await board.shows('ringing', call.from);
    const greeting = board.page.waitForEvent('websocket').then((socket) => socket.waitForEvent('framesent'));
    await board.page.reload();
    assert.ok(JSON.parse((await greeting).payload).position.seq > 0);
    await board.shows('ringing', call.from);
    await board.state(/^(Live|Resumed: .*)$/);
    await server.hangsUp(call);
    await board.shows('ended', call.from);
  });
});

test('the wall shows who waits, without a button', { skip: own }, async () => {
  await onPage(server.signedIn.replace('#', 'wall#'), async (board) => {
    await board.state('Live');
    const call = await server.rings('+15550100060', { secondsAgo: 70 });
    await board.shows('ringing', call.from);
    await board.reads('#wall-longest', /^1:\d\d$/);
    assert.equal(await board.page.getByRole('button').count(), 0);
    const missed = Number(await board.text('#wall-missed'));
    await server.hangsUp(call);
    await board.reads('#wall-missed', String(missed + 1));
    await board.page.locator('.chart .lost:not([height="0"])').first().waitFor();
    await board.row('ringing', call.from).waitFor({ state: 'detached' });
  });
});

test('five hundred calls on the board: drawn at once, and nothing stutters', { skip: own }, async () => {
  const calls = [];
  for (let i = 0; i < 500; i += 25) {
    const batch = Array.from({ length: 25 }, (_, j) => server.rings(`+1555020${String(i + j).padStart(4, '0')}`, { secondsAgo: (500 - i) / 5 }));
    calls.push(...(await Promise.all(batch)));
  }
  await onPage(server.signedIn, async (board) => {
    await board.page.waitForFunction(() => document.querySelectorAll('#ringing > li').length >= 500);
    // What one second costs, digits and all, and one more call: in milliseconds of the page's own work.
    await board.page.evaluate(() => {
      globalThis.longest = 0;
      new PerformanceObserver((list) => list.getEntries().forEach(({ duration }) => (globalThis.longest = Math.max(globalThis.longest, duration)))).observe({ type: 'longtask' });
    });
    for (const call of calls.slice(0, 40)) await server.hangsUp(call);
    await board.page.waitForFunction(() => document.querySelectorAll('#ended > li').length === 10);
    await board.row('ringing', calls[39].from).waitFor({ state: 'detached' });
    const longest = await board.page.evaluate(() => globalThis.longest);
    console.log(`500 calls: the longest task took ${longest} ms`);
    assert.ok(longest < 500, `a task of ${longest} ms`);
    await board.pictured('five-hundred');
    await board.isAccessible();
  });
  for (let i = 40; i < calls.length; i += 25) await Promise.all(calls.slice(i, i + 25).map((call) => server.hangsUp(call)));
});
