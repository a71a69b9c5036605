// People sign in on the page at an identity provider: Chromium before a real callboard and a real provider (oidc-provider).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import path from 'node:path';
import { AuthClient } from '@supabase/auth-js';
import { launch, onPage as openPage } from './support/browser.mjs';
import { Callboard } from './support/callboard.mjs';
import { CLIENT, IdentityProvider, passes } from './support/identity.mjs';

const { CALLBOARD_BIN } = process.env;
const skip = CALLBOARD_BIN ? false : 'needs CALLBOARD_BIN';
const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
let browser;
let server;
let provider;
let invitation;
const onPage = (address, story, options) => openPage(browser, address, (board) => {
  board.failuresExpected = true; // the provider's own pages ask for fonts that are not here
  return story(board);
}, options);

before(async () => {
  if (skip) return;
  provider = await new IdentityProvider().starts();
  provider.people.set('nora', { email: 'nora@acme.example', email_verified: true, name: 'Nora', groups: [] });
  provider.people.set('max', { email: 'max@other.example', email_verified: true, name: 'Max', groups: [] });
  provider.people.set('ida', { email: 'ida@other.example', email_verified: true, name: 'Ida', groups: ['desk'] });
  server = await Callboard.create(path.resolve(process.env.INIT_CWD ?? '.', CALLBOARD_BIN), {
    CALLBOARD_ACCOUNTS: 'off',
    OIDC_ISSUER: provider.issuer,
    OIDC_CLIENT_ID: CLIENT.client_id,
    OIDC_CLIENT_SECRET: CLIENT.client_secret,
    OIDC_ALLOWED: 'acme.example,group:desk',
  });
  const { auth_url: url } = await (await fetch(`${server.address}api/sign-in`)).json();
  provider.serves(`${url}/callback`);
  invitation = await server.invites('agency_member', 'whoever@acme.example');
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.ends();
  provider?.ends();
});

const here = (link) => link.replace(new URL(link).origin, new URL(server.address).origin);

test('whoever is let in and belongs to no agency is told whom to ask', { skip }, async () => {
  await onPage(server.address, async (board) => {
    await board.page.locator('#with-oidc').waitFor();
    assert.equal(await board.page.locator('#email').count(), 0, 'a password is asked for that nobody has');
    await board.isAccessible();
    await board.pictured('oidc-sign-in', { widths: [320, 1440], schemes: ['light'] });
    await board.page.click('#with-oidc');
    await passes(board.page, 'ida');
    await board.reads('#notice', /not as a member of an agency here/);
    assert.equal(board.page.url(), server.address);
    await board.page.getByRole('button', { name: 'Sign out' }).click();
    await board.page.locator('#with-oidc').waitFor();
  });
});

test('whoever is not let in reads so, and so does whoever turns back', { skip }, async () => {
  await onPage(server.address, async (board) => {
    await board.page.click('#with-oidc');
    await passes(board.page, 'max');
    await board.reads('#sign-in-problem', /^You are known over there, but not let in here\./);
    await board.page.context().clearCookies();
    await board.page.click('#with-oidc');
    await board.page.getByText('[ Cancel ]').click();
    await board.reads('#sign-in-problem', /^Nobody was let in over there\./);
    assert.equal(board.page.url(), server.address);
  });
});

test('auth-js signs in there too, with nothing but the address changed', { skip }, async () => {
  const kept = new Map();
  const storage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value), removeItem: (key) => void kept.delete(key) };
  const auth = new AuthClient({ url: `${server.address}auth/v1`, headers: {}, storage, autoRefreshToken: false, flowType: 'pkce' });
  const redirectTo = `${server.address}docs/contract.md`;
  const { data } = await auth.signInWithOAuth({ provider: 'oidc', options: { redirectTo, skipBrowserRedirect: true } });
  // The browser is the same all the way: at the address by which the provider knows the server.
  const { auth_url: there } = await (await fetch(`${server.address}api/sign-in`)).json();
  await onPage(server.address, async ({ page }) => {
    await page.goto(data.url.replace(`${server.address}auth/v1`, there));
    await passes(page, 'ida');
    await page.waitForURL(/contract\.md\?code=/);
    const { data: { session }, error } = await auth.exchangeCodeForSession(new URL(page.url()).searchParams.get('code'));
    assert.equal(error, null);
    assert.equal(session.user.email, 'ida@other.example');
    assert.equal((await auth.refreshSession()).error, null);
    assert.equal((await auth.signOut({ scope: 'local' })).error, null);
  });
});

test('an invitation is accepted by signing in there, on a telephone too, and its holder comes back', { skip }, async () => {
  await onPage(here(invitation), async (board) => {
    await board.reads('#coming-title', 'You are invited');
    assert.equal(await board.page.locator('#coming-password').count(), 0);
    await board.isAccessible();
    await board.pictured('oidc-invited', { widths: [320, 1440], schemes: ['light'] });
    await board.page.click('#with-oidc');
    await passes(board.page, 'nora');
    await board.page.click('#join');
    await board.state(/^(Live|Resumed)/);
    await board.reads('#me', 'Nora, member');
    assert.equal(board.page.url(), server.address);
    await board.page.reload();
    await board.reads('#me', 'Nora, member');
    await board.page.evaluate(() => document.getElementById('sign-out').click());
    await board.page.click('#with-oidc');
    await board.reads('#me', 'Nora, member');
  }, PHONE);
  await onPage(here(invitation), async (board) => {
    await board.page.click('#with-oidc');
    await passes(board.page, 'nora');
    await board.page.click('#join');
    await board.reads('#coming-problem', /used already, or has run out/);
  });
});
