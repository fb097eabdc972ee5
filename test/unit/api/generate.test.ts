import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import { customResourceDefinitions, kasmcloudResources } from '../../../lib/api';

const root = path.join(__dirname, '../../..');

test('the generated files say what crds/ says', () => {
  execFileSync(process.execPath, [path.join(root, 'lib/api/generate.mjs'), '--check'], { stdio: 'pipe' });
});

test('the joined manifest holds the definitions of the library', () => {
  const documents = parseAllDocuments(readFileSync(path.join(root, 'crds/kasmcloud.yaml'), 'utf8'));
  expect(documents.map((document) => document.toJS() as unknown)).toEqual(customResourceDefinitions());
});

test('each definition has its descriptor, its short name and the category', () => {
  const definitions = customResourceDefinitions().map(({ metadata, spec }) => ({
    name: metadata.name,
    kind: spec.names.kind,
    namespaced: spec.scope === 'Namespaced',
    names: spec.names,
  }));
  expect(definitions.map(({ name, kind, namespaced }) => ({ name, kind, namespaced }))).toEqual(
    kasmcloudResources.map(({ plural, group, kind, namespaced }) => ({
      name: `${plural}.${group}`,
      kind,
      namespaced,
    })),
  );
  expect(definitions.map(({ names }) => names)).toEqual(
    ['wch', 'wca', 'wcp', 'wcl', 'wcd', 'wclat'].map((shortName): unknown =>
      expect.objectContaining({ shortNames: [shortName], categories: ['kasmcloud'] }),
    ),
  );
});
