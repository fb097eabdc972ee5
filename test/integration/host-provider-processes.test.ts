import { randomUUID } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  conditionOf,
  SecretResource,
  WasmCloudLinkResource,
  type WasmCloudLinkSpec,
  type WasmCloudProvider,
  WasmCloudProviderResource,
  type WasmCloudProviderSpec,
} from '../../lib/api';
import { identify, isAlive } from '../../lib/base/process-identity';
import { machineTarget } from '../../lib/host/processes/programs';
import type { LatticeConnection } from '../../lib/lattice/connection';
import { connect, interfaces, type Provider } from '../../lib/provider';
import { bundle } from '../bundle';
import { archive } from '../provider-archive';
import { bench, eventually, type TestHost, untilCondition } from './host-agent-harness';
import { connect as connectNats, natsOptions } from './lattice';

const lab = bench();
const apiVersion = 'kasmcloud.io/v1alpha1';
let nats: LatticeConnection;
let program: Buffer;
let namespace: string;
let host: TestHost;
let caller: Provider;

beforeAll(async () => {
  nats = await connectNats();
  const bundled = await readFile(bundle(path.join(__dirname, 'providers', 'greeter.ts')), 'utf8');
  // A provider gets no PATH.
  program = Buffer.from(`#!${process.execPath}\n${bundled}`);
});
afterAll(() => nats.close());

beforeEach(async () => {
  namespace = await lab.namespace();
  host = await lab.host({}, { nats: { connection: nats, options: natsOptions() } });
  caller = await connect({ nats: nats.nats, lattice: namespace, id: 'app' });
});
afterEach(() => caller.close());

async function file(content: Buffer): Promise<string> {
  const name = path.join(lab.dir, `greeter-${randomUUID()}`);
  await writeFile(name, content);
  await chmod(name, 0o644);
  return `file://${name}`;
}

const provide = async (image: string, spec: Partial<WasmCloudProviderSpec> = {}): Promise<unknown> =>
  lab.client.create(WasmCloudProviderResource, {
    apiVersion,
    kind: 'WasmCloudProvider',
    metadata: { name: 'greeter', namespace },
    spec: { image, host: host.identity.name, ...spec },
  });
const change = (spec: Partial<WasmCloudProviderSpec>): Promise<unknown> =>
  lab.client.patch(WasmCloudProviderResource, { name: 'greeter', namespace }, { spec });
const link = (name: string, targetConfig: WasmCloudLinkSpec['targetConfig']): Promise<unknown> =>
  lab.client.create(WasmCloudLinkResource, {
    apiVersion,
    kind: 'WasmCloudLink',
    metadata: { name, namespace },
    spec: {
      source: 'app',
      target: 'greeter',
      name,
      wit: { namespace: 'wasi', package: 'keyvalue', interfaces: ['store'] },
      targetConfig,
    },
  });
const secret = (name: string, values: Record<string, string>): Promise<unknown> =>
  lab.client.create(SecretResource, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    data: Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
    ),
  });
const until = (condition: Parameters<typeof untilCondition>[3]): Promise<WasmCloudProvider> =>
  untilCondition(lab.client, WasmCloudProviderResource, { name: 'greeter', namespace }, condition);
const ask = async (fact: string): Promise<unknown> => {
  const answer = await caller.call('greeter', interfaces.keyvalue.store, 'get', ['', fact], {
    deadlineMs: 2_000,
  });
  return JSON.parse(Buffer.from(answer!).toString());
};
const tell = (what: string): Promise<unknown> =>
  caller.call('greeter', interfaces.keyvalue.store, 'set', ['', what, Buffer.alloc(0)], {
    deadlineMs: 2_000,
  });

it('runs a plain file with its links, configuration and secrets, and tells it of changes', async () => {
  await secret('own', { password: 'hunter22' });
  await secret('of-link', { token: 'sesame' });
  await link('first', { values: { bucket: 'one' }, secretFrom: [{ name: 'of-link' }] });
  await provide(await file(program), {
    config: { values: { word: 'Hello' }, secretFrom: [{ name: 'own' }] },
  });
  const running = await until({ status: 'True', reason: 'Running' });
  expect(running.status).toMatchObject({ restarts: 0, hostName: host.identity.name });
  expect(running.status?.resolvedImage).toMatch(/^file:\/\/.*@sha256:/);
  for (const type of ['ImagePulled', 'ConfigResolved', 'Healthy'])
    expect(conditionOf(running, type)).toMatchObject({ status: 'True' });

  const first = {
    name: 'first',
    source: 'app',
    targetConfig: { bucket: 'one' },
    targetSecrets: { token: 'sesame' },
  };
  expect(await ask('links')).toEqual([first]);
  expect(await ask('config')).toEqual({ word: 'Hello' });
  expect(await ask('secrets')).toEqual({ password: 'hunter22' });
  expect(await ask('environment')).toEqual([]);
  const pid = await ask('pid');

  await link('second', { values: { bucket: 'two' } });
  const second = { name: 'second', source: 'app', targetConfig: { bucket: 'two' }, targetSecrets: {} };
  await eventually(async () => expect(await ask('links')).toEqual([first, second]));
  await lab.client.patch(
    WasmCloudLinkResource,
    { name: 'first', namespace },
    { spec: { targetConfig: { values: { bucket: 'three' } } } },
  );
  const changed = { ...first, targetConfig: { bucket: 'three' } };
  await eventually(async () => expect(await ask('links')).toEqual([second, changed]));
  await lab.client.delete(WasmCloudLinkResource, { name: 'second', namespace });
  await eventually(async () => expect(await ask('links')).toEqual([changed]));
  await change({ config: { values: { word: 'Hi' } } });
  await eventually(async () => expect(await ask('config')).toEqual({ word: 'Hi' }));
  expect(await ask('pid')).toBe(pid);
});

