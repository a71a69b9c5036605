// The way from a laptop to the server. With the lid closed nothing passes any more, and nobody is told: open connections stay
// open and silent, as they do when a machine sleeps or a network goes away.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export class Lid {
  #listener;
  #open = true;
  #pairs = new Set();

  static async before(address) {
    const lid = new Lid();
    const { hostname, port } = new URL(address);
    lid.#listener = createServer((near) => lid.#pass(near, connect(Number(port), hostname)));
    lid.#listener.listen(0, '127.0.0.1');
    await once(lid.#listener, 'listening');
    lid.address = `http://127.0.0.1:${lid.#listener.address().port}/`;
    return lid;
  }

  #pass(near, far) {
    const pair = { near, far, dead: !this.#open };
    this.#pairs.add(pair);
    near.on('data', (bytes) => pair.dead || far.write(bytes));
    far.on('data', (bytes) => pair.dead || near.write(bytes));
    const over = () => {
      if (pair.dead) return;
      near.destroy();
      far.destroy();
      this.#pairs.delete(pair);
    };
    for (const socket of [near, far]) socket.on('close', over).on('error', over);
  }

  /** What was open is dead from now on, also after the lid is opened again. */
  closes() {
    this.#open = false;
    for (const pair of this.#pairs) pair.dead = true;
  }

  opens() {
    this.#open = true;
  }

  ends() {
    for (const { near, far } of this.#pairs) {
      near.destroy();
      far.destroy();
    }
    this.#listener.close();
  }
}
