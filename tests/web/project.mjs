// People sign in on the page at the agency's Supabase project: Chromium before a real callboard, a project at an origin of its own,
// and supabase-js itself in an app beside the page.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { launch, onPage as openPage } from './support/browser.mjs';
import { Callboard, JWT_SECRET } from './support/callboard.mjs';
import { Project, PUBLISHABLE } from './support/project.mjs';
import { codeOf } from './support/totp.mjs';

const { CALLBOARD_BIN } = process.env;
const skip = CALLBOARD_BIN ? false : 'needs CALLBOARD_BIN';
const PASSWORD = 'correct horse battery';
const ANNA = 'anna@example.com';
const BEN = 'ben@example.com';
const KEPT = 'sb-127-auth-token';
const SEED = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
const MINUTE = 60_000;
const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
let browser;
let server;
let project;
const onPage = (...story) => openPage(browser, ...story);

before(async () => {
  if (skip) return;
  project = await new Project(JWT_SECRET).starts();
  server = await Callboard.create(path.resolve(process.env.INIT_CWD ?? '.', CALLBOARD_BIN), { SUPABASE_URL: project.url, SUPABASE_ANON_KEY: PUBLISHABLE });
  browser = await launch();
});

beforeEach(() => {
  if (skip) return;
  project.answers.clear();
  Object.assign(project, { ahead: 0, gate: null });
  project.asked.length = 0;
  project.allowed = [server.address];
  project.people.clear();
  project.has(ANNA, { id: server.people.Anna.id, password: PASSWORD });
  project.has(BEN, { id: server.people.Ben.id, password: PASSWORD, seed: SEED });
});

after(async () => {
  await browser?.close();
  await server?.ends();
  project?.ends();
});

async function signsIn(board, email, password = PASSWORD) {
  await board.page.fill('#email', email);
  await board.page.fill('#password', password);
  await board.page.click('#by-password button');
}

const session = ({ page }) => page.evaluate((key) => JSON.parse(localStorage.getItem(key)), KEPT);
const refreshes = () => project.times('POST', '/token?grant_type=refresh_token');
const isAnna = async (board) => {
  await board.state(/^(Live|Resumed)/);
  await board.reads('#me', 'Anna, member');
};

/** What the agency's own app does at the same origin, with supabase-js as it is published. */
const SUPABASE_JS = readFileSync(createRequire(import.meta.url).resolve('@supabase/supabase-js/dist/umd/supabase.js'));
async function appBeside(board) {
  const page = await board.page.context().newPage();
  await page.route(`${server.address}app/**`, (route) => route.fulfill(route.request().url().endsWith('.js')
    ? { contentType: 'text/javascript', body: SUPABASE_JS }
    : { contentType: 'text/html', body: '<!doctype html><title>App</title><script src="supabase.js"></script>' }));
  await page.goto(`${server.address}app/`);
  await page.evaluate(([url, key]) => {
    globalThis.client = globalThis.supabase.createClient(url, key);
  }, [project.url, PUBLISHABLE]);
  return page;
}

test('the page says which ways there are, may speak to the project alone, and signs in by password', { skip }, async () => {
  const ways = await (await fetch(`${server.address}api/sign-in`)).json();
  assert.deepEqual(ways, {
    methods: [{ kind: 'password' }, { kind: 'code' }, { kind: 'oauth', provider: 'google' }],
    auth_url: `${project.url}/auth/v1`, apikey: PUBLISHABLE, setup: false,
  });
  const policy = (await fetch(server.address)).headers.get('content-security-policy');
  assert.match(policy, new RegExp(`connect-src 'self' ${project.url.replaceAll('.', '\\.')};`));
  await onPage(server.address, async (board) => {
    await board.page.locator('#by-password').waitFor();
    await board.isAccessible();
    await board.pictured('project-sign-in', { widths: [320, 1440] });
    board.failuresExpected = true;
    await signsIn(board, ANNA, 'not this one');
    await board.reads('#sign-in-problem', 'The address or the password is not right.');
    assert.equal(await board.page.inputValue('#email'), ANNA);
    await signsIn(board, ANNA);
    await isAnna(board);
    await board.page.reload();
    await isAnna(board);
    await board.page.click('#sign-out');
    await board.page.locator('#by-password').waitFor();
    assert.equal(await session(board), null);
  });
  const out = project.asked.find(({ path: asked }) => asked === '/logout');
  assert.equal(out.query.get('scope'), 'local');
  for (const { headers } of project.asked.filter(({ path: asked }) => /token|logout/.test(asked))) {
    assert.equal(headers.apikey, PUBLISHABLE);
    assert.equal(headers['x-supabase-api-version'], '2024-01-01');
  }
});

