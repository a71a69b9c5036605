// What reaches people who do not look: sound, notifications, the title, keys, a screen reader's words and order.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import path from 'node:path';
import { launch, onPage } from './support/browser.mjs';
import { Callboard } from './support/callboard.mjs';
import { BEN, MINE, StandIn, TOKEN, call } from './support/standin.mjs';

const { CALLBOARD_BIN } = process.env;
const skip = CALLBOARD_BIN ? false : 'needs CALLBOARD_BIN';
let browser;
let server;

before(async () => {
  if (skip) return;
  server = await Callboard.create(path.resolve(process.env.INIT_CWD ?? '.', CALLBOARD_BIN));
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.ends();
});

/** Counts what would be heard and shown, and lets the test say whether somebody looks. */
function spies() {
  globalThis.tones = [];
  globalThis.notices = [];
  const create = AudioContext.prototype.createOscillator;
  AudioContext.prototype.createOscillator = function tone() {
    const made = create.call(this);
    queueMicrotask(() => globalThis.tones.push(made.frequency.value));
    return made;
  };
  globalThis.Notification = class {
    static permission = 'granted';
    static requestPermission = async () => 'granted';
    constructor(title, { body }) {
      Object.assign(this, { title, body, open: true });
      globalThis.notices.push(this);
    }
    close() {
      this.open = false;
    }
  };
  Object.defineProperty(document, 'hidden', { get: () => globalThis.looksElsewhere === true });
}

async function withSpies(setting, story) {
  const standIn = new StandIn(setting);
  await onPage(browser, `${server.address}#token=${TOKEN}`, async (board) => {
    await board.state('Live');
    await story(board, standIn);
  }, {
    prepare: async (page) => {
      await page.addInitScript(spies);
      await standIn.stands(page);
    },
  });
}

test('sound: one click turns it on, it rings while somebody waits, M mutes it, and that is remembered', { skip }, async () => {
  await withSpies({ calls: [call(2)] }, async (board, standIn) => {
    const { page } = board;
    await board.reads('#sound', 'Turn on sound');
    assert.deepEqual(await page.evaluate(() => globalThis.tones), []);
    await page.click('#sound');
    await board.reads('#sound', 'Sound on');
    await page.waitForFunction(() => globalThis.tones.length >= 2);
    await page.keyboard.press('m');
    await board.reads('#sound', 'Sound off');
    await page.reload();
    await board.reads('#sound', 'Sound off');
    await page.keyboard.press('m');
    await page.waitForFunction(() => globalThis.tones.length >= 2);
    standIn.event('call.answering', { ...standIn.calls[0], status: 'answering', ...BEN });
    await board.reads('#ringing .word', 'Ben is answering');
    const before = await page.evaluate(() => globalThis.tones.length);
    await new Promise((later) => setTimeout(later, 3_500));
    assert.equal(await page.evaluate(() => globalThis.tones.length), before, 'it rings on although nobody waits');
  });
});

test('a race lost is heard: one low tone', { skip }, async () => {
  await withSpies({ calls: [call(2)] }, async (board, standIn) => {
    standIn.answers.set(`POST /api/telnyx/calls/${encodeURIComponent(standIn.calls[0].call_control_id)}/answer`, [409, { error: 'x', answered_by_name: 'Ben' }]);
    board.failuresExpected = true;
    await board.page.keyboard.press('a');
    await board.reads('#said', 'Ben was faster.');
    await board.page.waitForFunction(() => globalThis.tones.filter((tone) => tone < 250).length === 1);
  });
});

test('a notification comes when somebody looks elsewhere, and goes when the call is taken', { skip }, async () => {
  await withSpies({}, async (board, standIn) => {
    const { page } = board;
    await page.click('#notices');
    await board.reads('#notices', 'Notifying');
    await page.evaluate(() => (globalThis.looksElsewhere = true));
    const rings = call(3, { caller_name: 'Ada Lovelace' });
    standIn.event('call.incoming', rings);
    await page.waitForFunction(() => globalThis.notices.length === 1);
    const notice = await page.evaluate(() => ({ ...globalThis.notices[0] }));
    assert.match(`${notice.title}; ${notice.body}`, /^\u2068Ada Lovelace\u2069, \u2068\+1\s555.*\u2069 is calling; Waiting for 0:0\d$/);
    standIn.event('call.answering', { ...rings, status: 'answering', ...BEN });
    await page.waitForFunction(() => !globalThis.notices[0].open);
    assert.equal(await page.evaluate(() => globalThis.notices.length), 1);
  });
});

