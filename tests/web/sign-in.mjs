// People sign in on the page with accounts of the server's own: Chromium before a real callboard on an empty machine.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import path from 'node:path';
import { launch, onPage as openPage } from './support/browser.mjs';
import { Callboard } from './support/callboard.mjs';

const { CALLBOARD_BIN } = process.env;
const skip = CALLBOARD_BIN ? false : 'needs CALLBOARD_BIN';
const PASSWORD = 'correct horse battery';
const KEPT = 'sb-callboard-auth-token';
let browser;
let server;
const onPage = (...story) => openPage(browser, ...story);

before(async () => {
  if (skip) return;
  server = await Callboard.bare(path.resolve(process.env.INIT_CWD ?? '.', CALLBOARD_BIN));
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.ends();
});

async function signsIn(board, email, password = PASSWORD) {
  await board.page.fill('#email', email);
  await board.page.fill('#password', password);
  await board.page.click('#by-password button');
}

const session = (board) => board.page.evaluate((key) => JSON.parse(localStorage.getItem(key)), KEPT);

test('the first owner sets the house up by the link that the server has printed, once', { skip }, async () => {
  const link = server.setupLink;
  await onPage(server.address, async (board) => {
    await board.reads('#setup-first', /^Nobody can sign in yet\./);
    await board.pictured('setup-first', { widths: [320, 1440] });
  });
  await onPage(link, async (board) => {
    await board.reads('#coming-title', 'Set up callboard');
    assert.equal(new URL(board.page.url()).hash, '', 'the link stays in the address bar');
    await board.isAccessible();
    await board.pictured('setup', { widths: [320, 1440] });
    await board.page.fill('#coming-agency', 'Acme');
    await board.page.fill('#coming-name', 'Olivia');
    await board.page.fill('#coming-email', 'olivia@example.com');
    board.failuresExpected = true;
    await board.page.fill('#coming-password', 'password');
    await board.page.click('#coming button');
    await board.page.locator('#coming-problem').waitFor();
    await board.page.fill('#coming-password', PASSWORD);
    await board.page.click('#coming button');
    await board.state('Live');
    await board.reads('#agency', 'Acme');
    await board.reads('#me', 'Olivia, owner');
  });
  await onPage(link, async (board) => {
    board.failuresExpected = true;
    await board.page.fill('#coming-agency', 'Other');
    await board.page.fill('#coming-name', 'Mallory');
    await board.page.fill('#coming-email', 'mallory@example.com');
    await board.page.fill('#coming-password', PASSWORD);
    await board.page.click('#coming button');
    await board.reads('#coming-problem', /used already, or has run out/);
  });
});

test('somebody signs in, stays signed in, and signs out', { skip }, async () => {
  await onPage(server.address, async (board) => {
    await board.page.locator('#by-password').waitFor();
    await board.isAccessible();
    await board.pictured('sign-in', { widths: [320, 1440] });
    board.failuresExpected = true;
    await signsIn(board, 'olivia@example.com', 'not this one');
    await board.reads('#sign-in-problem', 'The address or the password is not right.');
    assert.equal(await board.page.inputValue('#email'), 'olivia@example.com');
    await signsIn(board, 'olivia@example.com');
    await board.state('Live');
    // A reload, and another tab, ask nothing.
    await board.page.reload();
    await board.state('Live');
    const other = await board.page.context().newPage();
    await other.goto(server.address);
    await other.locator('#me').waitFor();
    await board.page.getByRole('button', { name: 'Sign out' }).click();
    await board.page.locator('#by-password').waitFor();
    assert.equal(await session(board), null);
  });
});

test('a token is renewed before it ends, by one tab for all, and nobody is asked again', { skip }, async () => {
  await onPage(server.address, async (board) => {
    await signsIn(board, 'olivia@example.com');
    await board.state('Live');
    const first = await session(board);
    // Fifteen minutes later by the browser's clock: the token is due in every tab.
    await board.page.clock.setFixedTime(Date.now() + 14 * 60_000);
    const others = await Promise.all([1, 2, 3].map(() => board.page.context().newPage()));
    await Promise.all(others.map(async (page) => {
      await page.clock.setFixedTime(Date.now() + 14 * 60_000);
      await page.goto(server.address);
      await page.locator('#me').waitFor();
    }));
    await board.page.reload();
    await board.state('Live');
    const second = await session(board);
    assert.notEqual(second.refresh_token, first.refresh_token);
    assert.equal(second.user.id, first.user.id);
    await Promise.all(others.map((page) => page.locator('#sign-in').waitFor({ state: 'detached' })));
  });
});

