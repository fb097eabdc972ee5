import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { Serving } from './serving';

const example = path.resolve(__dirname, '../../examples/hello');
const wasm = path.join(example, 'dist/hello.wasm');

const build = () =>
  promisify(execFile)(process.execPath, ['build.mjs'], {
    cwd: example,
    env: { ...process.env, KASMCLOUD_WASM_TOOLS: process.env['KASMCLOUD_TEST_WASM_TOOLS'] },
  });

describe('the actor of examples/hello', () => {
  let serving: Serving;

  beforeAll(async () => {
    await build();
    const digest = `sha256:${createHash('sha256').update(readFileSync(wasm)).digest('hex')}`;
    serving = await Serving.start('hello.wat', { wasm, digest });
  }, 300_000);
  afterAll(() => serving?.stop());

  test('is not built again while its sources stay the same', async () => {
    const { mtimeMs } = statSync(wasm);
    await build();
    expect(statSync(wasm).mtimeMs).toBe(mtimeMs);
  });

  test('greets the world, and whoever the path names', async () => {
    const response = await serving.get('');
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      'text/plain; charset=utf-8',
      'Hello, world!\n',
    ]);
    expect(await serving.text('/J%C3%BCrgen?x=1')).toBe('Hello, Jürgen!\n');
  });

  test('serves many requests from the same instances', async () => {
    for (let round = 0; round < 20; round++) {
      const names = Array.from({ length: 8 }, (_, index) => `n${round}-${index}`);
      const answers = await Promise.all(names.map((name) => serving.text(`/${name}`)));
      expect(answers).toEqual(names.map((name) => `Hello, ${name}!\n`));
    }
  });

  test('answers a body of any length', async () => {
    const name = 'x'.repeat(9000);
    expect(await serving.text(`/${name}`)).toBe(`Hello, ${name}!\n`);
  });

  test('sends no body for HEAD, and refuses what is not for reading', async () => {
    expect(await serving.text('/a', { method: 'HEAD' })).toBe('');
    const refused = await serving.get('/a', { method: 'DELETE' });
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  test('says what is wrong with a path that is not URL-encoded', async () => {
    const refused = await serving.get('/%ff');
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('/%ff is not')]);
  });
});