test('the title flashes for as long as nobody can hear the ring', { skip }, async () => {
  await withSpies({ calls: [call(2)] }, async (board) => {
    await board.page.waitForFunction(() => document.title === '● Somebody is waiting');
    await board.page.waitForFunction(() => document.title === '1 ringing · callboard');
    await board.page.click('#sound');
    await new Promise((later) => setTimeout(later, 2_100));
    const seen = [];
    for (let i = 0; i < 12; i += 1) {
      seen.push(await board.page.title());
      await new Promise((later) => setTimeout(later, 200));
    }
    assert.deepEqual([...new Set(seen)], ['1 ringing · callboard']);
  });
});

test('keys: numbers take rows, letters act on my call, and writing is only writing', { skip }, async () => {
  const asked = [];
  await withSpies({ calls: [call(40), call(30), call(20), call(50, { status: 'answered', connected: true, ...MINE })] }, async (board, standIn) => {
    const { page } = board;
    page.on('request', (request) => request.method() === 'POST' && asked.push(new URL(request.url()).pathname));
    board.failuresExpected = true;
    const path_ = (which, action) => `/api/telnyx/calls/${encodeURIComponent(standIn.calls[which].call_control_id)}/${action}`;
    const next = async (key) => {
      const request = page.waitForRequest((one) => one.method() === 'POST');
      await page.keyboard.press(key);
      return new URL((await request).url()).pathname;
    };
    assert.equal(await next('2'), path_(1, 'answer'));
    await page.waitForFunction(() => document.querySelectorAll('#ringing .answer').length === 3);
    assert.equal(await next('Space'), path_(0, 'answer'));
    assert.equal(await next('e'), path_(3, 'end'));
    await page.keyboard.press('n');
    await page.keyboard.type('a 1 e ');
    assert.equal(await page.locator('#mine textarea').inputValue(), 'a 1 e ');
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.getByRole('heading', { name: 'Keys' }).waitFor();
    await page.keyboard.press('/');
    await page.waitForFunction(() => document.activeElement?.id === 'history-number');
    assert.equal(asked.length, 3);
  });
});

test('a screen reader meets who is waiting first, and buttons say whose call they are', { skip }, async () => {
  await withSpies({ calls: [call(40, { caller_name: 'Ada Lovelace' }), call(50, { status: 'answered', connected: true, ...BEN })] }, async (board) => {
    const { page } = board;
    await board.reads('#agency', 'Northwind Estates');
    const headings = await page.getByRole('heading').allInnerTexts();
    assert.deepEqual(headings.map((text) => text.split('\n')[0].replace(/\s*\d+$/, '')), ['Northwind Estates', 'Ringing', 'Answered', 'Ended just now', 'History']);
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'To the ringing calls');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    const name = await page.evaluate(() => document.activeElement.textContent.replace(/[\u2068\u2069]/g, '').replace(/\s+/g, ' '));
    assert.match(name, /Answer Ada Lovelace, \+1 555/);
    const spoken = await page.locator('[role=status]').allTextContents();
    assert.ok(spoken.includes('1 caller is waiting') && spoken.includes('Live'), JSON.stringify(spoken));
  });
});

const answerOf = (its) => `POST /api/telnyx/calls/${encodeURIComponent(its.call_control_id)}/answer`;

/** A reply that comes when the story wants it. */
function held(reply = { success: true }) {
  let release;
  const until = new Promise((go) => (release = go));
  return { answers: () => until.then(() => reply), release };
}

