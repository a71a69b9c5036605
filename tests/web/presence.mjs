// People see who is there: two browsers and a wall before a real callboard, whose carrier takes commands.
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

/** What a person is on a board. */
const is = (board, name, state) => board.page.locator(`#there li[data-agent="${server.people[name].id}"][data-state="${state}"]`).waitFor();

async function wrapUp(seconds) {
  const answer = await fetch(`${server.address}api/agency`, {
    method: 'PATCH',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${server.people.Olivia.token}` },
    body: JSON.stringify({ wrap_up_s: seconds }),
  });
  assert.equal(answer.status, 200);
}

/** Counts the tones that the page would play. */
const listens = (page) => page.addInitScript(() => {
  globalThis.tones = 0;
  const start = globalThis.OscillatorNode.prototype.start;
  globalThis.OscillatorNode.prototype.start = function begin(...when) {
    globalThis.tones += 1;
    return start.apply(this, when);
  };
});

test('two people see each other there, and one takes a call and wraps up', { skip }, async () => {
  await wrapUp(600);
  await onPage(server.as('Anna'), async (anna) => {
    await onPage(server.as('Ben'), async (ben) => {
      await is(anna, 'Ben', 'available');
      await is(ben, 'Anna', 'available');
      await anna.reads('#there-gone', 'Not there: Olivia');
      await anna.isAccessible();
      await anna.pictured('there', { widths: [320, 768, 1440] });

      const call = await server.rings('+15550300001');
      await anna.shows('ringing', call.from);
      await anna.page.keyboard.press('Space');
      await anna.shows('mine', call.from);
      await is(ben, 'Anna', 'busy');
      await anna.reads('#mine .word', 'Your phone is ringing. Pick it up.');
      await new Promise((again) => setTimeout(again, 200));
      await carrier.agentPicksUp();
      await anna.reads('#mine .word', 'Connected');
      await anna.pictured('there-busy', { widths: [1440], schemes: ['light'] });
      await anna.page.keyboard.press('e');
      await anna.shows('ended', call.from);

      await is(ben, 'Anna', 'wrap_up');
      await anna.reads('#quiet-line span', /^Wrapping up, 0?9:\d\d left\. This page does not ring for you\.$/);
      await anna.isAccessible();
      await anna.pictured('wrap-up', { widths: [320, 1440] });
      await anna.page.keyboard.press('p');
      await is(ben, 'Anna', 'available');
      assert.equal(await anna.page.locator('#quiet-line').count(), 0);
    });
  });
  await wrapUp(0);
});

test('whoever is away is not rung at, and comes back by the same key', { skip }, async () => {
  const prepare = listens;
  await openPage(browser, server.as('Anna'), async (anna) => {
    await anna.state('Live');
    await anna.page.click('#agency');
    await anna.page.keyboard.press('p');
    await anna.page.locator('#state-menu').waitFor();
    await anna.isAccessible();
    await anna.pictured('state-menu', { widths: [320, 1440] });
    await anna.page.click('#state-menu button[data-choice=lunch]');
    await anna.reads('#my-state', /Away: lunch/);
    await anna.reads('#quiet-line span', 'Away: lunch. This page does not ring for you.');
    await onPage(server.as('Ben'), async (ben) => {
      await is(ben, 'Anna', 'away');
      await ben.reads(`#there li[data-agent="${server.people.Anna.id}"] .what bdi`, 'Away: lunch');
    });

    const before = await anna.page.evaluate(() => globalThis.tones);
    const call = await server.rings('+15550300002');
    await anna.shows('ringing', call.from);
    await new Promise((later) => setTimeout(later, 2_500));
    assert.equal(await anna.page.evaluate(() => globalThis.tones), before, 'the page has rung');
    await anna.pictured('away', { widths: [320, 1440] });
    await anna.page.keyboard.press('p');
    await anna.reads('#my-state', /Available/);
    await anna.page.waitForFunction((silent) => globalThis.tones > silent, before);
  }, { prepare });
});

test('a reload does not flicker, and remembers who is there', { skip }, async () => {
  await onPage(server.as('Ben'), async (ben) => {
    await onPage(server.as('Anna'), async (anna) => {
      await is(ben, 'Anna', 'available');
      const seq = await ben.seq();
      await anna.page.reload();
      await anna.state(/^(Live|Resumed: nothing missed)$/);
      await is(anna, 'Ben', 'available');
      await new Promise((later) => setTimeout(later, 2_500));
      assert.equal(await ben.seq(), seq, 'something was told of a reload');
    });
  });
});

test('the wall counts people, and the day of each is on the page', { skip }, async () => {
  await onPage(server.as('Ben'), async (ben) => {
    await ben.state('Live');
    await onPage(server.as('Olivia', 'wall'), async (wall) => {
      await wall.reads('#wall-available', /^[23]$/);
      await wall.reads('#wall-busy', '0');
      await wall.reads('#wall-away', '0');
      await wall.isAccessible();
      await wall.pictured('wall-people', { widths: [320, 1440, 3840], schemes: ['dark'] });
    });
    await ben.page.click('#show-day');
    await ben.page.locator('#day tbody tr').first().waitFor();
    const cells = await ben.page.locator(`#day tr[data-agent="${server.people.Anna.id}"] td`).allTextContents();
    assert.equal(cells[0], '1', cells.join(' | '));
    await ben.isAccessible();
    await ben.pictured('day', { widths: [320, 1440] });
  });
});

test('an owner says why people may be away and how long they write', { skip }, async () => {
  await onPage(server.as('Olivia'), async (board) => {
    await board.state('Live');
    await board.page.click('#show-settings');
    await board.page.fill('#agency-away_reasons', 'tea\nlunch');
    await board.page.fill('#agency-wrap_up_s', '30');
    await board.page.click('#agency-form button[type=submit]');
    await board.reads('#agency-form .done', 'Saved. Everybody sees it from now on.');
    await board.page.click('#my-state');
    await board.page.click('#state-menu button[data-choice=tea]');
    await board.reads('#my-state', /Away: tea/);
  });
});
