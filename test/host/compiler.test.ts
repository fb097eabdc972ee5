import { writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import { TerminalError } from '../../lib/base/errors';
import { Compiler } from '../../lib/host/worker/compiler';
import { GuestWorker } from '../../lib/host/worker/guest-worker';
import { SpareWorker } from '../../lib/host/worker/spare';
import { component, type Component } from './components';

const options = { memoryBytes: 1 << 24 };
let hello: Component;
let spare: SpareWorker;
let compiler: Compiler;

beforeAll(async () => (hello = await component('hello.wat')));
beforeEach(() => {
  spare = new SpareWorker(process.env['KASMCLOUD_TEST_WORKER'] ?? '');
  compiler = new Compiler(spare);
});
afterEach(() => {
  spare.stop();
  jest.restoreAllMocks();
});

it('compiles a component once for all who ask, at once or later, and again for another limit', async () => {
  const compiled = jest.spyOn(GuestWorker.prototype, 'prepare');
  const [first, ...others] = await Promise.all(
    Array.from({ length: 5 }, () => compiler.prepare(hello.wasm, hello.digest, options)),
  );
  others.push(await compiler.prepare(hello.wasm, hello.digest, options));
  for (const other of others) expect(other).toBe(first);
  expect(compiled).toHaveBeenCalledTimes(1);
  expect(first?.exports).toContain('wasi:http/incoming-handler@0.2.12');
  expect(await compiler.prepare(hello.wasm, hello.digest, { memoryBytes: 1 << 25 })).not.toBe(first);
});

it('fails all who ask when the thread dies, and compiles for the next who asks', async () => {
  const take = spare.take.bind(spare);
  const dying = jest.spyOn(spare, 'take').mockImplementation(() => {
    const worker = take();
    setImmediate(() => worker.terminate(new Error('out of memory')));
    return worker;
  });
  const asked = Array.from({ length: 2 }, () => compiler.prepare(hello.wasm, hello.digest, options));
  for (const outcome of await Promise.allSettled(asked)) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { reason: 'InvalidComponent' } });
    expect(String((outcome as PromiseRejectedResult).reason)).toContain('out of memory');
  }
  dying.mockRestore();
  await expect(compiler.prepare(hello.wasm, hello.digest, options)).resolves.toMatchObject({
    digest: hello.digest,
  });
});

it('says of what is no component why it is none', async () => {
  const dir = await mkdtemp(path.join(process.env['KASMCLOUD_TEST_DIR'] ?? '', 'compiler-'));
  const wasm = path.join(dir, 'none.wasm');
  writeFileSync(wasm, 'none');
  const refusal = await compiler.prepare(wasm, 'sha256:none', options).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(TerminalError);
  expect(refusal).toMatchObject({ reason: 'InvalidComponent' });
  expect(String(refusal)).toContain(wasm);
});