test('a code comes by mail, and nobody learns who has an account or gets one by asking', { skip }, async () => {
  await onPage(server.address, async (board) => {
    board.failuresExpected = true;
    await board.page.fill('#email', 'nobody@example.com');
    await board.page.click('#send-code');
    await board.reads('#sent', /^If nobody@example\.com belongs to somebody here, a mail is on its way\./);
    await board.page.click('#other-way');
    await board.page.fill('#email', ANNA);
    await board.page.click('#send-code');
    await board.reads('#sent', /^If anna@example\.com belongs to somebody here, a mail is on its way\./);
    await board.isAccessible();
    await board.pictured('project-code', { widths: [320, 1440], schemes: ['light'] });
    await board.page.fill('#code', '000');
    await board.page.click('#by-mail button');
    await board.reads('#sign-in-problem', /used already, or has run out/);
    await board.page.fill('#code', project.mails.at(-1).code);
    await board.page.click('#by-mail button');
    await isAnna(board);
  }, PHONE);
  for (const { body } of project.asked.filter(({ path: asked }) => asked === '/otp')) assert.equal(body.create_user, false);
});

test('a provider signs in, and a code that was begun elsewhere signs nobody in', { skip }, async () => {
  await onPage(server.address, async (board) => {
    await board.page.click('#with-google');
    await board.page.getByText(ANNA).click();
    await isAnna(board);
    assert.equal(board.page.url(), server.address, 'the code stays in the address bar');
    await board.page.click('#sign-out');
    await board.page.click('#with-google');
    await board.page.getByText('No').click();
    await board.reads('#sign-in-problem', /^Nobody was let in over there\./);
    assert.equal(board.page.url(), server.address);
  });
  await onPage(`${server.address}?code=11111111-1111-4111-8111-111111111111`, async (board) => {
    await board.reads('#sign-in-problem', /^That sign-in was begun in another tab or browser\./);
    assert.equal(board.page.url(), server.address);
  });
});

test('the second factor is asked for before anything is shown', { skip }, async () => {
  await onPage(server.address, async (board) => {
    board.failuresExpected = true;
    await signsIn(board, BEN);
    await board.page.locator('#by-code').waitFor();
    assert.equal(await session(board), null, 'half a session is none');
    await board.isAccessible();
    await board.pictured('project-factor', { widths: [320, 1440], schemes: ['light'] });
    await board.page.fill('#code', '000000');
    await board.page.click('#by-code button');
    await board.reads('#sign-in-problem', 'That code is not right, or was used already.');
    await board.page.fill('#code', codeOf(SEED));
    await board.page.click('#by-code button');
    await board.state('Live');
    await board.reads('#me', 'Ben, member');
  });
});

test('an invitation of the project and a recovery lead to a password, on any device', { skip }, async () => {
  const invitation = project.link(ANNA, 'invite', server.address);
  await onPage(invitation, async (board) => {
    await board.page.locator('#by-choosing').waitFor();
    assert.equal(board.page.url(), server.address, 'tokens stay in the address bar');
    assert.equal(await session(board), null);
    await board.isAccessible();
    await board.pictured('project-invited', { widths: [320, 1440], schemes: ['light'] });
    await board.page.fill('#new', 'the first password');
    await board.page.click('#by-choosing button');
    await isAnna(board);
  });
  await onPage(invitation, async (board) => {
    await board.reads('#sign-in-problem', /used already, or has run out/);
  });
  await onPage(server.address, async (board) => {
    await board.page.fill('#email', ANNA);
    await board.page.click('#forgot');
    await board.reads('#mailed', /^If anna@example\.com belongs to somebody here/);
  });
  await onPage(project.mails.at(-1).link, async (board) => {
    board.failuresExpected = true;
    await board.page.fill('#new', 'the first password');
    await board.page.click('#by-choosing button');
    await board.reads('#sign-in-problem', 'That is the password you have. Take another one.');
    await board.page.fill('#new', 'the second password');
    await board.page.click('#by-choosing button');
    await isAnna(board);
  }, PHONE);
  assert.equal(project.people.get(ANNA).password, 'the second password');
});

