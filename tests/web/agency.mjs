// An owner sets the agency up on the page, and hangs a display on the wall: Chromium before a real callboard.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import path from 'node:path';
import { launch, onPage as openPage } from './support/browser.mjs';
import { Callboard } from './support/callboard.mjs';

const { CALLBOARD_BIN } = process.env;
const skip = CALLBOARD_BIN ? false : 'needs CALLBOARD_BIN';
let browser;
let server;
const onPage = (...story) => openPage(browser, ...story);

before(async () => {
  if (skip) return;
  server = await Callboard.create(path.resolve(process.env.INIT_CWD ?? '.', CALLBOARD_BIN));
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.ends();
});

afterEach(() => server?.everybodyHangsUp());

const settings = async (board) => {
  await board.state('Live');
  await board.page.click('#show-settings');
  await board.page.locator('#agency-form').waitFor();
};

test('an owner says how the agency works, and everybody sees it', { skip }, async () => {
  const called = '+15559876543';
  await onPage(server.as('Olivia'), async (board) => {
    await settings(board);
    const { page } = board;
    await page.fill('#agency-name', 'Acme & Sons');
    await page.fill('#agency-time_zone', 'America/New_York');
    await page.fill('#agency-ring_s', '15');
    await page.fill('#agency-service_level_s', '30');
    await page.fill('#agency-numbers', `${called} Sales`);
    await page.click('#agency-form button[type=submit]');
    await board.reads('#agency-form .done', 'Saved. Everybody sees it from now on.');
    await board.reads('#agency', 'Acme & Sons');
    await board.isAccessible();
    await board.pictured('agency', { widths: [320, 1440] });

    // What the server refuses is said beside the form, and nothing typed is lost.
    board.failuresExpected = true;
    await page.fill('#agency-time_zone', 'Mars/Olympus');
    await page.click('#agency-form button[type=submit]');
    await board.reads('#agency-form .problem', /time_zone: a zone of the IANA database/);
    assert.equal(await page.inputValue('#agency-time_zone'), 'Mars/Olympus');
  });
  await onPage(server.as('Anna'), async (board) => {
    await board.state('Live');
    await board.reads('#agency', 'Acme & Sons');
    const call = await server.rings('+15550300001', { to: called });
    await board.shows('ringing', call.from);
    await board.reads('#ringing .words', /to Sales/);
    assert.equal(await board.page.locator('#show-settings').count(), 0);
  });
  await onPage(server.as('Anna', 'wall'), async (board) => {
    await board.reads('#wall-day', /America\/New_York$/);
    await board.reads('dl.small', /within 30 s/);
  });
});

test('a display shows the wall with numbers masked until its key is removed', { skip }, async () => {
  const call = await server.rings('+15551234534');
  await onPage(server.as('Olivia'), async (board) => {
    await settings(board);
    const { page } = board;
    await page.fill('#key-name', 'Television in the hall');
    await page.click('#new-key button[type=submit]');
    await page.locator('#new-key-text').waitFor();
    await board.isAccessible();
    await board.pictured('program-keys', { widths: [320, 1440] });
    const address = await board.text('#new-key-text');
    assert.match(address, /\/wall#key=cbk_[\w-]{43}$/);
    await board.reads('#program-keys li .quiet', /show the wallboard, numbers masked · never used$/);

    await onPage(address, async (wall) => {
      await wall.state('Live');
      await wall.reads('#ringing .number', '+1•••••••34');
      assert.equal(new URL(wall.page.url()).hash, '', 'the key stays in the address bar');
      assert.ok(!(await wall.page.content()).includes(call.from));
      // Switched off and on again, without its address.
      await wall.page.goto(new URL('/wall', address).href);
      await wall.state('Live');
      await wall.reads('#ringing .number', '+1•••••••34');

      wall.failuresExpected = true;
      const remove = page.locator('#program-keys').getByRole('button');
      await remove.click();
      await board.reads('#program-keys button', /Remove\? It stops working at once/);
      await remove.click();
      await wall.page.getByText('This key has been taken back').waitFor();
    });
    await page.locator('#program-keys li').waitFor({ state: 'detached' });
  });
});

test('a link with a token asks before it takes the place of whoever is signed in', { skip }, async () => {
  await onPage(server.as('Anna'), async (board) => {
    await board.state('Live');
    await board.reads('#me', 'Anna, member');
    const follow = (name) => board.page.evaluate((hash) => { location.hash = hash; }, new URL(server.as(name)).hash);
    await follow('Olivia');
    await board.reads('#handed', /^This link signs in somebody else\. Here Anna is signed in\./);
    await board.isAccessible();
    await board.pictured('handed', { widths: [320, 1440] });
    await board.page.getByRole('button', { name: 'Stay' }).click();
    await board.page.locator('#handed').waitFor({ state: 'detached' });
    await board.reads('#me', 'Anna, member');
    await follow('Olivia');
    await board.page.getByRole('button', { name: 'Sign in as the other' }).click();
    await board.reads('#me', 'Olivia, owner');
    // Another token of the same person is no question.
    await follow('Olivia');
    await board.state('Live');
    assert.equal(await board.page.locator('#handed').count(), 0);
  });
});