test('offline at the moment of renewal is not signed out', { skip }, async () => {
  await onPage(server.address, async (board) => {
    await signsIn(board, 'olivia@example.com');
    await board.state('Live');
    const before_ = await session(board);
    board.failuresExpected = true;
    await board.page.context().setOffline(true);
    await board.page.clock.setFixedTime(Date.now() + 14 * 60_000);
    await board.networkReturns();
    assert.deepEqual(await session(board), before_);
    await board.page.context().setOffline(false);
    await board.networkReturns();
    await board.page.waitForFunction(([key, old]) => JSON.parse(localStorage.getItem(key)).refresh_token !== old, [KEPT, before_.refresh_token]);
    await board.state('Live');
  });
});

test('a refresh token that was stolen is of no use to the thief for long, and its owner signs in anew', { skip }, async () => {
  await onPage(server.address, async (board) => {
    await signsIn(board, 'olivia@example.com');
    await board.state('Live');
    const refresh = (token) => fetch(`${server.address}auth/v1/token?grant_type=refresh_token`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ refresh_token: token }),
    });
    const { refresh_token: mine } = await session(board);
    const first = await (await refresh(mine)).json();
    const stolen = await (await refresh(first.refresh_token)).json();
    board.failuresExpected = true;
    await board.page.clock.setFixedTime(Date.now() + 14 * 60_000);
    await board.networkReturns();
    await board.reads('#sign-in-problem', 'Your sign-in has ended. Sign in again.');
    assert.equal(await session(board), null);
    assert.equal((await refresh(stolen.refresh_token)).status, 400, 'the thief goes on');
    await signsIn(board, 'olivia@example.com');
    await board.state('Live');
  });
});

test('of two tabs one signs out, and the other is out; another person there takes nothing over', { skip }, async () => {
  await onPage(server.address, async (board) => {
    await signsIn(board, 'olivia@example.com');
    await board.state('Live');
    const other = await board.page.context().newPage();
    await other.goto(server.address);
    await other.locator('#me').waitFor();
    await other.click('#sign-out');
    await board.page.locator('#by-password').waitFor();
    assert.equal(await session(board), null);
    await other.fill('#email', 'olivia@example.com');
    await other.fill('#password', PASSWORD);
    await other.click('#by-password button');
    await board.state('Live');
    await board.reads('#me', 'Olivia, owner');
  });
});

test('somebody comes in by an invitation, and later chooses another password by a link', { skip }, async () => {
  let agency;
  await onPage(server.address, async (board) => {
    await signsIn(board, 'olivia@example.com');
    await board.state('Live');
    const { access_token: token } = await session(board);
    const me = await fetch(`${server.address}api/me`, { headers: { authorization: `Bearer ${token}` } });
    agency = (await me.json()).agency.id;
  });
  const invitation = await server.prints('user', 'invite', '--agency', agency, '--role', 'agency_member', '--email', 'anna@example.com');
  let anna;
  await onPage(invitation, async (board) => {
    await board.reads('#coming-title', 'You are invited');
    await board.page.fill('#coming-name', 'Anna');
    await board.page.fill('#coming-password', PASSWORD);
    await board.page.click('#coming button');
    await board.state('Live');
    await board.reads('#me', 'Anna, member');
    anna = (await session(board)).user.id;
  });
  await onPage(await server.prints('user', 'reset', '--id', anna), async (board) => {
    await board.reads('#coming-title', 'Choose another password');
    await board.isAccessible();
    board.failuresExpected = true;
    // One that is refused costs the link nothing.
    for (const password of ['password', 'another horse battery']) {
      await board.page.fill('#coming-password', password);
      await board.page.click('#coming button');
      if (password === 'password') await board.page.locator('#coming-problem').waitFor();
    }
    await signsIn(board, 'anna@example.com', 'another horse battery');
    await board.state('Live');
    await board.reads('#me', 'Anna, member');
  });
});
