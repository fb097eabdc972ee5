import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ConfigMapResource, WasmCloudActorResource } from '../../lib/api';
import { KubeClient } from '../../lib/kube';
import { Installation, type InstallationState } from '../../lib/local/installation';
import { ensureRunning, stop, supervisedExitCode } from '../../lib/local/lifecycle';
import { ownConnection } from '../../lib/local/own-connection';
import { isAlive, signalProcess, type ProcessIdentity } from '../../lib/base/process-identity';
import { bundle } from '../bundle';

const supervise = bundle(path.join(__dirname, 'local', 'supervise.ts'));
const dirs: string[] = [];

jest.setTimeout(120_000);

function newInstallation(name: string): Installation {
  const dir = mkdtempSync(path.join(tmpdir(), `kasmcloud-${name}-`));
  dirs.push(dir);
  return new Installation(name, dir);
}

afterAll(async () => {
  for (const dir of dirs) {
    await stop(new Installation('any', dir));
    rmSync(dir, { recursive: true, force: true });
  }
});

const commandFor = (installation: Installation, ...more: string[]): [string, ...string[]] => [
  process.execPath,
  supervise,
  installation.name,
  installation.dir,
  ...more,
];

async function start(installation: Installation, ...more: string[]): Promise<InstallationState> {
  const { state } = await ensureRunning(installation, {
    command: commandFor(installation, ...more),
    env: {},
    version: 'test',
    step: { update: () => undefined },
    signal: new AbortController().signal,
  });
  return state;
}

/** Every process of an installation that its state knows, the supervisor among them. */
function processesOf(state: InstallationState | undefined): ProcessIdentity[] {
  const programs = Object.values(state?.programs ?? {}).flatMap(({ process }) => (process ? [process] : []));
  return state ? [state.supervisor, ...programs] : [];
}

