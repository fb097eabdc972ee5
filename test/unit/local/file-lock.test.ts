import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FileLock } from '../../../lib/local/file-lock';
import { identify } from '../../../lib/base/process-identity';
import { bundle } from '../../bundle';

let dir: string;
let base: string;

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'kasmcloud-lock-'));
  base = path.join(dir, 'deep', 'lock');
});

afterEach(() => rmSync(dir, { recursive: true }));

test('one holder at a time, in turn', () => {
  const first = new FileLock(base);
  const second = new FileLock(base);
  expect(first.holder()).toBeUndefined();
  expect(first.tryAcquire()).toBe(true);
  expect(second.tryAcquire()).toBe(false);
  expect(second.holder()).toEqual(identify(process.pid));
  first.release();
  expect(second.holder()).toBeUndefined();
  expect(second.tryAcquire()).toBe(true);
  expect(first.tryAcquire()).toBe(false);
  second.release();
  second.release();
  expect(first.tryAcquire()).toBe(true);
});

test('files do not pile up', () => {
  const lock = new FileLock(base);
  for (let i = 0; i < 20; i++) {
    expect(lock.tryAcquire()).toBe(true);
    lock.release();
  }
  expect(readdirSync(path.dirname(base))).toHaveLength(1);
});

test('a killed holder is followed', async () => {
  const child = fork(path.join(__dirname, 'sleeper.cjs'), { execArgv: [] });
  await once(child, 'message');
  const lock = new FileLock(base);
  expect(lock.tryAcquire()).toBe(true);
  lock.release();
  // As if the child had taken it.
  const [name] = readdirSync(path.dirname(base));
  writeFileSync(path.join(path.dirname(base), name ?? ''), JSON.stringify(identify(child.pid ?? 0)));
  expect(lock.holder()?.pid).toBe(child.pid);
  expect(lock.tryAcquire()).toBe(false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(lock.holder()).toBeUndefined();
  expect(lock.tryAcquire()).toBe(true);
});

test('a process that only has the same number holds nothing', () => {
  const lock = new FileLock(base);
  lock.tryAcquire();
  lock.release();
  const [name] = readdirSync(path.dirname(base));
  const earlier = { pid: process.pid, started: 'another time' };
  writeFileSync(path.join(path.dirname(base), name ?? ''), JSON.stringify(earlier));
  expect(lock.holder()).toBeUndefined();
  expect(lock.tryAcquire()).toBe(true);
});

test('of many processes that contend, each gets it once, and never two at a time', async () => {
  const journal = path.join(dir, 'journal');
  writeFileSync(journal, '');
  const program = bundle(path.join(__dirname, 'lock-contender.ts'));
  const contenders = Array.from({ length: 4 }, () => fork(program, [base, journal, '25'], { execArgv: [] }));
  const codes = await Promise.all(
    contenders.map(async (child) => ((await once(child, 'exit')) as [number])[0]),
  );
  expect(codes).toEqual([0, 0, 0, 0]);
  const lines = readFileSync(journal, 'utf8').trim().split('\n');
  expect(lines).toHaveLength(4 * 25 * 2);
  for (let i = 0; i < lines.length; i += 2) {
    const [begin, end] = [lines[i], lines[i + 1]];
    expect(begin?.replace('begin', 'end')).toBe(end);
  }
});
