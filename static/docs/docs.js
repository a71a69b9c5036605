// The documents of this server, read from it and shown: no library, nothing from elsewhere.

/** An element with what is in it; texts are texts, never markup. */
function element(name, attributes = {}, ...inside) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...inside.filter((part) => part !== null && part !== undefined && part !== ''));
  return made;
}

/** A text in which `code` and **strong** are shown as such. */
function words(text = '') {
  return text.replaceAll(/([^\n])\n(?!\n)/g, '$1 ').split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part) => {
    if (part.startsWith('`')) return element('code', {}, part.slice(1, -1));
    if (part.startsWith('**')) return element('strong', {}, part.slice(2, -2));
    return part;
  });
}

const paragraphs = (text = '') => text.trim().split(/\n{2,}/).filter(Boolean).map((one) => element('p', {}, ...words(one)));

const anchor = (...parts) => parts.join('-').replaceAll(/[^\w.]+/g, '-');

/** What a schema allows, in a few words, with links to those that have a name. */
function kind(schema = {}) {
  if (schema.$ref) {
    const name = schema.$ref.split('/').pop();
    return [element('a', { href: `#${anchor('schema', name)}` }, name)];
  }
  if ('const' in schema) return [element('code', {}, JSON.stringify(schema.const))];
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices) return choices.flatMap((one, at) => [at ? ' or ' : '', ...kind(one)]);
  if (schema.allOf) return schema.allOf.flatMap((one, at) => [at ? ' with ' : '', ...kind(one)]);
  const types = [schema.type ?? 'anything'].flat();
  const parts = [types.join(' or ')];
  if (types.includes('array')) parts.push(' of ', ...kind(schema.items));
  if (schema.properties && types.includes('object')) parts.push(` { ${Object.keys(schema.properties).join(', ')} }`);
  if (schema.format) parts.push(` (${schema.format})`);
  if (schema.enum) parts.push(': ', ...schema.enum.flatMap((word, at) => [at ? ', ' : '', element('code', {}, String(word))]));
  if (schema.minimum !== undefined && schema.maximum !== undefined) parts.push(`, ${schema.minimum} to ${schema.maximum}`);
  if (schema.maxLength !== undefined) parts.push(`, at most ${schema.maxLength} characters`);
  if (schema.default !== undefined) parts.push(`, ${schema.default} unless said`);
  return parts;
}

function table(caption, heads, rows) {
  if (!rows.length) return null;
  const head = element('tr', {}, ...heads.map((text) => element('th', { scope: 'col' }, text)));
  const body = rows.map(([first, ...cells]) => element('tr', {}, element('th', { scope: 'row' }, ...first), ...cells.map((cell) => element('td', {}, ...cell))));
  const made = element('table', {}, element('caption', {}, caption), element('thead', {}, head), element('tbody', {}, ...body));
  return element('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': caption }, made);
}

const example = (value) => element('pre', { tabindex: '0', 'aria-label': 'Example' }, element('code', {}, JSON.stringify(value, null, 2)));

function properties(schema) {
  const parts = [schema, ...(schema.allOf ?? [])];
  return parts.flatMap((part) => Object.entries(part.properties ?? {}).map(([name, property]) => [
    [element('code', {}, name), (part.required ?? []).includes(name) ? '' : element('span', { class: 'muted' }, ' (optional)')],
    kind(property),
    words(property.description ?? [property.oneOf ?? []].flat().find((one) => one.description)?.description ?? ''),
  ]));
}

function route(path, method, operation) {
  const responses = Object.entries(operation.responses).map(([status, answer]) => [
    [element('code', {}, status)],
    words(answer.description),
    Object.entries(answer.content ?? {}).flatMap(([type, { schema }], at) => [at ? '; ' : '', ...(type === 'application/json' ? kind(schema) : [type])]),
  ]);
  const parameters = (operation.parameters ?? []).map((one) => [[element('code', {}, one.name)], [one.in], kind(one.schema), words(one.description ?? '')]);
  const body = operation.requestBody?.content['application/json'];
  return element('details', { id: anchor(method, path) },
    element('summary', {}, element('span', { class: 'method', 'data-method': method }, method), ' ', element('code', {}, path), ' ', element('span', { class: 'muted' }, operation.summary)),
    element('div', { class: 'inside' },
      ...paragraphs(operation.description),
      element('p', {}, operation.security?.length ? `For ${operation['x-role']}: Authorization: Bearer with a user’s token.` : 'No token.'),
      table('Parameters', ['Name', 'In', 'What', ''], parameters),
      body && element('p', {}, 'Body: ', ...kind(body.schema)), body && example(body.example),
      table('Answers', ['Status', 'When', 'Body'], responses)));
}

