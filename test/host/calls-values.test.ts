import { mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { witType } from '../../lib/host/component';
import { ComponentEngine } from '../../lib/host/component/component-engine';
import { defaultLimits, functionCodec } from '../../lib/lattice';
import { anyType, anyValue } from './component/arbitrary';
import { toolchainComponent } from './component/fixtures';

test('values have one form, whether they cross a thread or NATS', () => {
  const typed = anyType.chain((type) => anyValue(type).map((value) => ({ type, value })));
  fc.assert(
    fc.property(typed, ({ type, value }) => {
      const codec = functionCodec({ params: [['value', witType(type)]] });
      const { bytes } = codec.encodeParams([value]);
      const [decoded] = codec.decodeParams(bytes, defaultLimits, () => {
        throw new Error('nothing of a component is deferred');
      });
      expect(decoded).toEqual(structuredClone(value));
    }),
    { numRuns: 300 },
  );
});

test('an import that no link can provide is refused by name when its component starts', async () => {
  const dir = mkdtempSync(path.join(process.env['KASMCLOUD_TEST_DIR'] ?? '', 'refused-'));
  const wasm = path.join(dir, 'refused.wasm');
  writeFileSync(wasm, await toolchainComponent('refused'));
  const prepared = new ComponentEngine().prepare(wasm, 'sha256:refused', { memoryBytes: 1 << 20 });
  await expect(prepared).rejects.toMatchObject({ reason: 'UnsupportedImport' });
  await expect(prepared).rejects.toThrow(
    'import test:refused/files#keep cannot be called over the lattice, as its parameter content has a handle own<input-stream>',
  );
});
