import type { WasmCloudActor, WasmCloudDistribution } from '../../../lib/api';
import {
  type Child,
  childName,
  childOf,
  isMarked,
  resized,
  slotOf,
} from '../../../lib/reconciler/distribution/child';
import { type Changes, changesBetween } from '../../../lib/reconciler/distribution/apply';

const template = { actor: { image: 'registry.example/echo:1.0' }, metadata: { labels: { team: 'a' } } };
const slot = { revision: '0123456789', host: 'node-1', instances: 3, serving: true };

function distribution(name = 'echo'): WasmCloudDistribution {
  return {
    apiVersion: 'kasmcloud.io/v1alpha1',
    kind: 'WasmCloudDistribution',
    metadata: { name, namespace: 'shop', uid: 'u1' },
    spec: { template },
  };
}

describe('the name of a child', () => {
  test('tells distribution, revision and host where that is short enough', () => {
    expect(childName(distribution(), slot)).toBe('echo-0123456789-node-1');
  });

  test('never passes 63 characters, is a valid name, and differs where any of the three does', () => {
    const hosts = ['a'.repeat(100), `${'a'.repeat(99)}b`, 'node.with.dots'];
    const names = ['d'.repeat(52), `${'d'.repeat(43)}.x`, 'echo'].flatMap((name) =>
      hosts.flatMap((host) =>
        ['0123456789', 'abcdef0123'].map((revision) => childName(distribution(name), { revision, host })),
      ),
    );
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/);
  });
});

test('a child is judged by what the canary says', () => {
  const analysis = { maxErrorPercent: 1 };
  const { metadata, spec, ...kind } = distribution();
  const canary = { type: 'Canary' as const, canary: { steps: [{ weight: 10 }], analysis } };
  const child = childOf({ ...kind, metadata, spec: { ...spec, strategy: canary } }, template, slot, 'east');
  expect(child.spec).toMatchObject({ analysis });
});

test('a child has what the template says, its slot, and the labels to find it by', () => {
  const child = childOf(distribution(), template, slot, 'east');
  expect(child.spec).toEqual({
    image: 'registry.example/echo:1.0',
    componentId: 'echo',
    host: 'node-1',
    instances: 3,
    serving: true,
  });
  expect(child.metadata.labels).toEqual({
    team: 'a',
    'kasmcloud.io/distribution': 'echo',
    'kasmcloud.io/component': 'echo',
    'kasmcloud.io/revision': '0123456789',
    'kasmcloud.io/host': 'node-1',
    'kasmcloud.io/managed-by': 'kasmcloud-reconciler',
    'kasmcloud.io/spread': 'east',
  });
  expect(child.metadata.ownerReferences).toMatchObject([{ uid: 'u1', controller: true }]);
  expect(slotOf(child)).toEqual({ revision: '0123456789', host: 'node-1' });
  expect(isMarked(child, 'echo')).toBe(true);
});

describe('changes', () => {
  const changes = (present: readonly Child[], wanted: readonly Child[]): Changes =>
    changesBetween(present, wanted, ({ spec }) => spec.host === 'lost');
  const make = (host: string, instances: number): Child => ({
    ...childOf(distribution(), template, { ...slot, host, instances }, undefined),
  });
  const names = (children: readonly Child[]): string[] => children.map(({ spec }) => spec.host ?? '');

  test('are what differs, sorted by what makes room and what takes it', () => {
    const present = [make('same', 1), make('less', 3), make('more', 1), make('gone', 1), make('lost', 1)];
    const wanted = [make('same', 1), make('less', 2), make('more', 2), make('new', 1)];
    const { remove, clear, shrink, grow, create } = changes(present, wanted);
    const sorted = [remove, clear, shrink, grow, create].map(names);
    expect(sorted).toEqual([['gone'], ['lost'], ['less'], ['more'], ['new']]);
  });

  test('leave alone what is on its way out, and what others added', () => {
    const ending = {
      ...make('a', 1),
      metadata: { ...make('a', 1).metadata, deletionTimestamp: 'now' },
    } as Child;
    const kept = make('b', 1) as WasmCloudActor;
    const defaulted = { ...kept, spec: { ...kept.spec, managementPolicy: 'Manage' as const } };
    const found = changes([ending, defaulted], [make('a', 2), make('b', 1)]);
    expect(found).toEqual({ remove: [], clear: [], shrink: [], grow: [], create: [], clean: [] });
  });

  test('take away what people added', () => {
    const wanted = make('a', 1) as WasmCloudActor;
    const tuned = { ...wanted, spec: { ...wanted.spec, config: { values: { a: '1' } } } };
    const added = { ...wanted, spec: { ...wanted.spec, config: { values: { a: '1', b: '2' } } } };
    expect(changes([added], [wanted]).clean).toEqual([
      { child: added, operations: [{ op: 'remove', path: '/spec/config' }] },
    ]);
    expect(changes([added], [tuned]).clean).toEqual([
      { child: added, operations: [{ op: 'replace', path: '/spec/config', value: { values: { a: '1' } } }] },
    ]);
  });

  test('undo an edit of what is applied', () => {
    const edited = make('a', 1) as WasmCloudActor;
    const present = { ...edited, spec: { ...edited.spec, image: 'other' } };
    expect(names(changes([present], [make('a', 1)]).grow)).toEqual(['a']);
    const unlabelled = { ...edited, metadata: { ...edited.metadata, labels: {} } };
    expect(names(changes([unlabelled], [make('a', 1)]).grow)).toEqual(['a']);
  });
});

test('what is resized keeps everything else', () => {
  const child = childOf(distribution(), template, slot, 'east') as WasmCloudActor;
  const status = { hostName: 'node-1' };
  const smaller = resized(distribution(), { ...child, status }, { ...slot, instances: 1, serving: false });
  expect(smaller.spec).toEqual({ ...child.spec, instances: 1, serving: false });
  expect(smaller).not.toHaveProperty('status');
});