test('no key is swallowed: what comes while the taking is under way is done after it, or said why not', { skip }, async () => {
  for (const [key, action] of [['b', 'release'], ['e', 'end']]) {
    await withSpies({ calls: [call(9)] }, async (board, standIn) => {
      const [its] = standIn.calls;
      const reply = held();
      standIn.answers.set(answerOf(its), reply.answers);
      standIn.answers.set(answerOf(its).replace('answer', action), { success: true });
      await board.page.keyboard.press('a');
      await board.reads('#ringing .word', 'Asking for the call…');
      await board.page.keyboard.press(key); // the event that makes it mine has not come
      await board.page.keyboard.press(key); // nor is a second press a second wish
      standIn.event('call.answering', { ...its, status: 'answering', ...MINE });
      await board.shows('mine', its.from_number);
      await board.page.keyboard.press(key);
      assert.equal(standIn.asked.filter(({ method }) => method === 'POST').length, 1);
      reply.release();
      await board.page.waitForFunction(() => document.querySelectorAll('#said p').length === 0);
      const done = () => standIn.asked.filter(({ method }) => method === 'POST').map(({ path: where }) => where.split('/').at(-1));
      const giveUp = Date.now() + 10_000;
      while (done().length < 2 && Date.now() < giveUp) await board.page.waitForTimeout(20);
      assert.deepEqual(done(), ['answer', action]);
    });
  }
});

test('a button pressed while the taking is under way is not lost either', { skip }, async () => {
  await withSpies({ calls: [call(9)] }, async (board, standIn) => {
    const [its] = standIn.calls;
    const reply = held();
    standIn.answers.set(answerOf(its), reply.answers);
    standIn.answers.set(answerOf(its).replace('answer', 'end'), { success: true });
    await board.page.click('#ringing .answer');
    standIn.event('call.answering', { ...its, status: 'answering', ...MINE });
    await board.page.click('#mine .hang-up');
    const ended = board.page.waitForRequest((request) => request.url().endsWith('/end'));
    reply.release();
    await ended;
  });
});

test('a click is not lost when the list moves between the pressing and the letting go', { skip }, async () => {
  await withSpies({ calls: [call(40), call(30), call(20)] }, async (board, standIn) => {
    const { page } = board;
    const [first, , third] = standIn.calls;
    standIn.answers.set(answerOf(third), { success: true });
    await page.locator(`[data-call="${third.id}"] .answer`).hover();
    await page.mouse.down();
    standIn.event('call.ended', { ...first, status: 'ended', ended_at: new Date().toISOString() }, { reason: 'hangup' });
    await page.evaluate(() => new Promise((drawn) => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(drawn)), 100)));
    const asked = page.waitForRequest((request) => request.url().endsWith('/answer'));
    await page.mouse.up();
    assert.equal(new URL((await asked).url()).pathname, answerOf(third).slice(5));
    await board.row('ringing', first.from_number).waitFor({ state: 'detached' });
  });
});

test('a call that ended on the board alone is said to have', { skip }, async () => {
  await withSpies({ calls: [call(50, { status: 'answered', connected: true, ...MINE })] }, async (board, standIn) => {
    standIn.answers.set(answerOf(standIn.calls[0]).replace('answer', 'end'), { success: true, message: 'Call ended', board_only: true });
    await board.page.keyboard.press('e');
    await board.reads('#said', 'The carrier could not be told, so the call has ended on this board alone.');
  });
});

test('a key that can do nothing says why', { skip }, async () => {
  const press = async (board, key, words) => {
    await board.page.keyboard.press(key);
    await board.page.waitForFunction((text) => [...document.querySelectorAll('#said p')].some((one) => one.textContent === text), words);
  };
  await withSpies({}, async (board) => {
    await press(board, 'Space', 'Nobody is waiting to be answered.');
    await press(board, '4', 'Nobody waits in row 4.');
    for (const key of ['b', 'e', 'n']) await press(board, key, 'You have no call.');
  });
  await withSpies({ calls: [call(50, { status: 'answered', connected: true, ...MINE }), call(3)] }, async (board, standIn) => {
    await press(board, 'b', 'You have picked up, so the call cannot be given back any more. It can be hung up.');
    standIn.answers.set(answerOf(standIn.calls[1]), held().answers);
    await board.page.keyboard.press('1');
    await press(board, '1', 'Asking for the call…');
    await press(board, 'Space', 'Asking for the call…');
  });
  await withSpies({ calls: [call(3), call(9, { status: 'answering', ...MINE })] }, async (board, standIn) => {
    await press(board, 'n', 'Notes can be written when you talk.');
    board.failuresExpected = true;
    standIn.greeting = 'none';
    await standIn.closes(1012);
    await board.isStale();
    for (const key of ['a', '1', 'e', 'b']) await press(board, key, 'Not while the connection is lost.');
  });
});

