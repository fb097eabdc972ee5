import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { WitInterface } from '../../../lib/lattice/wrpc/types';
import { built, type Component } from '../components';
import { type Maker, values } from './cases';
import { echoModule, relayModule } from './core-modules';
import { WitText } from './wit-text';

/**
 * Builds the component that gives back what it is given, or the one that asks another, which is linked to it, to do so.
 *
 * @param served its interface, one that `interfaceOf` made
 */
export function conformant(maker: Maker, name: 'echo' | 'relay', served = values): Promise<Component> {
  const dir = mkdtempSync(path.join(process.env['KASMCLOUD_TEST_DIR'] ?? tmpdir(), 'conformance-'));
  const wit = path.join(dir, `${name}.wit`);
  writeFileSync(wit, worldOf(name, served));
  if (maker === 'JavaScript') {
    const source = path.join(__dirname, `${name}.js`);
    return built(source, [source, wit, path.join(__dirname, 'describe.ts')], [wit]);
  }
  const source = path.join(dir, `${name}.wasm`);
  writeFileSync(source, name === 'echo' ? echoModule(served) : relayModule(served));
  // Each has texts in an encoding that is not that of the wire.
  return built(source, [source, wit], [wit, name === 'echo' ? 'compact-utf16' : 'utf16']);
}

function worldOf(name: 'echo' | 'relay', { id, functions }: WitInterface): string {
  const text = new WitText();
  for (const [func, signature] of Object.entries(functions)) text.func(func, signature);
  const [witPackage, witInterface] = id.split('/') as [string, string];
  const imports = name === 'relay' ? `import ${witInterface};` : '';
  return `package ${witPackage};
interface ${witInterface} {
${text.toString()}
}
world ${name} { ${imports} export ${witInterface}; }
`;
}
