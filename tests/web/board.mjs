// The board in a real browser, before a real callboard.
//
//   CALLBOARD_BIN=target/debug/callboard npm --prefix tests/web test     all of it: the test starts, kills and restarts the server
//   BOARD_URL='http://host/#token=…' npm --prefix tests/web test         only what may be asked of a server that is not ours
//
// BOARD_WEBHOOK (with BOARD_URL): where unsigned webhooks are taken, so that a call can ring there too.
// SCREENSHOTS: the folder for pictures (default target/screenshots). CHROMIUM: the browser (default /usr/bin/chromium).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { Callboard } from './callboard.mjs';

const { BOARD_URL, BOARD_WEBHOOK, CALLBOARD_BIN } = process.env;
const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const PICTURES = path.resolve(process.env.SCREENSHOTS ?? path.join(ROOT, 'target/screenshots'));
const DEADLINE_MS = 20_000;
const CHROMIUM_ARGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

const own = CALLBOARD_BIN ? false : 'needs CALLBOARD_BIN';
const rings = CALLBOARD_BIN || BOARD_WEBHOOK ? false : 'needs CALLBOARD_BIN or BOARD_WEBHOOK';
const any = CALLBOARD_BIN || BOARD_URL ? false : 'needs CALLBOARD_BIN or BOARD_URL';

let browser;
let server;

before(async () => {
  if (any) return;
  mkdirSync(PICTURES, { recursive: true });
  server = CALLBOARD_BIN ? await Callboard.create(path.resolve(process.env.INIT_CWD ?? '.', CALLBOARD_BIN)) : Callboard.at(BOARD_URL, BOARD_WEBHOOK);
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: CHROMIUM_ARGS });
});

after(async () => {
  await browser?.close();
  await server?.ends();
});

/** Opens a page of its own and says afterwards whether anything was wrong on it. */
async function onPage(address, story) {
  const context = await browser.newContext({ colorScheme: 'light', viewport: { width: 1440, height: 900 } });
  context.setDefaultTimeout(DEADLINE_MS);
  const page = await context.newPage();
  const board = new BoardPage(page);
  try {
    await page.goto(address);
    await story(board);
    assert.deepEqual(board.errors, [], 'the browser console has errors');
  } finally {
    await context.close();
  }
}

class BoardPage {
  errors = [];
  /** While the server is dead, failed connections are what should happen. */
  serverMayBeAway = false;

  constructor(page) {
    this.page = page;
    page.on('pageerror', (error) => this.errors.push(String(error)));
    page.on('console', (message) => {
      const network = /WebSocket connection to .* failed|net::ERR_/.test(message.text());
      if (message.type() === 'error' && !(network && this.serverMayBeAway)) this.errors.push(message.text());
    });
  }

  /** Waits until the text of what `selector` names is, or matches, `expected`. */
  async reads(selector, expected) {
    const pattern = expected instanceof RegExp ? expected.source : `^${expected.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`;
    try {
      await this.page.waitForFunction(
        ([where, what]) => new RegExp(what).test(document.querySelector(where)?.textContent.replaceAll('\u00a0', ' ') ?? ''),
        [selector, pattern],
      );
    } catch (cause) {
      const text = await this.page.locator(selector).allTextContents();
      throw new Error(`${selector} should read ${pattern}, but reads ${JSON.stringify(text)}`, { cause });
    }
  }

  state(expected) {
    return this.reads('#state-words', expected);
  }

  text(selector) {
    return this.page.locator(selector).textContent();
  }

  /** The row of a caller in one of the lists: ringing, answered or ended. */
  row(list, number) {
    return this.page.locator(`#${list} .row`).filter({ has: this.page.locator(`.number[title="${number}"]`) });
  }

  shows(list, number) {
    return this.row(list, number).waitFor();
  }

  isStale() {
    return this.page.locator('#board[data-stale]').waitFor();
  }

  /** The browser's own word that the network is back: the page does not sit out its back-off. */
  networkReturns() {
    return this.page.evaluate(() => window.dispatchEvent(new Event('online')));
  }

