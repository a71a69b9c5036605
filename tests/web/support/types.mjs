// JSON schemas as TypeScript: what the client library's types are made from.

const nameOf = ($ref) => $ref.split('/').pop();
const indented = (text, by) => text.replaceAll('\n', `\n${by}`);
const comment = (text, by = '') => (text ? `/** ${indented(text.trim().replaceAll('*/', '* /'), `${by} * `)} */\n${by}` : '');

/** Names that a schema mentions. */
export function mentioned(schema) {
  return [...JSON.stringify({ ...schema, examples: undefined }).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);
}

function type(schema, by) {
  if (schema.$ref) return nameOf(schema.$ref);
  if ('const' in schema) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((word) => JSON.stringify(word)).join(' | ');
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices) return choices.map((one) => type(one, by)).join(' | ');
  if (schema.allOf) return schema.allOf.map((one) => type(one, by)).join(' & ');
  return [schema.type ?? 'unknown'].flat().map((word) => plain(word, schema, by)).join(' | ');
}

function plain(word, schema, by) {
  switch (word) {
    case 'integer':
    case 'number':
      return 'number';
    case 'array': {
      const items = type(schema.items, by);
      return /[ |&]/.test(items) ? `(${items})[]` : `${items}[]`;
    }
    case 'object':
      return schema.properties ? fields(schema, by) : `Record<string, ${schema.additionalProperties ? type(schema.additionalProperties, by) : 'unknown'}>`;
    default:
      return word;
  }
}

function fields({ properties, required = [] }, by) {
  const inner = `${by}  `;
  const lines = Object.entries(properties).map(([name, schema]) => `${inner}${comment(schema.description, inner)}${name}${required.includes(name) ? '' : '?'}: ${type(schema, inner)};`);
  return lines.length ? `{\n${lines.join('\n')}\n${by}}` : 'Record<string, never>';
}

/** `export` lines for these schemas and all that they mention, by name. */
export function typescript(schemas, names, by = '') {
  const all = new Set();
  const add = (name) => {
    if (all.has(name)) return;
    all.add(name);
    mentioned(schemas[name]).forEach(add);
  };
  names.forEach(add);
  return [...all].sort().map((name) => {
    const schema = schemas[name];
    const text = comment(schema.description, by);
    const isObject = schema.properties && Object.keys(schema.properties).length;
    return `${by}${text}export ${isObject ? `interface ${name} ${fields(schema, by)}` : `type ${name} = ${type(schema, by)};`}`;
  }).join('\n');
}
