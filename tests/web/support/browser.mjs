// Chromium, and a page of the board as somebody sees it.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
export const PICTURES = path.resolve(process.env.SCREENSHOTS ?? path.join(ROOT, 'target/screenshots'));
export const DEADLINE_MS = Number(process.env.DEADLINE_MS ?? 20_000);
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const CHROMIUM_ARGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
  // A page that a test makes up has no address, and may speak to this machine all the same.
  '--disable-features=LocalNetworkAccessChecks',
];

export function launch() {
  mkdirSync(PICTURES, { recursive: true });
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: CHROMIUM_ARGS });
}

/** Opens a page of its own, has `story` told on it, and says afterwards whether anything was wrong on it. */
export async function onPage(browser, address, story, { prepare, ...options } = {}) {
  const context = await browser.newContext({ colorScheme: 'light', viewport: { width: 1440, height: 900 }, ...options });
  context.setDefaultTimeout(DEADLINE_MS);
  const page = await context.newPage();
  const board = new BoardPage(page);
  try {
    await prepare?.(page);
    await page.goto(address);
    const result = await story(board);
    assert.deepEqual(board.errors, [], 'the browser console has errors');
    return result;
  } finally {
    await context.close();
  }
}

export class BoardPage {
  errors = [];
  /** While the server is dead, or says no on purpose, failed requests are what should happen. */
  failuresExpected = false;

  constructor(page) {
    this.page = page;
    page.on('pageerror', (error) => this.errors.push(String(error)));
    page.on('console', (message) => {
      const network = /WebSocket connection to .* failed|net::ERR_|Failed to load resource/.test(message.text());
      if (message.type() === 'error' && !(network && this.failuresExpected)) this.errors.push(message.text());
    });
  }

  /** Waits until the text of what `selector` names is, or matches, `expected`; the marks that isolate names are left out. */
  async reads(selector, expected) {
    const pattern = expected instanceof RegExp ? expected.source : `^${expected.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`;
    try {
      await this.page.waitForFunction(
        ([where, what]) => new RegExp(what).test(document.querySelector(where)?.textContent.replace(/[\u2068\u2069]/g, '').replace(/\s+/g, ' ').trim() ?? ''),
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

  /** The row of a caller in one of the lists: ringing, mine, answered or ended. */
  row(list, number) {
    return this.page.locator(`#${list} > li`).filter({ has: this.page.locator(`.number[title="${number}"]`) });
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

  /** The number of the last event, from the latency panel. */
  async seq() {
    await this.page.click('#show-latency');
    const seq = Number((await this.text('#seq')).replace(/\D/g, ''));
    await this.page.click('#show-latency');
    return seq;
  }

  /** Pictures for people to look at; what a program can see of them is that nothing sticks out sideways. */
  async pictured(name, { widths = [320, 768, 1440, 3840], schemes = ['light', 'dark'] } = {}) {
    for (const width of widths) {
      for (const colorScheme of schemes) {
        await this.page.setViewportSize({ width, height: { 320: 640, 768: 1024, 3840: 2160 }[width] ?? 900 });
        await this.page.emulateMedia({ colorScheme });
        // Two frames: what follows from the new width has been laid out, however many rows there are.
        await this.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
        await this.page.evaluate(() => document.querySelector('#panel:not([data-panel=history])')?.scrollIntoView());
        const over = await this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(over, 0, `${name} is ${over} px too wide at ${width} px`);
        // Rows clip what they cannot hold, so the page as a whole would not show it. Of many rows some are laid out
        // frames later: what still sticks out after a hundred does so for good.
        const clipped = await this.page.evaluate(async () => {
          const sticksOut = () => [...document.querySelectorAll('.row, .my-call, button, .large dd, .panel li, h1, h2, .state')]
            .filter((it) => it.scrollWidth > it.clientWidth + 1 && it.clientWidth > 0 && getComputedStyle(it).display !== 'inline')
            .map((it) => `${it.className || it.tagName}: ${it.textContent.replace(/\s+/g, ' ').trim().slice(0, 60)}`);
          for (let frame = 0; frame < 100 && sticksOut().length; frame += 1) await new Promise(requestAnimationFrame);
          return sticksOut();
        });
        assert.deepEqual(clipped, [], `${name} at ${width} px`);
        await this.page.screenshot({ path: path.join(PICTURES, `${name}-${width}-${colorScheme}.png`) });
      }
    }
    await this.page.setViewportSize({ width: 1440, height: 900 });
  }

  /** What axe finds that keeps people out, in both colour schemes. */
  async isAccessible() {
    for (const colorScheme of ['light', 'dark']) {
      await this.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const found = await this.page.evaluate(async (source) => {
        if (!globalThis.axe) (0, globalThis.eval)(source);
        const { violations } = await globalThis.axe.run(document, { resultTypes: ['violations'] });
        return violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary}`).join(' | ').slice(0, 600)}`);
      }, AXE);
      assert.deepEqual(found.filter((one) => /^(serious|critical)/.test(one)), [], colorScheme);
    }
    await this.page.emulateMedia({ colorScheme: 'light', reducedMotion: 'no-preference' });
  }
}
