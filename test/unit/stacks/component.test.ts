import { readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(__dirname, '../../..');
const manifest = (folder: string) =>
  JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
  };

// Its schema, and programs that use it, are proven in test/interop/pulumi.test.ts.
test('the component package has the name and version of the library', () => {
  const { name, version } = manifest('.');
  expect(manifest('stacks/component')).toMatchObject({ name, version });
});
