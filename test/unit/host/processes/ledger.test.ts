import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { identify, isAlive } from '../../../../lib/base/process-identity';
import { ProcessLedger } from '../../../../lib/host/processes/ledger';
import { silentLogger } from '../../../../lib/lattice/logger';

let dir: string;
let ledger: ProcessLedger;
let child: ChildProcess;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ledger-'));
  ledger = new ProcessLedger(dir, silentLogger);
  child = spawn('/bin/sleep', ['60'], { detached: true, stdio: 'ignore' });
});
afterEach(async () => {
  ledger.close();
  child.kill('SIGKILL');
  await rm(dir, { recursive: true, force: true });
});

/** As if the host that started the child had been killed. */
async function forsake(): Promise<void> {
  const file = path.join(dir, `${child.pid}.json`);
  const entry = JSON.parse(await readFile(file, 'utf8')) as { host: { started: string } };
  entry.host.started = 'long ago';
  await writeFile(file, JSON.stringify(entry));
}

it('ends what a killed host left, and forgets it', async () => {
  const identity = identify(child.pid!)!;
  ledger.add('ns/p', child.pid!);
  await forsake();
  await new ProcessLedger(dir, silentLogger).endLeftovers();
  expect(isAlive(identity)).toBe(false);
  expect(await readdir(dir)).toEqual([]);
});

it('leaves alone what belongs to a host that runs, and a process that only has the number of another', async () => {
  const identity = identify(child.pid!)!;
  ledger.add('ns/p', child.pid!);
  await ledger.endLeftovers();
  expect(isAlive(identity)).toBe(true);
  const file = path.join(dir, `${child.pid}.json`);
  await writeFile(
    file,
    JSON.stringify({
      provider: 'ns/p',
      process: { ...identity, started: 'x' },
      host: { pid: 1, started: 'x' },
    }),
  );
  await ledger.endLeftovers();
  expect(isAlive(identity)).toBe(true);
});

it('passes over a record that cannot be read', async () => {
  await writeFile(path.join(dir, '1.json'), '{');
  await ledger.endLeftovers();
  expect(await readdir(dir)).toEqual([]);
});

it('ends everything when it is closed', async () => {
  const exit = new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
  ledger.add('ns/p', child.pid!);
  ledger.close();
  expect(await exit).toBe('SIGKILL');
});
