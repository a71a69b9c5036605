// A stranger on an empty machine opens the link that the server has printed, names the agency, and invites a colleague on the
// page; the colleague accepts, both are there and take a call. No shell after the first command.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createHmac } from 'node:crypto';
import path from 'node:path';
import { launch, onPage as openPage } from './support/browser.mjs';
import { Callboard } from './support/callboard.mjs';
import { Carrier } from './support/carrier.mjs';

const { CALLBOARD_BIN } = process.env;
const skip = CALLBOARD_BIN ? false : 'needs CALLBOARD_BIN';
const PASSWORD = 'correct horse battery';
const PICTURED = { widths: [320, 768, 1440] };
let browser;
let carrier;
let server;
const onPage = (...story) => openPage(browser, ...story);

before(async () => {
  if (skip) return;
  carrier = await Carrier.create();
  server = await Callboard.bare(path.resolve(process.env.INIT_CWD ?? '.', CALLBOARD_BIN), { carrier });
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.ends();
  carrier?.ends();
});

async function signsIn(board, email, password = PASSWORD) {
  await board.page.fill('#email', email);
  await board.page.fill('#password', password);
  await board.page.click('#by-password button');
}

const person = (board, name) => board.page.locator('#people > li, #removed-people > li').filter({ hasText: name });
const does = (board, name, what) => person(board, name).locator(`[data-do=${what}]`).click();

async function people(board) {
  await board.page.click('#show-people');
  await board.page.locator('#people').waitFor();
}

/** What opens the agency's account at the carrier, as its owner gives it on the page. */
async function stores(board, key, value) {
  await board.page.click('#show-settings');
  const row = board.page.locator(`#credentials [data-key=${key}]`);
  await row.locator('button').first().click();
  await row.locator('input').fill(value);
  await row.locator('button[type=submit]').click();
  await board.page.locator(`#credentials [data-key=${key}][data-held]`).waitFor();
}

/** The link as it is shown, of the server where it listens. */
async function link(board) {
  const shown = new URL(await board.text('#invitation-url'));
  return new URL(shown.pathname + shown.hash, server.address).href;
}

test('an owner on an empty machine invites a colleague, and both are there and take a call', { skip }, async () => {
  let invitation;
  await onPage(server.setupLink, async (board) => {
    await board.page.fill('#coming-agency', 'Acme');
    await board.page.fill('#coming-name', 'Olivia');
    await board.page.fill('#coming-email', 'olivia@example.com');
    await board.page.fill('#coming-password', PASSWORD);
    await board.page.click('#coming button[type=submit]');
    await board.state('Live');
    await people(board);
    await board.isAccessible();
    await board.pictured('people-alone', PICTURED);
    await board.page.fill('#invite-name', 'Anna');
    await board.page.fill('#invite-email', 'anna@example.com');
    await board.page.fill('#invite-sip', 'anna1');
    await board.page.click('#invite button[type=submit]');
    await board.reads('#invitation p', /^Send this link to Anna, and to nobody else/);
    await person(board, 'Anna').filter({ hasText: 'invited, link good until' }).waitFor();
    await board.isAccessible();
    await board.pictured('people-invited', PICTURED);
    invitation = await link(board);
    // The same address again is somebody's, and what was typed is still there.
    board.failuresExpected = true;
    await board.page.fill('#invite-email', 'anna@example.com');
    await board.page.click('#invite button[type=submit]');
    await board.reads('#invite .problem', 'Somebody with that address is invited already');
    assert.equal(await board.page.inputValue('#invite-email'), 'anna@example.com');
  });
  await onPage(invitation, async (board) => {
    await board.reads('#coming-title', 'You are invited');
    await board.page.locator('#coming-name').waitFor();
    await board.isAccessible();
    await board.pictured('people-invitation', PICTURED);
    await board.page.fill('#coming-password', PASSWORD);
    await board.page.fill('#coming-name', 'Anna');
    await board.page.click('#coming button[type=submit]');
    await board.state('Live');
    await board.reads('#me', 'Anna, member');
    assert.equal(await board.page.locator('#show-people').count(), 0, 'members do not manage people');
    // Both are there, a call rings on both boards, and one of them has it.
    await onPage(server.address, async (owner) => {
      await signsIn(owner, 'olivia@example.com');
      await owner.state('Live');
      await people(owner);
      await person(owner, 'Anna').filter({ hasText: 'Available' }).filter({ hasText: 'last seen' }).filter({ hasText: 'phone anna1' }).waitFor();
      server.webhook = `${server.address}api/telnyx/webhook`;
      const call = await server.rings('+15550300001');
      await owner.shows('ringing', call.from);
      await board.shows('ringing', call.from);
      await stores(owner, 'telnyx_api_key', 'KEY0123456789_test');
      await board.page.locator('#ringing .answer').click();
      await board.reads('#mine .word', 'Your phone is ringing. Pick it up.');
      await carrier.hears('transfer');
      await carrier.agentPicksUp();
      await board.reads('#mine .word', 'Connected');
      await owner.page.locator('#there li[data-state=busy]').filter({ hasText: 'Anna' }).waitFor();
      await server.hangsUp(call);
      await board.shows('ended', call.from);
    });
  });
});