test('a link signs nobody in over somebody else without asking', { skip }, async () => {
  await onPage(server.address, async (board) => {
    await signsIn(board, ANNA);
    await isAnna(board);
    project.has('olivia@example.com', { id: server.people.Olivia.id });
    await board.page.goto(project.link('olivia@example.com', 'magiclink', server.address));
    await board.reads('#handed', /^This link signs in somebody else\. Here Anna is signed in\./);
    await isAnna(board);
    await board.page.getByRole('button', { name: 'Stay' }).click();
    await board.page.goto(project.link('olivia@example.com', 'magiclink', server.address));
    await board.page.getByRole('button', { name: 'Sign in as the other' }).click();
    await board.state('Live');
    await board.reads('#me', 'Olivia, owner');
  });
});

test('too many tries are said with the wait, a captcha plainly, and a server that fails is no wrong password', { skip }, async () => {
  await onPage(server.address, async (board) => {
    board.failuresExpected = true;
    const problem = async (answer, words) => {
      project.answers.set('POST /token?grant_type=password', answer);
      await signsIn(board, ANNA);
      await board.reads('#sign-in-problem', words);
    };
    await problem([400, { code: 'captcha_failed', message: 'captcha protection: request disallowed' }], /asks for a captcha, which this page cannot show/);
    await problem([500, { code: 'unexpected_failure', message: 'x' }], 'The server is busy. Try again in a moment.');
    await problem([502, { message: 'no code' }], 'Signing in did not work (http_502).');
    await problem([401, { message: 'Invalid API key' }], /SUPABASE_ANON_KEY/);
    await problem([429, { code: 'over_request_rate_limit', message: 'x' }], 'Too many tries.');
    await board.reads('#sign-in-wait', /^You can try again in \d+ s\.$/);
    assert.equal(await board.page.locator('#by-password button').isDisabled(), true);
    await board.pictured('project-too-often', { widths: [320], schemes: ['light'] });
  });
});

/** It is so many minutes later, at the project and by the clocks of these pages. */
const later = (minutes, ...pages) => {
  project.ahead = minutes * 60;
  return Promise.all(pages.map((page) => page.clock.setFixedTime(Date.now() + minutes * MINUTE)));
};

test('five tabs renew a token once, and a night offline signs nobody out', { skip }, async () => {
  await onPage(server.address, async (board) => {
    await signsIn(board, ANNA);
    await isAnna(board);
    const first = await session(board);
    const others = await Promise.all([1, 2, 3, 4].map(() => board.page.context().newPage()));
    await Promise.all(others.map(async (page) => {
      await page.goto(server.address);
      await page.locator('#me').waitFor();
    }));
    // The token is due in all of them at once, and none is answered before all have seen that.
    let opens;
    project.gate = new Promise((open) => (opens = open));
    await later(59, board.page, ...others);
    await Promise.all([board.page, ...others].map((page) => page.evaluate(() => {
      window.dispatchEvent(new Event('online'));
      return new Promise((seen) => setTimeout(seen, 100));
    })));
    opens();
    await board.page.waitForFunction(([key, old]) => JSON.parse(localStorage.getItem(key)).refresh_token !== old, [KEPT, first.refresh_token]);
    await Promise.all(others.map((page) => page.locator('#sign-in').waitFor({ state: 'detached' })));
    assert.equal(refreshes(), 1);
    project.gate = null;
    for (const page of others) await page.close();
    // The night: the token has ended, and there is no network when it is looked at.
    board.failuresExpected = true;
    await board.page.context().setOffline(true);
    await later(8 * 60, board.page);
    await board.networkReturns();
    assert.notEqual(await session(board), null);
    const before_ = await session(board);
    await board.page.context().setOffline(false);
    await board.networkReturns();
    await board.page.waitForFunction(([key, old]) => JSON.parse(localStorage.getItem(key)).refresh_token !== old, [KEPT, before_.refresh_token]);
    await isAnna(board);
    assert.equal(await board.page.locator('#sign-in').count(), 0);
  });
});

test('a project that is away is asked less and less, and signs nobody out; one that says no for good does', { skip }, async () => {
  await onPage(server.address, async (board) => {
    await signsIn(board, ANNA);
    await isAnna(board);
    board.failuresExpected = true;
    for (const answer of [[503, {}], [409, { code: 'conflict', message: 'x' }], [429, { code: 'over_request_rate_limit', message: 'x' }], [400, { code: 'something_new', message: 'x' }]]) {
      project.answers.set('POST /token?grant_type=refresh_token', answer);
      await later(61, board.page);
      await board.page.reload();
      await board.page.locator('#state-words').waitFor();
      await board.reads('#state-why', 'Your sign-in could not be renewed yet.');
      assert.equal(await board.page.locator('#sign-in').count(), 0, `${answer}`);
      assert.notEqual(await session(board), null);
    }
    const asked = refreshes();
    assert.ok(asked <= 12, `asked ${asked} times`);
    project.answers.clear();
    await board.networkReturns();
    await isAnna(board);
    project.endsSessionsOf(ANNA);
    await later(3 * 60, board.page);
    await board.networkReturns();
    await board.reads('#sign-in-problem', 'Your sign-in has ended. Sign in again.');
    assert.equal(await session(board), null);
  });
});

