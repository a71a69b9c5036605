// The client library against the documents of a real server: the types, the close codes; and what the package holds.
//
//   WRITE_TYPES=1 CALLBOARD_BIN=target/debug/callboard node --test tests/web/contract.mjs     writes the types again
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import path from 'node:path';
import { CallboardClient } from '../../static/sdk/index.js';
import { CLOSED, comesBack } from '../../static/sdk/connection.js';
import { TEXT } from '../../static/board/texts.js';
import { Callboard } from './support/callboard.mjs';
import { Platform, settled, token } from './support/platform.mjs';
import { typescript } from './support/types.mjs';

const { CALLBOARD_BIN, WRITE_TYPES } = process.env;
const skip = CALLBOARD_BIN ? false : 'needs CALLBOARD_BIN';
const at = (name) => new URL(`../../${name}`, import.meta.url);
const TYPES = at('static/sdk/index.d.ts');
const [BEGIN, END] = ['export namespace Wire {\n', '\n} // Wire\n'];
let server;
let openapi;
let asyncapi;

before(async () => {
  if (skip) return;
  server = await Callboard.create(path.resolve(process.env.INIT_CWD ?? '.', CALLBOARD_BIN));
  const read = async (name) => (await fetch(`${server.address}${name}`)).json();
  [openapi, asyncapi] = await Promise.all([read('openapi.json'), read('asyncapi.json')]);
});

after(() => server?.ends());

test('the library’s types are those of /asyncapi.json and /openapi.json', { skip }, () => {
  const schemas = { ...openapi.components.schemas, ...asyncapi.components.schemas };
  const made = typescript(schemas, [...Object.keys(asyncapi.components.schemas), 'Answered', 'Done', 'CallLog', 'CallLogPage'], '  ');
  const file = readFileSync(TYPES, 'utf8');
  const [begin, end] = [file.indexOf(BEGIN) + BEGIN.length, file.indexOf(END)];
  if (WRITE_TYPES) writeFileSync(TYPES, file.slice(0, begin) + made + file.slice(end));
  else assert.equal(file.slice(begin, end), made, 'static/sdk/index.d.ts is not what the server says: see the head of this file');
  assert.match(made, /from_number: string \| null;/);
});

test('a withheld number is null in the types, and what the library adds is told apart', () => {
  const file = readFileSync(TYPES, 'utf8');
  assert.match(file, /interface Call extends Wire\.Call \{/);
  assert.equal(/from_number: string;/.test(file), false);
});

test('the library knows every close code of the document, says why, and does what it says', { skip }, async () => {
  const closes = asyncapi['x-close-codes'];
  assert.deepEqual(Object.keys(CLOSED).map(Number).sort(), closes.map(({ code }) => code).sort());
  for (const { code, reconnect } of closes) {
    assert.equal(comesBack(code), reconnect, `${code}`);
    const platform = new Platform();
    const client = new CallboardClient({ url: 'http://calls.test', token: () => token('anna'), platform });
    client.start();
    await settled();
    platform.socket.opens();
    platform.socket.says({ type: 'snapshot', epoch: 'one', seq: 1, heartbeat_s: 15, user: {}, calls: [] });
    platform.socket.ends(code);
    const { problem } = client.getSnapshot();
    await settled();
    await platform.passes(20_000);
    const { state } = client.getSnapshot();
    assert.deepEqual([problem.code, problem.close, state === 'stopped'], [CLOSED[code], code, !reconnect], `${code}`);
    assert.equal(platform.sockets.length > 1, reconnect, `${code}`);
    if (!reconnect && code !== 4500) assert.ok(TEXT.stopped[problem.code], `the page has no words for ${problem.code}`);
    client.stop();
  }
});

test('the package holds both licences, and the repository too', () => {
  const { files, license } = JSON.parse(readFileSync(at('static/sdk/package.json'), 'utf8'));
  assert.equal(license, 'MIT OR Apache-2.0');
  // npm takes LICENSE along by itself, and nothing else that is not listed.
  for (const name of ['*.js', '*.d.ts', 'README.md', 'LICENSE-APACHE']) assert.ok(files.includes(name), name);
  for (const [name, text] of [['LICENSE', /Permission is hereby granted, free of charge/], ['LICENSE-APACHE', /Apache License\s+Version 2\.0, January 2004/]]) {
    const [here, there] = [readFileSync(at(name), 'utf8'), readFileSync(at(`static/sdk/${name}`), 'utf8')];
    assert.match(here, text);
    assert.equal(here, there);
  }
});