test('a break of less than a second is not spoken, a longer one is', { skip }, async () => {
  await withSpies({ calls: [call(20)] }, async (board, standIn) => {
    await board.page.evaluate(() => {
      globalThis.spoken = [];
      const region = document.getElementById('state-spoken');
      new MutationObserver(() => globalThis.spoken.push(region.textContent)).observe(region, { subtree: true, childList: true, characterData: true });
      Math.random = () => 0; // the back-off is by chance
    });
    board.failuresExpected = true;
    for (let breaks = 1; breaks <= 3; breaks += 1) {
      await standIn.closes(1012);
      const giveUp = Date.now() + 10_000;
      while (standIn.sockets.length <= breaks && Date.now() < giveUp) await board.page.waitForTimeout(10);
      await board.state('Resumed: nothing missed');
    }
    await board.page.waitForTimeout(1_500);
    assert.deepEqual(await board.page.evaluate(() => globalThis.spoken), []);
    standIn.greeting = 'none';
    await standIn.closes(1013);
    await board.reads('#state-spoken', /^Stale, reconnecting\. The server’s database/);
    standIn.greeting = 'snapshot';
    await board.page.evaluate(() => window.dispatchEvent(new Event('online')));
    await board.page.waitForTimeout(1_100);
    await board.page.evaluate(() => window.dispatchEvent(new Event('online')));
    await board.reads('#state-spoken', 'Resumed: nothing missed');
  });
});

test('names that would turn the words around or hide do neither: in rows, buttons, notices and notifications', { skip }, async () => {
  const tricky = { from_number: 'sip:restricted@10.0.0.1', caller_name: '\u202eAda\u200b\u0007' };
  await withSpies({ calls: [call(9, tricky), call(5, { from_number: '+266696687', caller_name: '\u200b\u200d' })] }, async (board, standIn) => {
    const { page } = board;
    const [first] = standIn.calls;
    const row = page.locator(`[data-call="${first.id}"]`);
    assert.equal(await row.locator('.number').textContent(), 'Number withheld');
    assert.equal(await row.locator('.name').textContent(), 'Ada');
    assert.match(await row.locator('.answer').textContent(), /\u2068Ada\u2069, \u2068Number withheld\u2069/);
    assert.equal(await page.locator('#ringing .name').count(), 1);
    assert.equal(await page.locator('#ringing > li:nth-child(2) .number').textContent(), 'Number withheld');

    standIn.answers.set(answerOf(first), [409, { error: 'x', answered_by_name: '\u202ehtinA\u2069\u0007' }]);
    board.failuresExpected = true;
    await page.keyboard.press('a');
    await page.waitForFunction(() => document.querySelector('#said')?.textContent === '\u2068htinA\u2069 was faster.');
    standIn.event('call.answering', { ...first, status: 'answering', ...BEN, answered_by_name: '\u2067דוד' });
    await page.waitForFunction(() => document.querySelector('#ringing .word')?.textContent === '\u2068דוד\u2069 is answering');
    await page.click('#notices');
    await page.evaluate(() => (globalThis.looksElsewhere = true));
    standIn.event('call.incoming', call(1, { caller_name: '\u202eEve\n', from_number: 'Anonymous@anonymous.invalid' }));
    await page.waitForFunction(() => globalThis.notices.some(({ title }) => title === '\u2068Eve\u2069, \u2068Number withheld\u2069 is calling'));
  });
});