function showRoutes(openapi) {
  const place = document.getElementById('routes');
  place.append(...paragraphs(openapi.info.description), element('p', {}, 'Server: ', element('code', {}, openapi.servers[0].url), `, version ${openapi.info.version}.`));
  const all = Object.entries(openapi.paths).flatMap(([path, item]) => Object.entries(item).map(([method, operation]) => [path, method.toUpperCase(), operation]));
  for (const tag of openapi.tags) {
    place.append(element('h3', { id: anchor('tag', tag.name) }, tag.name), ...paragraphs(tag.description));
    place.append(...all.filter(([, , operation]) => operation.tags.includes(tag.name)).map((one) => route(...one)));
  }
}

function showSocket(asyncapi) {
  const place = document.getElementById('socket');
  const { host, pathname, protocol } = asyncapi.servers.callboard;
  const address = `${protocol}://${host}${pathname.replace(/\/$/, '')}/ws`;
  place.append(element('p', {}, element('code', {}, address)), ...paragraphs(asyncapi.info.description));
  for (const operation of Object.values(asyncapi.operations)) {
    place.append(element('h3', {}, operation.action === 'receive' ? 'What a client says' : 'What the server says'), ...paragraphs(operation.summary));
    for (const { $ref } of operation.messages) {
      const message = asyncapi.components.messages[$ref.split('/').pop()];
      const schema = asyncapi.components.schemas[message.payload.$ref.split('/').pop()];
      place.append(element('details', { id: anchor('message', message.name) },
        element('summary', {}, element('code', {}, message.name), ' ', element('span', { class: 'muted' }, ...words(message.summary))),
        element('div', { class: 'inside' }, table('Fields', ['Name', 'What', ''], properties(schema)), ...message.examples.map(({ payload }) => example(payload)))));
    }
  }
  const closes = asyncapi['x-close-codes'].map(({ code, name, message, reconnect }) => [[element('code', {}, String(code))], [element('code', {}, name)], words(message), [reconnect ? 'come back' : 'stay away']]);
  place.append(table('Close codes that are the server’s choice', ['Code', 'Name', 'Why', 'The client should'], closes));
}

function showSchemas(openapi, asyncapi) {
  const place = document.getElementById('schemas');
  const all = { ...asyncapi.components.schemas, ...openapi.components.schemas };
  for (const name of Object.keys(all).sort()) {
    const schema = all[name];
    const rows = properties(schema);
    place.append(element('details', { id: anchor('schema', name) },
      element('summary', {}, element('code', {}, name), ' ', element('span', { class: 'muted' }, ...words(schema.description))),
      element('div', { class: 'inside' },
        rows.length ? null : element('p', {}, ...kind(schema)),
        schema.allOf ? element('p', {}, ...kind({ allOf: schema.allOf.filter((one) => one.$ref) }), ' and:') : null,
        table('Fields', ['Name', 'What', ''], rows), ...(schema.examples ?? []).map(example))));
  }
}

/** What an address names is opened, be it folded. */
function openNamed() {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!named) return;
  if (named instanceof HTMLDetailsElement) { named.open = true; named.querySelector('summary').focus(); }
  named.scrollIntoView();
}

async function read(path, as) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path} was answered with ${answer.status}`);
  return answer[as]();
}

async function show() {
  const [openapi, asyncapi, client] = await Promise.all([read('openapi.json', 'json'), read('asyncapi.json', 'json'), read('docs/client.mjs', 'text')]);
  showRoutes(openapi);
  showSocket(asyncapi);
  showSchemas(openapi, asyncapi);
  document.getElementById('client-text').textContent = client;
  const sections = [...document.querySelectorAll('main > section')];
  document.getElementById('contents').append(element('ul', {}, ...sections.map((one) => element('li', {}, element('a', { href: `#${one.id}` }, one.querySelector('h2').textContent)))));
  addEventListener('hashchange', openNamed);
  openNamed();
  document.documentElement.dataset.shown = 'yes';
}

show().catch((error) => {
  const problem = document.getElementById('problem');
  problem.textContent = `The documents cannot be shown: ${error.message}`;
  problem.hidden = false;
});