it('runs the program of an archive, reports its health, and ends it when the object goes', async () => {
  await provide(await file(gzipSync(await archive({ [machineTarget]: program }))));
  await until({ status: 'True', reason: 'Running' });
  await tell('sick');
  const sick = await until({ type: 'Healthy', status: 'False', reason: 'Unhealthy' });
  expect(conditionOf(sick, 'Ready')).toMatchObject({ status: 'False', message: 'told to be sick' });
  await tell('well');
  await until({ status: 'True', reason: 'Running' });

  const running = identify((await ask('pid')) as number)!;
  await lab.client.delete(WasmCloudProviderResource, { name: 'greeter', namespace });
  await eventually(() => expect(isAlive(running)).toBe(false));
});

it('starts a crashed provider again, ever more slowly, and says why it ended', async () => {
  await link('only', { values: { bucket: 'one' } });
  await provide(await file(program));
  await until({ status: 'True' });
  const pid = await ask('pid');
  // It ends before it answers.
  await expect(tell('crash')).rejects.toMatchObject({ name: 'WrpcError' });
  const again = await eventually(async () => {
    const object = await until({ status: 'True', reason: 'Running' });
    expect(object.status?.restarts).toBe(1);
    return object;
  });
  expect(again.status?.lastExit).toMatchObject({ code: 3 });
  expect(again.status?.lastExit?.reason).toContain('greeter was told to crash');
  expect(await ask('pid')).not.toBe(pid);
  expect(await ask('links')).toHaveLength(1);

  const broken = Buffer.from('#!/bin/sh\necho "no such flag" >&2\nexit 7\n');
  await change({ image: await file(broken) });
  const looping = await until({ type: 'Healthy', status: 'False', reason: 'CrashLoopBackOff' });
  expect(conditionOf(looping, 'Ready')?.message).toContain('Exited with 7: no such flag');
  expect(conditionOf(looping, 'Ready')?.message).toContain('certificates');
  await eventually(async () =>
    expect((await until({ status: 'False' })).status?.restarts).toBeGreaterThan(2),
  );

  await change({ restartPolicy: 'Never' });
  await until({ status: 'False', reason: 'Ended' });
  await change({ image: await file(program) });
  await until({ status: 'True', reason: 'Running' });
});

it('replaces a process without failing a call, and not at all by one that does not come up', async () => {
  await link('first', { values: { bucket: 'one' } });
  await provide(await file(program));
  await until({ status: 'True', reason: 'Running' });
  const before = (await ask('pid')) as number;
  const running = identify(before)!;
  const pids = new Set<unknown>();
  let isOver = false;
  const calls = Array.from({ length: 4 }, async () => {
    while (!isOver) pids.add(await ask('pid'));
  });
  try {
    // Its id of the host is not that of the first: a request to shut down reaches one of them.
    for (const round of [1, 2]) {
      const newer = Buffer.concat([program, Buffer.from(`\n// ${round}\n`)]);
      await change({ image: await file(newer) });
      await eventually(() => expect(pids.size).toBe(round + 1));
      await until({ status: 'True', reason: 'Running' });
    }
    await eventually(() => expect(isAlive(running)).toBe(false));
    pids.clear();
    await change({ image: await file(Buffer.from('#!/bin/sh\nexit 7\n')) });
    const looping = await until({ type: 'Healthy', status: 'False', reason: 'CrashLoopBackOff' });
    expect(conditionOf(looping, 'Ready')?.message).toContain('The process before it serves on');
    await change({ image: await file(program) });
    await eventually(() => expect(pids.size).toBe(2));
    await until({ status: 'True', reason: 'Running' });
  } finally {
    isOver = true;
  }
  await Promise.all(calls);
  // Who answers now is the last one alone.
  pids.clear();
  for (let call = 0; call < 20; call++) pids.add(await ask('pid'));
  expect(pids.size).toBe(1);
});

it('keeps what runs while a new image cannot be had, and ends with its host', async () => {
  await provide(await file(program));
  await until({ status: 'True', reason: 'Running' });
  const running = identify((await ask('pid')) as number)!;
  await change({ image: await file(Buffer.from('no program at all')) });
  const stuck = await until({ type: 'ImagePulled', status: 'False', reason: 'InvalidProvider' });
  expect(stuck.status?.resolvedImage).toMatch(/^file:/);
  expect(await ask('pid')).toBe(running.pid);
  await host.agent.stop();
  expect(isAlive(running)).toBe(false);
  await until({ status: 'False', reason: 'HostShutdown' });
});

it('refuses a program for another kind of machine', async () => {
  await provide(await file(await archive({ 'riscv64-plan9': program })));
  const refused = await until({ status: 'False', reason: 'WrongArchitecture' });
  expect(conditionOf(refused, 'ImagePulled')?.message).toContain('it has riscv64-plan9');
});

it('says what a provider lacks that runs and cannot reach NATS', async () => {
  await provide(await file(Buffer.from('#!/bin/sh\nexec /bin/sleep 60\n')));
  const silent = await until({ type: 'Healthy', status: 'False', reason: 'NatsCredentials' });
  expect(conditionOf(silent, 'Ready')?.message).toContain('a NATS listener without client certificates');
});
