// Whoever has typed `callboard demo` and opens its page: three people as buttons, and no token anywhere.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { launch, onPage as openPage } from './support/browser.mjs';

const { CALLBOARD_BIN } = process.env;
const skip = CALLBOARD_BIN ? false : 'needs CALLBOARD_BIN';
let browser;
let demo;
let folder;
let address;

before(async () => {
  if (skip) return;
  folder = mkdtempSync(path.join(tmpdir(), 'callboard-demo-'));
  demo = spawn(path.resolve(process.env.INIT_CWD ?? '.', CALLBOARD_BIN), ['demo', '--data', path.join(folder, 'data'), '--port', '23600'], {
    cwd: folder, env: { PATH: process.env.PATH, CALLBOARD_METRICS_ADDR: 'off' }, stdio: ['ignore', 'pipe', 'ignore'],
  });
  for await (const line of createInterface({ input: demo.stdout })) {
    address = /^board +(\S+)/.exec(line)?.[1];
    if (address) break;
  }
  browser = await launch();
});

after(async () => {
  await browser?.close();
  if (demo?.exitCode === null) {
    demo.kill('SIGTERM');
    await once(demo, 'exit');
  }
  if (folder) rmSync(folder, { recursive: true, force: true });
});

test('three people are buttons with names, and each signs in', { skip }, async () => {
  for (const [button, me] of [['Sign in as Anna', 'Anna, member'], ['Sign in as Olivia, the owner', 'Olivia, owner']]) {
    await openPage(browser, address, async (board) => {
      await board.page.locator('#people-of-demo').waitFor();
      assert.equal(await board.page.locator('#people-of-demo li').count(), 3);
      assert.doesNotMatch(await board.page.locator('main').textContent(), /token/i);
      await board.isAccessible();
      await board.pictured('demo-sign-in', { widths: [320, 1440], schemes: ['light'] });
      await board.page.getByRole('link', { name: button, exact: true }).click();
      await board.state('Live');
      await board.reads('#me', me);
      assert.equal(board.page.url(), address);
    });
  }
});
