// Derives from crds/*.yaml, the one source of truth: the TypeScript types and descriptors of the six kinds, the definitions as a module
// (so that nothing parses YAML at run time), and the joined manifest. `--check` writes nothing and fails when any of them is stale.
import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'yaml';

const root = new URL('../../', import.meta.url);
const kinds = ['host', 'actor', 'provider', 'link', 'distribution', 'lattice'];
const notice = 'Generated from crds/ by `npm run generate`; do not edit.';

const files = kinds.map((kind) => readFileSync(new URL(`crds/wasmcloud${kind}.yaml`, root), 'utf8'));
const crds = files.map((text) => parse(text));

/** Interfaces by name, in the order in which they were first met: shape, descriptions of their uses, fields. */
const interfaces = new Map();

/** Text as a string literal in single quotes, which JSON needs to escape least in. */
const quoted = (text) => `'${text.replace(/[\\']/g, '\\$&')}'`;

const pascal = (name) => name[0].toUpperCase() + name.slice(1);

const hardSpace = '\u00a0';

/** Text as a doc comment of at most 120 columns; a hard space keeps two words on one line. */
function comment(text, indent = '') {
  const lines = [''];
  for (const word of text.split(/[ \n]+/)) {
    if (`${indent} * ${lines.at(-1)} ${word}`.length > 120) lines.push(word);
    else lines[lines.length - 1] += lines.at(-1) === '' ? word : ` ${word}`;
  }
  for (const index of lines.keys()) lines[index] = lines[index].replace(hardSpace, ' ');
  if (lines.length === 1 && lines[0].length + indent.length < 110) return `${indent}/** ${lines[0]} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}\n`).join('')}${indent} */\n`;
}

function docOf(schema) {
  const hasDefault = schema.default !== undefined && typeof schema.default !== 'object';
  return hasDefault
    ? `${schema.description} @default${hardSpace}${JSON.stringify(schema.default).replaceAll('"', "'")}`
    : schema.description;
}

/** What the descriptions of all uses of one shape end with, by sentences: what belongs to the shape, not to a use. */
function commonEnd([first, ...others]) {
  const sentences = first.replace(/\s+/g, ' ').split(/(?<=\.) /);
  const ends = sentences.map((_, index) => sentences.slice(index).join(' '));
  return ends.find((end) => others.every((other) => other.replace(/\s+/g, ' ').endsWith(end))) ?? first;
}

/** The TypeScript type of a schema; objects with properties become interfaces, named by their title or else by their path. */
function typeOf(schema, path) {
  if (schema['x-kubernetes-int-or-string']) return 'number | string';
  if (schema.enum) return schema.enum.map((value) => `'${value}'`).join(' | ');
  if (schema.type === 'integer' || schema.type === 'number') return 'number';
  if (schema.type === 'string' || schema.type === 'boolean') return schema.type;
  if (schema.type === 'array') {
    const item = typeOf(schema.items, schema.items.properties && !schema.items.title ? undefined : path);
    return item.includes('|') ? `(${item})[]` : `${item}[]`;
  }
  if (schema.additionalProperties) return `Record<string, ${typeOf(schema.additionalProperties, path)}>`;
  if (schema['x-kubernetes-preserve-unknown-fields']) return 'Record<string, unknown>';
  if (schema.properties) return interfaceOf(schema, schema.title ?? path);
  throw new Error(`${path} has a schema that no type is known for: ${JSON.stringify(schema)}`);
}

function interfaceOf(schema, name) {
  if (name === undefined)
    throw new Error(`Give the list item a title: ${JSON.stringify(schema).slice(0, 200)}`);
  // Each use has its own description, and lines break where the indentation makes them.
  const shape = JSON.stringify({ ...schema, description: undefined }).replaceAll('\\n', ' ');
  const known = interfaces.get(name);
  if (known) {
    if (known.shape !== shape) throw new Error(`The schemas with the title ${name} differ`);
    known.descriptions.push(schema.description);
    return name;
  }
  const made = { shape, descriptions: [schema.description], fields: [] };
  interfaces.set(name, made);
  made.fields = Object.entries(schema.properties).map(([field, value]) => {
    const type = typeOf(value, `${name}${pascal(field)}`);
    const optional = schema.required?.includes(field) ? `: ${type}` : `?: ${type} | undefined`;
    return `${comment(docOf(value), '  ')}  ${field}${optional};\n`;
  });
  return name;
}

function kindOf(crd) {
  const { group, scope, names, versions } = crd.spec;
  const { name: version, schema } = versions[0];
  const { description, properties } = schema.openAPIV3Schema;
  const object = `${comment(description)}export interface ${names.kind} extends KubeObject {
  apiVersion: '${group}/${version}';
  kind: '${names.kind}';
  spec: ${typeOf(properties.spec, `${names.kind}Spec`)};
  status?: ${typeOf(properties.status, `${names.kind}Status`)} | undefined;
}
`;
  const descriptor = `${comment(`How the API server names ${names.kind}.`)}export const ${names.kind}Resource: ResourceType<${names.kind}> = {
  group: '${group}',
  version: '${version}',
  kind: '${names.kind}',
  plural: '${names.plural}',
  namespaced: ${scope === 'Namespaced'},
};
`;
  return `${object}\n${descriptor}`;
}

const objects = crds.map(kindOf);
const outputs = {
  'lib/api/generated/kasmcloud.ts': [
    `// ${notice}\nimport type { KubeObject, ResourceType } from '../resource';\n`,
    ...objects,
    ...[...interfaces].map(
      ([name, { descriptions, fields }]) =>
        `${comment(commonEnd(descriptions))}export interface ${name} {\n${fields.join('')}}\n`,
    ),
  ].join('\n'),
  'lib/api/generated/crds.ts': [
    `// ${notice}\n`,
    '/** The CustomResourceDefinitions as JSON text, by kind: text, so that only what is used gets parsed. */\n',
    'export const crds: Readonly<Record<string, string>> = {\n',
    ...crds.map((crd) => `  ${crd.spec.names.kind}:\n    ${quoted(JSON.stringify(crd))},\n`),
    '};\n',
  ].join(''),
  'crds/kasmcloud.yaml': `# ${notice}\n${files.map((text) => `---\n${text.replace(/^(#.*\n)+/, '')}`).join('')}`,
};

for (const [path, text] of Object.entries(outputs)) {
  const file = new URL(path, root);
  if (!process.argv.includes('--check')) {
    writeFileSync(file, text);
  } else if (readFileSync(file, 'utf8') !== text) {
    console.error(`${path} is stale: run \`npm run generate\` and commit the result`);
    process.exitCode = 1;
  }
}
