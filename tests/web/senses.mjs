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
    assert.match(`${notice.title}; ${notice.body}`, /^Ada Lovelace, \+1\s555.* is calling; Waiting for 0:0\d$/);
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
  await withSpies({ calls: [call(40, { caller_name: 'Ada Lovelace' }), call(50, { status: 'answered', connected: true, ...BEN })] }, async ({ page, ...board }) => {
    const headings = await page.getByRole('heading').allInnerTexts();
    assert.deepEqual(headings.map((text) => text.split('\n')[0].replace(/\s*\d+$/, '')), ['Northwind Estates', 'Ringing', 'Answered', 'Ended just now', 'History']);
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'To the ringing calls');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    const name = await page.evaluate(() => document.activeElement.textContent.replace(/\s+/g, ' '));
    assert.match(name, /Answer Ada Lovelace, \+1 555/);
    const spoken = await page.locator('[role=status]').allTextContents();
    assert.ok(spoken.includes('1 caller is waiting') && spoken.includes('Live'), JSON.stringify(spoken));
  });
});
