// The documents' page in a real browser, and the client that it shows, run as it is.
//
//   CALLBOARD_BIN=target/debug/callboard npm --prefix tests/web test
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { Callboard } from './support/callboard.mjs';

const { CALLBOARD_BIN } = process.env;
const skip = CALLBOARD_BIN ? false : 'needs CALLBOARD_BIN';
const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const PICTURES = path.resolve(process.env.SCREENSHOTS ?? path.join(ROOT, 'target/screenshots'));
const DEADLINE_MS = 30_000;
const CHROMIUM_ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

let server;
let browser;
let folder;

before(async () => {
  if (skip) return;
  mkdirSync(PICTURES, { recursive: true });
  folder = mkdtempSync(path.join(tmpdir(), 'callboard-docs-'));
  server = await Callboard.create(path.resolve(process.env.INIT_CWD ?? '.', CALLBOARD_BIN));
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: CHROMIUM_ARGS });
});

after(async () => {
  await browser?.close();
  await server?.ends();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const document = async (name) => (await fetch(new URL(name, server.address))).json();

/** The page as somebody sees it with these settings; afterwards nothing was wrong and nothing came from elsewhere. */
async function onPage(settings, story) {
  const context = await browser.newContext(settings);
  context.setDefaultTimeout(DEADLINE_MS);
  const page = await context.newPage();
  const wrong = [];
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('console', (message) => { if (message.type() === 'error') wrong.push(message.text()); });
  page.on('request', (request) => { if (!request.url().startsWith(server.address)) wrong.push(`from elsewhere: ${request.url()}`); });
  try {
    await page.goto(new URL('docs', server.address).href);
    await page.waitForFunction(() => document.documentElement.dataset.shown === 'yes');
    await story(page);
    assert.deepEqual(wrong, []);
  } finally {
    await context.close();
  }
}

test('the page shows every route, message, close code and schema, and the client', { skip }, () => onPage({}, async (page) => {
  const [openapi, asyncapi] = await Promise.all([document('openapi.json'), document('asyncapi.json')]);
  const operations = Object.entries(openapi.paths).flatMap(([place, item]) => Object.keys(item).map((method) => `${method.toUpperCase()} ${place}`));
  const shown = await page.$$eval('#routes details', (all) => all.map((one) => `${one.querySelector('.method').textContent} ${one.querySelector('summary code').textContent}`));
  assert.deepEqual(shown.sort(), operations.sort());
  const first = (selector) => page.$$eval(selector, (all) => all.map((one) => one.textContent));
  assert.deepEqual((await first('#socket summary > code')).sort(), Object.keys(asyncapi.components.messages).sort());
  assert.deepEqual(await first('#socket > .scroll tbody th'), asyncapi['x-close-codes'].map(({ code }) => String(code)));
  const schemas = new Set([...Object.keys(openapi.components.schemas), ...Object.keys(asyncapi.components.schemas)]);
  assert.deepEqual(await first('#schemas summary > code'), [...schemas].sort());

  const calls = page.locator('#GET-api-calls');
  await calls.locator('summary').click();
  const text = await calls.innerText();
  for (const expected of ['answered_by', 'cursor', 'since', '401', '403', '503', 'CallPage', 'Authorization: Bearer']) assert.ok(text.includes(expected), `${expected} in ${text}`);
  const client = await (await fetch(new URL('docs/client.mjs', server.address))).text();
  assert.equal(await page.locator('#client-text').textContent(), client);
  assert.ok(client.trim().split('\n').length <= 35, 'no longer 30 lines or so');
}));

test('the page is read by keyboard, on a phone and in the dark', { skip }, () => onPage({ colorScheme: 'dark', viewport: { width: 320, height: 640 } }, async (page) => {
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
  const summary = page.locator('#GET-api-me summary');
  await summary.focus();
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('#GET-api-me').getAttribute('open'), '');
  // A link to a schema opens it and goes there.
  await page.locator('#GET-api-me a', { hasText: 'Me' }).first().press('Enter');
  await page.waitForFunction(() => document.activeElement.parentElement.id === 'schema-Me');
  assert.equal(await page.locator('#schema-Me').getAttribute('open'), '');
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, 'wider than the screen');
  const [paper, ink] = await page.evaluate(() => [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color].map((colour) => colour.match(/\d+/g).reduce((sum, part) => sum + Number(part), 0)));
  assert.ok(paper < 200 && ink > 500, `${paper} ${ink}`);
  await page.screenshot({ path: path.join(PICTURES, 'docs-dark-320.png') });
}));

test('the page in a picture', { skip }, () => onPage({ colorScheme: 'light', viewport: { width: 1280, height: 900 } }, async (page) => {
  await page.locator('#POST-api-telnyx-calls-call_control_id-answer summary').click();
  await page.screenshot({ path: path.join(PICTURES, 'docs.png') });
  await page.locator('#client').scrollIntoViewIfNeeded();
  await page.screenshot({ path: path.join(PICTURES, 'docs-client.png') });
}));

/** The client that the page shows, as a process; `line` waits for the next line that it prints. */
async function runs(token) {
  const file = path.join(folder, 'client.mjs');
  writeFileSync(file, await (await fetch(new URL('docs/client.mjs', server.address))).text());
  const flags = globalThis.WebSocket ? [] : ['--experimental-websocket'];
  const url = new URL('ws', server.address).href.replace('http', 'ws');
  const client = spawn(process.execPath, [...flags, file, url, token], { stdio: ['ignore', 'pipe', 'inherit'] });
  const printed = createInterface({ input: client.stdout })[Symbol.asyncIterator]();
  const late = (_, reject) => setTimeout(() => reject(new Error('the client printed nothing')), DEADLINE_MS).unref();
  return { client, line: async () => (await Promise.race([printed.next(), new Promise(late)])).value };
}

test('the client hears every event once, over a crash of the server', { skip }, async () => {
  const { client, line } = await runs(server.token);
  let last;
  // Every number once and in order, also of what is told of people in between.
  const hears = async (pattern) => {
    for (;;) {
      const text = await line();
      const [, type, seq] = /^(\S+) (\d*)/.exec(text);
      if (type === 'snapshot') last = Number(seq);
      if (type.includes('.')) assert.equal(Number(seq), ++last, text);
      if (!type.startsWith('agent.')) return assert.match(text, pattern);
    }
  };
  try {
    await hears(/^snapshot \d+ +0 open$/);
    const first = await server.rings('+15550100');
    await hears(/^call\.incoming \d+ \+15550100 1 open$/);
    await server.dies();
    await server.startsElsewhere();
    // What happens while the client cannot find its server is waiting for it.
    await server.rings('+15550101');
    await server.hangsUp(first);
    await server.dies();
    await server.starts();
    await hears(/^resumed \d+ +1 open$/);
    await hears(/^call\.incoming \d+ \+15550101 2 open$/);
    await hears(/^call\.ended \d+ \+15550100 1 open$/);
    await server.rings('+15550102');
    await hears(/^call\.incoming \d+ \+15550102 2 open$/);
  } finally {
    client.kill('SIGKILL');
  }
});

test('the client stays away when its token is refused', { skip }, async () => {
  const { client, line } = await runs('garbage');
  try {
    assert.match(await line(), /^error .*0 open$/);
    const giveUp = AbortSignal.timeout(DEADLINE_MS);
    const [code] = await once(client, 'exit', { signal: giveUp });
    assert.equal(code, 0);
  } finally {
    client.kill('SIGKILL');
  }
});