test('the agency’s app and the page share one session, both ways', { skip }, async () => {
  await onPage(server.address, async (board) => {
    const app = await appBeside(board);
    const user = () => app.evaluate(async () => (await globalThis.client.auth.getSession()).data.session?.user.email ?? null);
    assert.equal(await user(), null);
    // Signed in on the page: the app is, too.
    await signsIn(board, ANNA);
    await isAnna(board);
    assert.equal(await user(), ANNA);
    // Renewed by the app: the page goes on with it, and asks for none itself.
    await app.evaluate(() => globalThis.client.auth.refreshSession());
    const renewed = await session(board);
    assert.equal(refreshes(), 1);
    await board.page.reload();
    await isAnna(board);
    assert.equal((await session(board)).refresh_token, renewed.refresh_token);
    // Renewed by the page: the app has no copy that would be refused.
    await later(59, board.page);
    await board.page.reload();
    await board.page.waitForFunction(([key, old]) => JSON.parse(localStorage.getItem(key)).refresh_token !== old, [KEPT, renewed.refresh_token]);
    const told = await app.evaluate(async () => (await globalThis.client.auth.refreshSession()).error?.code ?? null);
    assert.equal(told, null);
    // Signed out in the app: the page is.
    await app.evaluate(() => globalThis.client.auth.signOut({ scope: 'local' }));
    await board.page.locator('#by-password').waitFor();
    // Signed in in the app: the page goes on without being asked.
    await app.evaluate(([email, password]) => globalThis.client.auth.signInWithPassword({ email, password }), [ANNA, PASSWORD]);
    await isAnna(board);
    // Signed out on the page: the app is.
    await board.page.click('#sign-out');
    await board.page.locator('#by-password').waitFor();
    assert.equal(await user(), null);
  });
});

test('a session in base64 and in pieces, as supabase-js’s other stores write it, is gone on with in that form', { skip }, async () => {
  await onPage(server.address, async (board) => {
    await signsIn(board, ANNA);
    await isAnna(board);
    const refreshedIn = async (form) => {
      const before_ = await session(board);
      await board.page.evaluate(([key, kept, inOne]) => {
        const text = `base64-${btoa(JSON.stringify(kept)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`;
        localStorage.removeItem(key);
        if (inOne) return localStorage.setItem(key, text);
        for (let at = 0; at * 400 < text.length; at += 1) localStorage.setItem(`${key}.${at}`, text.slice(at * 400, (at + 1) * 400));
        return undefined;
      }, [KEPT, before_, form === 'one']);
      await later(59 + (form === 'one' ? 0 : 60), board.page);
      await board.page.reload();
      await isAnna(board);
      const names = await board.page.evaluate(() => Object.keys(localStorage).filter((name) => name.startsWith('sb-')).sort());
      const [text] = await board.page.evaluate((all) => [all.map((name) => localStorage.getItem(name)).join('')], names);
      assert.match(text, /^base64-/);
      const after_ = JSON.parse(Buffer.from(text.slice(7), 'base64url'));
      assert.notEqual(after_.refresh_token, before_.refresh_token);
      return [names, after_];
    };
    const [one, kept] = await refreshedIn('one');
    assert.deepEqual(one, [KEPT]);
    await board.page.evaluate(([key, plain]) => localStorage.setItem(key, JSON.stringify(plain)), [KEPT, kept]);
    const [pieces] = await refreshedIn('pieces');
    assert.ok(pieces.every((name) => /^sb-127-auth-token\.\d+$/.test(name)), `${pieces}`);
  });
});

test('a token in the address signs in as before, and is asked about where somebody is signed in', { skip }, async () => {
  await onPage(server.as('Olivia'), async (board) => {
    await board.state('Live');
    await board.reads('#me', 'Olivia, owner');
  });
  await onPage(server.address, async (board) => {
    await signsIn(board, ANNA);
    await isAnna(board);
    await board.page.goto(server.as('Olivia'));
    await board.reads('#handed', /Here Anna is signed in/);
    await isAnna(board);
  });
});