  /** Pictures for people to look at; what a program can see of them is that nothing sticks out sideways. */
  async pictured(name) {
    for (const width of [320, 768, 1440]) {
      for (const colorScheme of ['light', 'dark']) {
        await this.page.setViewportSize({ width, height: 900 });
        await this.page.emulateMedia({ colorScheme });
        const over = await this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(over, 0, `${name} is ${over} px too wide at ${width} px`);
        await this.page.screenshot({ path: path.join(PICTURES, `${name}-${width}-${colorScheme}.png`) });
      }
    }
  }
}

test('a token in the fragment signs in and leaves the address bar', { skip: any }, async () => {
  await onPage(server.signedIn, async (board) => {
    await board.state('Live');
    assert.equal(new URL(board.page.url()).hash, '');
    await board.reads('[role=status]', 'Live');
    await board.page.reload();
    await board.state('Live');
    if (CALLBOARD_BIN) {
      await board.reads('#agency', 'Test');
      await board.reads('#me', 'Anna, member');
    }
  });
});

test('before the first call the board says that nobody waits and how to make one ring', { skip: own }, async () => {
  await onPage(server.signedIn, async (board) => {
    await board.page.getByText('Nobody is waiting.').waitFor();
    await board.reads('#first-call-command', /^curl http.*call\.initiated/);
    await board.pictured('nobody-waiting');
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
    await board.pictured('signed-out');
    await board.page.fill('#token', 'not a token');
    await board.page.click('#sign-in button');
    await board.reads('#token-problem', /^That is not a token/);
    await board.page.fill('#token', server.token);
    await board.page.click('#sign-in button');
    await board.state('Live');
    assert.ok(!board.page.url().includes(server.token));
    await board.page.click('#sign-out');
    await board.state('Signed out');
    assert.equal(await board.page.locator('#board').isVisible(), false);
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
    assert.match(await board.page.title(), /^\d+ ringing · callboard$/);
    assert.doesNotMatch(await board.text('#from-commit'), /no live event/);
    if (CALLBOARD_BIN) await board.pictured('three-ringing');

    for (const call of [calm, warm, hot]) await server.hangsUp(call);
    for (const call of [calm, warm, hot]) {
      await board.shows('ended', call.from);
      await board.row('ringing', call.from).waitFor({ state: 'detached' });
    }
    assert.match(await board.row('ended', hot.from).locator('.words').textContent(), /^not answered, waited 1:.*the caller gave up$/);
    if (CALLBOARD_BIN) {
      await board.page.getByText('Nobody is waiting.').waitFor();
      await board.pictured('ended');
    }
  });
});

test('a server killed and started again: the open board is stale, resumes, and says how much it caught up', { skip: own }, async () => {
  await onPage(server.signedIn, async (board) => {
    await board.state('Live');
    const first = await server.rings('+15550100010');
    await board.shows('ringing', first.from);
    const before = Number((await board.text('#seq')).replace(/\D/g, ''));

    board.serverMayBeAway = true;
    await server.dies();
    await board.isStale();
    await board.state(/^Stale for \d+:\d\d, reconnecting$/);
    await board.reads('[role=status]', /^Stale, reconnecting/);
    const time = await board.row('ringing', first.from).locator('.time').textContent();
    await board.page.waitForFunction((then) => document.querySelector('#ringing .time').textContent !== then, time);
    await board.pictured('stale');

    // Calls that the page cannot have heard of: taken where it does not look.
    await server.startsElsewhere();
    for (const number of ['+15550100011', '+15550100012', '+15550100013']) await server.rings(number);
    await server.hangsUp(first);
    await server.dies();

    await server.starts();
    await board.networkReturns();
    await board.state('Resumed: caught up 4 events');
    await board.reads('[role=status]', 'Resumed: caught up 4 events');
    assert.equal(await board.page.locator('#ringing .row').count(), 3);
    await board.shows('ended', first.from);
    assert.equal(Number((await board.text('#seq')).replace(/\D/g, '')), before + 4);
    assert.equal(await board.page.locator('#board[data-stale]').count(), 0);
    await board.pictured('resumed');

    await server.dies();
    await board.isStale();
    await server.starts();
    await board.networkReturns();
    await board.state('Resumed: nothing missed');
    board.serverMayBeAway = false;

    const next = await server.rings('+15550100014');
    await board.shows('ringing', next.from);
    await board.state('Live');
    await board.reads('#facts-note', '');
  });
});
