// Waiting times, days and waking, in a browser whose clock and network are not to be relied on.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import path from 'node:path';
import { launch, onPage as openPage } from './support/browser.mjs';
import { Callboard } from './support/callboard.mjs';
import { Lid } from './support/lid.mjs';
import { token } from './support/platform.mjs';
import { ME, StandIn, TOKEN, call } from './support/standin.mjs';

const { CALLBOARD_BIN } = process.env;
const skip = CALLBOARD_BIN ? false : 'needs CALLBOARD_BIN';
const MINUTE = 60_000;
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

afterEach(() => server?.everybodyHangsUp());

/** The computer's clock is so far off, over reloads as well, until it is set again. */
function wrongClock(off) {
  const RealDate = Date;
  globalThis.clockOff = Number(sessionStorage.getItem('clock-off') ?? off);
  globalThis.Date = class extends RealDate {
    constructor(...given) {
      super(...(given.length ? given : [RealDate.now() + globalThis.clockOff]));
    }
    static now() {
      return RealDate.now() + globalThis.clockOff;
    }
  };
  globalThis.setClock = (to) => {
    globalThis.clockOff = to;
    sessionStorage.setItem('clock-off', to);
  };
}

const onClock = (off, address, story, options) => openPage(browser, address, story, { ...options, prepare: (page) => page.addInitScript(wrongClock, off) });

/** How far what a row shows as waited is from the truth, in seconds. */
async function waitedWrong(board, call, rang) {
  const shown = await board.row('ringing', call.from).locator('.time').textContent();
  const [minutes, seconds] = shown.split(':').map(Number);
  return minutes * 60 + seconds - (Date.now() - rang) / 1000;
}

async function waitedRight(board, call, rang, when) {
  const wrong = await waitedWrong(board, call, rang);
  // Shown in whole seconds, drawn once a second.
  assert.ok(wrong > -2.5 && wrong < 1, `${when}: ${wrong.toFixed(2)} s off`);
}

function clockOff(by, off) {
  test(`waiting times with a clock ${by}: right at once, after it was set, after a reload`, { skip }, async () => {
    const rang = Date.now() - 70_000;
    const call = await server.rings('+15550400001', { secondsAgo: 70 });
    await onClock(off, server.signedIn, async (board) => {
      await board.state('Live');
      await board.shows('ringing', call.from);
      await waitedRight(board, call, rang, 'at once');
      assert.equal(await board.row('ringing', call.from).getAttribute('data-tone'), 'hot');
      await board.page.evaluate((to) => globalThis.setClock(to), -2 * off);
      await board.page.waitForTimeout(2_100);
      await board.state(/^(Live|Resumed: .*)$/);
      await waitedRight(board, call, rang, 'after a jump');
      await board.page.reload();
      await board.shows('ringing', call.from);
      await waitedRight(board, call, rang, 'drawn again');
      await board.state(/^(Live|Resumed: .*)$/);
      await waitedRight(board, call, rang, 'after a reload');
    });
  });
}

clockOff('14 minutes ahead', 14 * MINUTE);
clockOff('14 minutes behind', -14 * MINUTE);
clockOff('a day, two hours and 14 minutes ahead', 26 * 60 * MINUTE + 14 * MINUTE);
clockOff('three minutes behind', -3 * MINUTE);

test('the day is the agency’s, wherever the browser and its clock are, and the wall says which and whose', { skip }, async () => {
  for (const [zone, off] of [['Pacific/Auckland', 14 * MINUTE], ['America/Los_Angeles', 26 * 60 * MINUTE], ['Europe/Berlin', -26 * 60 * MINUTE]]) {
    const days = [];
    await openPage(browser, server.signedIn.replace('#', 'wall#'), async (board) => {
      await board.state('Live');
      await board.reads('#wall-answered', /^\d+$/);
      const weekday = new Intl.DateTimeFormat('en', { timeZone: 'UTC', weekday: 'long' }).format(new Date());
      await board.reads('#wall-day', new RegExp(`${weekday}.*UTC$`));
      const { since } = await days.at(-1);
      assert.equal(since, `${new Date().toISOString().slice(0, 10)}T00:00:00.000000Z`, zone);
      await board.reads('#wall-silent', 'this screen makes no sound');
    }, {
      timezoneId: zone,
      prepare: async (page) => {
        await page.addInitScript(wrongClock, off);
        page.on('response', (response) => {
          if (new URL(response.url()).pathname === '/api/stats') days.push(response.json());
        });
      },
    });
  }
});
