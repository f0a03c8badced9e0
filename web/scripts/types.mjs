// Writes src/core/contract-types.ts from ../schema/antiphon.json; `--check` compares instead.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const SCHEMA = join(here, '../../schema/antiphon.json');
const TARGET = join(here, '../src/core/contract-types.ts');

const refName = (ref) => ref.replace('#/definitions/', '');
const comment = (text, pad = '') => (text ? `${pad}/** ${text.replaceAll(/\s+/g, ' ')} */\n` : '');

/** One schema node as a TypeScript type. */
function typeOf(node, pad) {
  if (node.$ref) return refName(node.$ref);
  if (node.allOf) return typeOf(node.allOf[0], pad);
  if (node.enum) return node.enum.map((value) => `'${value}'`).join(' | ');
  const choices = node.oneOf ?? node.anyOf;
  if (choices) return choices.map((choice) => typeOf(choice, pad)).join(' | ');
  if (Array.isArray(node.type)) return node.type.map((type) => typeOf({ ...node, type }, pad)).join(' | ');
  return plain(node, pad);
}

function plain(node, pad) {
  switch (node.type) {
    case 'integer':
    case 'number':
      return 'number';
    case 'array':
      return arrayOf(typeOf(node.items, pad));
    case 'object':
      return object(node, pad);
    default:
      return node.type;
  }
}

const arrayOf = (inner) => (inner.includes('|') ? `(${inner})[]` : `${inner}[]`);

function object(node, pad) {
  const entries = Object.entries(node.properties ?? {});
  if (entries.length === 0) return 'Record<string, never>';
  const deeper = `${pad}  `;
  const required = new Set(node.required ?? []);
  const lines = entries.map(
    ([name, child]) =>
      `${comment(child.description, deeper)}${deeper}${name}${required.has(name) ? '' : '?'}: ${typeOf(child, deeper)};\n`,
  );
  return `{\n${lines.join('')}${pad}}`;
}

function generate(schema) {
  const types = new Map();
  const add = (name, node) => {
    for (const [inner, definition] of Object.entries(node.definitions ?? {})) add(inner, definition);
    const text = `${comment(node.description)}export type ${name} = ${typeOf(node, '')};\n`;
    if (types.has(name) && types.get(name) !== text) throw new Error(`two different types are named ${name}`);
    types.set(name, text);
  };
  add('ExecuteMsg', schema.execute);
  add('QueryMsg', schema.query);
  for (const response of Object.values(schema.responses)) add(response.title, response);
  const answers = Object.entries(schema.responses).map(([query, node]) => `  ${query}: ${node.title};\n`);
  const sorted = [...types.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
  return [
    '// Generated from schema/antiphon.json by `npm run types`; do not edit.\n',
    ...sorted,
    `/** What each query is answered with. */\nexport interface Answers {\n${answers.join('')}}\n`,
  ].join('\n');
}

const text = generate(JSON.parse(readFileSync(SCHEMA, 'utf8')));
if (process.argv.includes('--check')) {
  if (readFileSync(TARGET, 'utf8') !== text) {
    console.error('src/core/contract-types.ts is not what schema/antiphon.json gives: run `npm run types`');
    process.exit(1);
  }
} else {
  writeFileSync(TARGET, text);
}