async function until<T>(what: string, probe: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline;) {
    const value = await probe();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what}: not within a minute`);
}

const allGone = (processes: ProcessIdentity[]) =>
  until('every process to end', () => (processes.some(isAlive) ? undefined : true));

async function withClient<T>(
  { kubeconfig }: Installation,
  use: (client: KubeClient) => Promise<T>,
): Promise<T> {
  const connection = ownConnection(kubeconfig);
  try {
    return await use(new KubeClient(connection));
  } finally {
    connection.close();
  }
}

const remember = (installation: Installation, name: string) =>
  withClient(installation, (client) =>
    client.create(ConfigMapResource, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: 'default' },
    }),
  );

const remembered = async (installation: Installation): Promise<string[]> => {
  const { items } = await withClient(installation, (client) =>
    client.list(ConfigMapResource, { namespace: 'default' }),
  );
  return items.map(({ metadata }) => metadata.name);
};

describe('one installation', () => {
  const installation = newInstallation('one');

  test('starts everything, with the six kinds installed', async () => {
    const state = await start(installation);
    expect(Object.entries(state.programs).map(([name, { state }]) => [name, state])).toEqual(
      expect.arrayContaining(
        ['kine', 'kube-apiserver', 'kube-controller-manager', 'nats-server', 'reconciler', 'host'].map(
          (name) => [name, 'running'],
        ),
      ),
    );
    await remember(installation, 'first');
    await withClient(installation, (client) => client.list(WasmCloudActorResource));
  });

  test('is found running, and runs once', async () => {
    const before = installation.readState();
    await expect(start(installation)).resolves.toMatchObject({ supervisor: before?.supervisor });
    const [command, ...args] = commandFor(installation);
    const second = spawn(command, args, { stdio: 'ignore' });
    await expect(once(second, 'exit')).resolves.toEqual([supervisedExitCode, null]);
  });

  test('keeps its data and its ports from one start to the next', async () => {
    const before = installation.readState();
    expect(await stop(installation)).toBe(true);
    expect(installation.readState()?.phase).toBe('stopped');
    expect(processesOf(before).filter(isAlive)).toEqual([]);
    expect(await stop(installation)).toBe(false);

    const after = await start(installation);
    expect(after.ports).toEqual(before?.ports);
    expect(await remembered(installation)).toContain('first');
  });

  test.each(['kine', 'kube-apiserver', 'kube-controller-manager', 'nats-server', 'reconciler', 'host'])(
    'starts %s again when it is killed, and loses nothing',
    async (name) => {
      const before = installation.readState()?.programs[name];
      if (before?.process === undefined) throw new Error(`${name} does not run`);
      signalProcess(before.process, 'SIGKILL');
      const after = await until(`${name} to run again`, () => {
        const now = installation.readState()?.programs[name];
        return now?.state === 'running' && now.restarts > before.restarts ? now : undefined;
      });
      expect(after.process).not.toEqual(before.process);
      expect(after).toMatchObject({
        restarts: before.restarts + 1,
        lastExit: { reason: 'killed by SIGKILL' },
      });
      await until('the data to be there', async () => {
        const names = await remembered(installation).catch((): string[] => []);
        return names.includes('first') ? true : undefined;
      });
    },
  );

  test('a killed supervisor is followed: what it left is ended, the data stays', async () => {
    const before = installation.readState();
    if (before === undefined) throw new Error('It does not run');
    signalProcess(before.supervisor, 'SIGKILL');
    await allGone([before.supervisor]);
    const left = processesOf(before).slice(1);
    expect(left.filter(isAlive)).toEqual(left);

    const after = await start(installation);
    expect(left.filter(isAlive)).toEqual([]);
    expect(after.ports).toEqual(before.ports);
    expect(await remembered(installation)).toContain('first');
  });

  test('stop ends what a killed supervisor left, too', async () => {
    const before = installation.readState();
    if (before === undefined) throw new Error('It does not run');
    signalProcess(before.supervisor, 'SIGKILL');
    await allGone([before.supervisor]);
    expect(await stop(installation)).toBe(true);
    expect(processesOf(before).filter(isAlive)).toEqual([]);
  });

  test('a port that was taken meanwhile is replaced, and the kubeconfig follows', async () => {
    const port = installation.readState()?.ports.apiServer;
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    try {
      const { ports } = await start(installation);
      expect(ports.apiServer).not.toBe(port);
      expect(await remembered(installation)).toContain('first');
      await stop(installation);
      // Who insists on a port is told that it cannot be had.
      await expect(start(installation, String(port))).rejects.toThrow(
        `Port ${port}, asked for as port of the API server, is in use`,
      );
      expect(processesOf(installation.readState()).filter(isAlive)).toEqual([]);
    } finally {
      other.close();
    }
  });
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s ends everything, also while it starts',
  async (signal) => {
    const installation = newInstallation(signal.toLowerCase());
    const [command, ...args] = commandFor(installation);
    const supervisor = spawn(command, args, { stdio: 'ignore' });
    const early = signal === 'SIGHUP';
    const state = await until('it to start', () => {
      const state = installation.readState();
      const far = early ? state?.programs['kube-apiserver'] !== undefined : state?.phase === 'running';
      return far ? state : undefined;
    });
    supervisor.kill(signal);
    await expect(once(supervisor, 'exit')).resolves.toEqual([0, null]);
    expect(processesOf(state).filter(isAlive)).toEqual([]);
    expect(processesOf(installation.readState()).filter(isAlive)).toEqual([]);
    expect(installation.lock.holder()).toBeUndefined();
  },
);

test('two installations live side by side and know nothing of each other', async () => {
  const [left, right] = [newInstallation('left'), newInstallation('right')];
  await Promise.all([start(left), start(right)]);
  await remember(left, 'only-left');
  expect(await remembered(left)).toContain('only-left');
  expect(await remembered(right)).not.toContain('only-left');
  await stop(left);
  expect(await remembered(right)).not.toContain('only-left');
  await stop(right);
});
