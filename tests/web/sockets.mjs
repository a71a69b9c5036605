// How a socket ends in a real browser.
//
//   CALLBOARD_BIN=target/debug/callboard npm --prefix tests/web test
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import path from 'node:path';
import { Callboard } from './support/callboard.mjs';
import { launch, onPage } from './support/browser.mjs';

const { CALLBOARD_BIN } = process.env;
const skip = CALLBOARD_BIN ? false : 'needs CALLBOARD_BIN';
let server, browser;

before(async () => {
  if (skip) return;
  server = await Callboard.create(path.resolve(process.env.INIT_CWD ?? '.', CALLBOARD_BIN));
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.ends();
});

// The browser waits for the end of the connection before it tells the page; the server would have
// held it for two seconds. What it does, the raw sockets of tests/it/socket.rs see to the frame.
test('the page hears of a close at once, and of the one that was sent', { skip }, async () => {
  await onPage(browser, new URL('/docs', server.address).href, async ({ page }) => {
    const ends = await page.evaluate(async () => {
      const end = (says) => new Promise((resolve) => {
        const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/ws`, 'callboard.v1');
        let told;
        socket.onopen = () => socket.send(says);
        socket.onmessage = () => (told = performance.now());
        socket.onclose = ({ code, wasClean }) => resolve({ code, wasClean, ms: performance.now() - told });
      });
      return [await end('{"type":"hello"}'), await end('{"type":"connect","token":"x"}')];
    });
    assert.deepEqual(ends.map(({ code, wasClean }) => [code, wasClean]), [[4502, true], [4500, true]]);
    for (const { ms } of ends) assert.ok(ms < 1500, `${ms} ms from the last message to the close`);
    if (process.env.FIGURES) console.log(ends);
  });
});
