import type { LatticeLogger } from '../../../lib/lattice/logger';
import { silentLogger } from '../../../lib/lattice/logger';
import type { Link } from '../../../lib/provider/link';
import { Links } from '../../../lib/provider/links';

const link = (source: string, more: Partial<Link> = {}): Link => ({
  source,
  target: 'kv',
  name: 'default',
  witNamespace: 'wasi',
  witPackage: 'keyvalue',
  interfaces: ['store'],
  sourceConfig: {},
  targetConfig: {},
  sourceSecrets: {},
  targetSecrets: {},
  ...more,
});

describe('Links', () => {
  it('tells of each change once, in order, waiting for the listener', async () => {
    const told: string[] = [];
    const links = new Links(silentLogger);
    links.put(link('early'));
    links.onPut(async ({ source }) => {
      await new Promise((resolve) => setImmediate(resolve));
      told.push(`put ${source}`);
    });
    links.onDeleted(({ source }) => told.push(`deleted ${source}`));
    links.put(link('a'));
    links.put(link('a'));
    links.delete(link('a'));
    links.put(link('a', { targetConfig: { url: 'x' } }));
    links.delete(link('unknown'));
    await links.settled();
    expect(told).toEqual(['put early', 'put a', 'deleted a', 'put a']);
    expect(links.all.map(({ source }) => source)).toEqual(['early', 'a']);
  });

  it('tells again when the configuration changed', async () => {
    const told: unknown[] = [];
    const links = new Links(silentLogger);
    links.onPut(({ targetConfig }) => told.push(targetConfig));
    links.put(link('a'));
    links.put(link('a', { targetConfig: { url: 'y' } }));
    await links.settled();
    expect(told).toEqual([{}, { url: 'y' }]);
    expect(links.all).toHaveLength(1);
  });

  it('finds the link of a call by source and name', async () => {
    const links = new Links(silentLogger);
    links.put(link('a'));
    links.put(link('a', { name: 'backup', targetConfig: { url: 'z' } }));
    await links.settled();
    expect(links.from('a', 'backup')?.targetConfig).toEqual({ url: 'z' });
    expect(links.from('b', 'default')).toBeUndefined();
    expect(links.from(undefined, 'default')).toBeUndefined();
  });

  it('logs a listener that fails, and goes on', async () => {
    const errors: object[] = [];
    const log: LatticeLogger = { ...silentLogger, error: (fields) => errors.push(fields) };
    const links = new Links(log);
    links.onPut(({ source }) => {
      if (source === 'bad') throw new Error('no such database');
    });
    links.put(link('bad'));
    links.put(link('good'));
    await links.settled();
    expect(errors).toEqual([{ source: 'bad', target: 'kv', name: 'default', error: 'no such database' }]);
    expect(links.all).toHaveLength(2);
  });
});
