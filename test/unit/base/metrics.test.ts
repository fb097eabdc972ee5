import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(__dirname, '../../..');
const sources = readdirSync(path.join(root, 'lib'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(path.join(root, 'lib', file), 'utf8'));
const guide = readFileSync(path.join(root, 'docs/guides/observability.md'), 'utf8');

const made = sources
  .flatMap((text) => [...text.matchAll(/\b(?:counter|gauge|histogram|loadGauge)\(\s*'(\w+)'/g)])
  .map(([, name]) => name ?? '');
const named = [...(guide.match(/^\|.*\|$/gm) ?? []).join('\n').matchAll(/^\| (`.*?) \|/gm)].flatMap(
  ([, cell = '']) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name ?? ''),
);

test('the guide names every metric, and no other', () => {
  expect(made.length).toBeGreaterThan(20);
  expect(named.sort()).toEqual([...new Set(made)].sort());
});
