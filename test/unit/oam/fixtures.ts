import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { type Import, importApplications, type ManifestFile } from '../../../lib/oam';

const folder = path.join(__dirname, 'fixtures');

/** Manifests that import, each on its own. */
export const fixtures: readonly ManifestFile[] = readdirSync(folder).map((name) => ({
  name,
  text: readFileSync(path.join(folder, name), 'utf8'),
}));

export function fixture(name: string): Import {
  return importApplications(
    fixtures.filter((file) => file.name === name),
    'default',
  );
}

/** Objects by kind and name. */
export function byName(
  objects: readonly { kind: string; metadata: { name: string } }[],
): Record<string, object> {
  return Object.fromEntries(objects.map((object) => [`${object.kind}/${object.metadata.name}`, object]));
}

/** An Application of these components. */
export function application(components: string, name = 'app'): string {
  return `apiVersion: core.oam.dev/v1beta1
kind: Application
metadata: { name: ${name}, annotations: {} }
spec:
  components: ${components}`;
}

/** What is wrong with a manifest, as `level path message`. */
export function problemsOf(...texts: string[]): string[] {
  const files = texts.map((text, index) => ({ name: `${index}.yaml`, text }));
  return importApplications(files, 'default').problems.map(
    ({ level, path: where, message }) => `${level} ${where} ${message}`,
  );
}
