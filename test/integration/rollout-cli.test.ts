import {
  API_VERSION,
  ControllerRevisionResource,
  NamespaceResource,
  type WasmCloudDistribution,
  WasmCloudDistributionResource,
  type WasmCloudDistributionStatus,
} from '../../lib/api';
import { main } from '../../lib/cli/main';
import { applyStatus, type KubeClient } from '../../lib/kube';
import { History, revisionHash, revisionName } from '../../lib/reconciler/distribution/history';
import { obeyRollback, recordRevision } from '../../lib/reconciler/distribution/record';
import { ensureNamespace, testClient } from './cluster';

const namespace = `rollout-cli-${process.pid}`;
const key = { namespace, name: 'echo' };
const { signal } = new AbortController();
let client: KubeClient;

beforeAll(async () => {
  client = await testClient();
  await ensureNamespace(client, namespace);
  await client.create(WasmCloudDistributionResource, {
    apiVersion: API_VERSION,
    kind: 'WasmCloudDistribution',
    metadata: { ...key, labels: { app: 'echo' }, annotations: { 'kubernetes.io/change-cause': 'first' } },
    spec: { template: { actor: { image: 'registry.example/echo:1' } }, instances: 3 },
  });
  await record();
  const annotations = { 'kubernetes.io/change-cause': 'second' };
  await client.patch(WasmCloudDistributionResource, key, {
    metadata: { annotations },
    spec: { template: { actor: { image: 'registry.example/echo:2' } } },
  });
  await record();
});
afterAll(async () => {
  await client.delete(NamespaceResource, { name: namespace });
  client.connection.close();
});

const read = (): Promise<WasmCloudDistribution> => client.get(WasmCloudDistributionResource, key);

async function historyNow(): Promise<History> {
  return new History(await read(), (await client.list(ControllerRevisionResource, { namespace })).items);
}

/** Records the present template, as the reconciler does. */
async function record(): Promise<void> {
  await recordRevision(client, await historyNow(), signal);
}

async function report(status: WasmCloudDistributionStatus): Promise<void> {
  const distribution = await read();
  const updateRevision = revisionName('echo', revisionHash(distribution.spec.template));
  const observedGeneration = distribution.metadata.generation;
  const whole = { observedGeneration, updateRevision, currentRevision: updateRevision, ...status };
  await applyStatus(client, WasmCloudDistributionResource, distribution, whole, {
    fieldManager: 'kasmcloud-reconciler',
    force: true,
  });
}

/** Runs `kasmcloud rollout …`; resolves with its exit code and what it printed. */
async function rollout(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const printed = { out: '', err: '' };
  const out = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed.out += String(text);
    return true;
  });
  const err = jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    printed.err += String(text);
    return true;
  });
  try {
    const kubeconfig = process.env['KASMCLOUD_TEST_KUBECONFIG'] ?? '';
    const code = await main(['rollout', ...args, '-n', namespace, '--kubeconfig', kubeconfig]);
    return { code, ...printed };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}

const title = 'wasmclouddistribution.kasmcloud.io/echo';

it('lists the history and shows the template of a revision', async () => {
  expect((await rollout('history', 'distribution/echo')).out).toBe(
    `${title}\nREVISION   CHANGE-CAUSE\n1          first\n2          second\n\n`,
  );
  expect((await rollout('history', 'echo', '--revision=1')).out).toContain(
    `${title} with revision #1\nTemplate:\n  actor:\n    image: registry.example/echo:1\n`,
  );
  const missing = await rollout('history', 'echo', '--revision=9');
  expect(missing).toMatchObject({ code: 1, out: '' });
  expect(missing.err).toContain(
    'Unable to find specified revision 9 in history\nThe history of echo has 1, 2\n',
  );
});

it('pauses, resumes and restarts', async () => {
  expect((await rollout('pause', 'wcd/echo')).out).toBe(`${title} paused\n`);
  expect((await read()).spec.paused).toBe(true);
  expect((await rollout('pause', 'echo')).err).toContain('is already paused');
  expect((await rollout('restart', 'echo')).err).toContain('Run `kasmcloud rollout resume echo` first');
  expect((await rollout('resume', 'echo')).out).toBe(`${title} resumed\n`);
  expect((await rollout('resume', 'echo')).code).toBe(1);
  expect((await rollout('restart', 'echo', '--dry-run')).out).toBe(`${title} restarted (dry run)\n`);
  const before = revisionHash((await read()).spec.template);
  expect((await rollout('restart', 'echo')).out).toBe(`${title} restarted\n`);
  expect(revisionHash((await read()).spec.template)).not.toBe(before);
  await record();
});

it('rolls back to the revision before and to any, which the reconciler carries out', async () => {
  expect((await rollout('undo', 'echo', '--to-revision=3')).out).toBe(
    `${title} skipped rollback (current template already matches revision 3)\n`,
  );
  expect((await rollout('undo', 'echo', '--to-revision=1')).out).toBe(`${title} rolled back\n`);
  expect((await read()).spec.rollbackTo).toEqual({ revision: 1 });
  expect(await obeyRollback(client, await historyNow(), signal)).toMatchObject({ reason: 'RolledBack' });
  const { spec } = await read();
  expect(spec.rollbackTo).toBeUndefined();
  expect(spec.template.actor?.image).toBe('registry.example/echo:1');
  expect(spec.template.metadata).toBeUndefined();
  await record();
  const { revisions } = await historyNow();
  expect(revisions.map(({ number }) => number)).toEqual([2, 3, 4]);
  // The cause is that of what was gone back to.
  expect(revisions.map(({ changeCause }) => changeCause)).toEqual(['second', 'second', 'first']);
  expect((await rollout('undo', 'nobody')).err).toContain(`There is no distribution nobody in namespace`);
});

it('tells how far a rollout is until it is done, and fails when that takes too long', async () => {
  await report({ instances: 3, updatedInstances: 1, availableInstances: 3 });
  const late = await rollout('status', 'echo', '--timeout=1s');
  expect(late).toMatchObject({
    code: 1,
    out: 'Waiting for distribution "echo" rollout to finish: 1 out of 3 new instances have been updated...\n',
  });
  expect((await rollout('status', 'echo', '--no-watch')).code).toBe(0);
  for (const words of [['distribution', 'echo'], ['wcd/echo'], ['-l', 'app=echo']])
    expect(await rollout('status', ...words, '--watch=false')).toMatchObject({
      code: 0,
      out: expect.stringContaining('1 out of 3') as string,
    });
  expect((await rollout('status', 'echo', '--revision=1')).err).toContain(
    'different from the running revision (4)',
  );
  const watching = rollout('status', 'echo');
  await report({ instances: 3, updatedInstances: 3, availableInstances: 3 });
  expect((await watching).out).toContain('distribution "echo" successfully rolled out\n');
});
