import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Keeper, type ProgramSpec, type ProgramStatus } from '../../../lib/local/keeper';
import { lastLines } from '../../../lib/local/log-file';
import { identify, isAlive } from '../../../lib/base/process-identity';

let dir: string;
let keeper: Keeper | undefined;

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-keeper-'));
});

afterEach(async () => {
  await keeper?.stop(0);
  keeper = undefined;
  rmSync(dir, { recursive: true });
});

const logFile = (): string => path.join(dir, 'logs', 'a.log');

function keep(script: string, more: Partial<ProgramSpec> = {}): { keeper: Keeper; seen: ProgramStatus[] } {
  const seen: ProgramStatus[] = [];
  const spec = { name: 'a', command: 'sh', args: ['-c', script], cwd: dir, logFile: logFile(), ...more };
  keeper = new Keeper(spec, (_, status) => seen.push(status));
  return { keeper, seen };
}

async function until(probe: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; !probe();) {
    if (Date.now() > deadline) throw new Error(`Never: ${probe.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('a start resolves when the program serves', async () => {
  let asked = 0;
  const { keeper, seen } = keep('exec sleep 60', { serves: async () => ++asked === 3 });
  await keeper.start();
  expect(asked).toBe(3);
  expect(seen.map(({ state }) => state)).toEqual(['starting', 'running']);
  expect(keeper.status.process && isAlive(keeper.status.process)).toBe(true);
});

test('a program that ends before it serves fails its start, with what it printed, and is not started again', async () => {
  const { keeper, seen } = keep('echo one; echo two >&2; exit 3', { serves: async () => false });
  await expect(keeper.start()).rejects.toThrow(
    /a ended with code 3 before it served.*\n {2}one\n {2}two.*a\.log/s,
  );
  expect(keeper.status).toMatchObject({ state: 'stopped' });
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(seen.filter(({ state }) => state === 'starting')).toHaveLength(1);
});

test('a command that is not there fails the start', async () => {
  const { keeper } = keep('', { command: '/nowhere/a', serves: async () => false });
  await expect(keeper.start()).rejects.toThrow(/ENOENT/);
});

test('an abort gives the start up and ends the program', async () => {
  const { keeper } = keep('exec sleep 60', { serves: async () => false });
  const abort = new AbortController();
  const started = keeper.start(abort.signal);
  const { process } = keeper.status;
  abort.abort(new Error('enough'));
  await expect(started).rejects.toThrow('enough');
  expect(process && isAlive(process)).toBe(false);
});

test('a program that dies is started again, and its status tells how it ended', async () => {
  const { keeper, seen } = keep('exec sleep 60');
  await keeper.start();
  const first = keeper.status.process;
  process.kill(first?.pid ?? 0, 'SIGKILL');
  await until(() => keeper.status.restarts === 1 && keeper.status.state === 'running');
  expect(keeper.status.lastExit?.reason).toBe('killed by SIGKILL');
  expect(keeper.status.process).not.toEqual(first);
  expect(seen.map(({ state }) => state)).toEqual(['starting', 'running', 'waiting', 'starting', 'running']);
  expect(seen[2]?.nextStartAt).toBeDefined();
});

test('what a dead program had started dies before its successor starts', async () => {
  const { keeper } = keep('sleep 60 & echo $!; wait');
  await keeper.start();
  await until(() => lastLines(logFile(), 1).length === 1);
  const grandchild = identify(Number(lastLines(logFile(), 1)[0]));
  expect(grandchild).toBeDefined();
  process.kill(keeper.status.process?.pid ?? 0, 'SIGKILL');
  await until(() => keeper.status.restarts === 1 && keeper.status.state === 'running');
  expect(grandchild && isAlive(grandchild)).toBe(false);
});

test('a program that ignores the request to stop is made to', async () => {
  const { keeper } = keep("trap '' TERM; echo ready; while :; do sleep 0.05; done");
  await keeper.start();
  await until(() => lastLines(logFile(), 1)[0] === 'ready');
  const { process } = keeper.status;
  await keeper.stop(100);
  expect(process && isAlive(process)).toBe(false);
  expect(keeper.status.state).toBe('stopped');
});

test('a stop while it waits for the next start ends the waiting', async () => {
  const { keeper } = keep('exit 1');
  await keeper.start().catch(() => undefined);
  await keeper.stop(0);
  expect(keeper.status.state).toBe('stopped');
});