test('an owner changes somebody, removes them, and gives the seat again', { skip }, async () => {
  let again;
  await onPage(server.address, async (board) => {
    await signsIn(board, 'anna@example.com');
    await board.state('Live');
    await onPage(server.address, async (owner) => {
      await signsIn(owner, 'olivia@example.com');
      await owner.state('Live');
      await people(owner);
      await does(owner, 'Anna', 'edit');
      await owner.isAccessible();
      await owner.pictured('people-change', PICTURED);
      await owner.page.locator('form.person input[name=name]').fill('Anna Example');
      await owner.page.locator('form.person select').selectOption('agency_admin');
      await owner.page.locator('form.person button[type=submit]').click();
      await person(owner, 'Anna Example').filter({ hasText: 'admin' }).waitFor();
      // The only owner stays, and is told why.
      owner.failuresExpected = true;
      await does(owner, 'Olivia', 'remove');
      await does(owner, 'Olivia', 'remove');
      await owner.reads('#people .problem', 'An agency keeps an owner: make somebody else an owner first');
      await does(owner, 'Anna', 'remove');
      await person(owner, 'Anna').getByText('Remove? Boards close at once').waitFor();
      await does(owner, 'Anna', 'remove');
      await owner.page.locator('#removed-people').waitFor();
      await owner.isAccessible();
      await owner.pictured('people-removed', PICTURED);
      // Anna's board has ended, and says whom to ask.
      board.failuresExpected = true;
      await board.reads('#notice', /not as a member of an agency here/);
      await board.reads('#who-am-i', /anna@example\.com/);
      await board.isAccessible();
      await board.pictured('nobodys', { widths: [320, 1440] });
      await does(owner, 'Anna', 'again');
      await owner.page.locator('#invitation-url').waitFor();
      again = await link(owner);
    });
    // Her browser knows who she is: she comes back with one press.
    await board.page.goto(again);
    await board.page.locator('#join').waitFor();
    await board.isAccessible();
    await board.pictured('people-join', PICTURED);
    await board.page.click('#join');
    await board.state('Live');
    await board.reads('#me', 'Anna Example, admin');
    // An admin sees everybody, and manages members alone.
    await people(board);
    assert.equal(await person(board, 'Olivia').locator('button').count(), 0);
    assert.deepEqual(await board.page.locator('#invite-role option').allTextContents(), ['take calls (member)']);
  });
});

test('everybody sees where they are signed in, and sets a second factor up', { skip }, async () => {
  await onPage(server.address, async (board) => {
    await signsIn(board, 'anna@example.com');
    await board.state('Live');
    await onPage(server.address, async (other) => {
      await signsIn(other, 'anna@example.com');
      await other.state('Live');
    });
    await board.page.click('#show-myself');
    await board.page.locator('#my-sessions > li[data-current]').waitFor();
    const others = board.page.locator('#my-sessions > li:not([data-current])');
    await others.first().waitFor();
    await board.isAccessible();
    await board.pictured('my-sign-in', PICTURED);
    const before_ = await others.count();
    await others.first().getByRole('button').click();
    await board.page.waitForFunction((n) => document.querySelectorAll('#my-sessions > li:not([data-current])').length === n, before_ - 1);
    if (await board.page.locator('#end-others').count()) {
      await board.page.click('#end-others');
      await board.page.waitForFunction(() => document.querySelectorAll('#my-sessions > li').length === 1);
    }
    await board.page.click('#enrol');
    await board.page.locator('svg.qr').waitFor();
    await board.isAccessible();
    await board.pictured('second-factor', PICTURED);
    const seed = (await board.text('#factor-secret')).replaceAll(' ', '');
    board.failuresExpected = true;
    await board.page.fill('#factor-code', '000000');
    await board.page.click('#enrolling button[type=submit]');
    await board.reads('#myself-problem', 'That code is not right, or was used already.');
    await board.page.fill('#factor-code', codeOf(seed));
    await board.page.click('#enrolling button[type=submit]');
    const codes = (await board.text('#recovery-codes')).split('\n');
    assert.equal(codes.length, 10);
    await board.isAccessible();
    await board.pictured('recovery-codes', PICTURED);
    await board.page.click('#recovery-noted');
    await board.page.locator('#recovery').waitFor({ state: 'detached' });
    await board.state('Live');
    // It is asked for now; a recovery code stands for a lost telephone, once.
    await onPage(server.address, async (other) => {
      await signsIn(other, 'anna@example.com');
      await other.page.fill('#code', codes[0]);
      await other.page.click('#by-code button');
      await other.state('Live');
    });
    await board.page.click('#remove-factor');
    await board.page.click('#remove-factor');
    await board.page.locator('#enrol').waitFor();
  });
});

/** What a telephone with that seed shows. */
function codeOf(seed) {
  const bits = [...seed].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const tag = createHmac('sha1', key).update(step).digest();
  const at = tag[19] & 0xf;
  return String((tag.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}
