import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { identify, isAlive } from '../../../../lib/base/process-identity';
import { ProcessLedger } from '../../../../lib/host/processes/ledger';
import { type ProcessDeps, ProviderProcess } from '../../../../lib/host/processes/provider-process';
import type { ProcessSpec } from '../../../../lib/host/processes/spec';
import { SupervisedProvider } from '../../../../lib/host/processes/supervised-provider';
import { silentLogger } from '../../../../lib/lattice/logger';
import { CurveKeyPair } from '../../../../lib/lattice/nkeys';

let dir: string;
let deps: ProcessDeps;
const lines: string[] = [];
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'supervised-'));
  lines.length = 0;
  deps = {
    hostId: 'N',
    hostKey: CurveKeyPair.generate(),
    nats: { servers: 'nats://127.0.0.1:1' },
    connection: () => undefined,
    ledger: new ProcessLedger(path.join(dir, 'running'), silentLogger),
    log: { ...silentLogger, info: (fields) => void lines.push((fields as { line?: string }).line ?? '') },
  };
});
afterEach(async () => {
  deps.ledger.close();
  await rm(dir, { recursive: true, force: true });
});

async function spec(script: string, more: Partial<ProcessSpec> = {}): Promise<ProcessSpec> {
  const program = path.join(dir, `program-${Math.random()}`);
  await writeFile(program, `#!/bin/sh\n${script}\n`, { mode: 0o700 });
  return {
    provider: 'ns/p',
    lattice: 'ns',
    id: 'p',
    program,
    digest: script,
    config: {},
    secrets: { token: { kind: 'String', value: 'hunter22' } },
    links: [],
    restartPolicy: 'Always',
    ...more,
  };
}

function supervise(wanted: ProcessSpec): {
  provider: SupervisedProvider;
  until: (reason: string) => Promise<void>;
} {
  let changed = (): void => undefined;
  const provider = new SupervisedProvider(wanted, deps, () => changed(), { restarts: 0 }, { restartMs: 20 });
  const until = async (reason: string): Promise<void> => {
    while (provider.health.reason !== reason) await new Promise<void>((resolve) => (changed = resolve));
  };
  return { provider, until };
}

it('gives a process its data on standard input and nothing of the environment', async () => {
  const child = new ProviderProcess(
    await spec('read line; echo "$line" | /usr/bin/base64 -d; /usr/bin/env; exit 3'),
    deps,
  );
  expect(await child.exited).toMatchObject({ code: 3 });
  const output = lines.join('\n');
  expect(output).toContain('"provider_key":"p"');
  expect(output).not.toContain('hunter22');
  expect(output).not.toContain('HOME=');
});

it('kills a process that does not end, with all that it started', async () => {
  const child = new ProviderProcess(
    await spec('trap "" TERM; echo deaf; while :; do /bin/sleep 1; done'),
    deps,
  );
  const identity = identify(child.pid!)!;
  while (!lines.includes('deaf')) await new Promise((resolve) => setTimeout(resolve, 10));
  await child.stop(200);
  expect(await child.exited).toMatchObject({ code: -9 });
  expect(isAlive(identity)).toBe(false);
});

it('tells of a program that cannot be started', async () => {
  const child = new ProviderProcess(await spec('', { program: path.join(dir, 'nowhere') }), deps);
  const exit = await child.exited;
  expect(exit.code).toBeUndefined();
  expect(exit.reason).toContain('ENOENT');
  await child.stop(1_000);
});

it('starts again what ends, until it is told to stop', async () => {
  const { provider, until } = supervise(await spec('echo oops; exit 7'));
  await until('CrashLoopBackOff');
  expect(provider.lastExit).toMatchObject({ code: 7, reason: 'Exited with 7: oops' });
  await until('Starting');
  await until('CrashLoopBackOff');
  expect(provider.restarts).toBeGreaterThan(0);
  await provider.stop(1_000);
});

it('lets a provider end that may, and goes on when that changes', async () => {
  const wanted = await spec('exit 0', { restartPolicy: 'OnFailure' });
  const { provider, until } = supervise(wanted);
  await until('Ended');
  provider.bring({ ...wanted, restartPolicy: 'Always' });
  await until('CrashLoopBackOff');
  await provider.stop(1_000);
});

it('replaces a process by one of another image, which is no restart', async () => {
  const { provider, until } = supervise(await spec('exec /bin/sleep 60'));
  await until('NatsDisconnected');
  provider.bring(await spec('exec /bin/sleep 61'));
  await until('Starting');
  await until('NatsDisconnected');
  expect(provider).toMatchObject({ restarts: 0, lastExit: undefined });
  await provider.stop(1_000);
});
