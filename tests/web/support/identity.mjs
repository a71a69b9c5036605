// A real identity provider (oidc-provider), at which people sign in with whatever name the test knows.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

export const CLIENT = { client_id: 'callboard', client_secret: 'a secret of the client: long, with + and %' };

export class IdentityProvider {
  people = new Map(); // by what they type: {email, email_verified, name, groups}
  #server = createServer((request, response) => this.#answer(request, response));
  #answer = (request, response) => response.writeHead(503).end();

  async starts() {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.issuer = `http://127.0.0.1:${this.#server.address().port}`;
    return this;
  }

  /** From now on it knows where browsers may be sent back to. */
  serves(callback) {
    const provider = new Provider(this.issuer, {
      clients: [{ ...CLIENT, redirect_uris: [callback], response_types: ['code'], grant_types: ['authorization_code'] }],
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
      cookies: { keys: ['of the test'] },
      findAccount: (_, id) => this.people.has(id) && { accountId: id, claims: () => ({ sub: id, ...this.people.get(id) }) },
    });
    this.#answer = provider.callback();
  }

  ends() {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** What somebody does there who is asked. */
export async function passes(page, login) {
  await page.locator('input[name=login]').fill(login);
  await page.locator('input[name=password]').fill('whatever');
  await page.locator('button[type=submit]').click();
  await page.getByRole('button', { name: 'Continue' }).click();
}
