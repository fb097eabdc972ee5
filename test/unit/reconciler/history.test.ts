import type {
  ActorTemplate,
  ControllerRevision,
  DistributionTemplate,
  WasmCloudDistribution,
} from '../../../lib/api';
import { History, revisionHash } from '../../../lib/reconciler/distribution/history';

const distribution: WasmCloudDistribution = {
  apiVersion: 'kasmcloud.io/v1alpha1',
  kind: 'WasmCloudDistribution',
  metadata: { name: 'echo', namespace: 'prod', uid: 'ours' },
  spec: { template: { actor: { image: 'r.test/echo:4' } } },
};

const revision = (number: number, image: string, uid = 'ours', data?: unknown): ControllerRevision => ({
  apiVersion: 'apps/v1',
  kind: 'ControllerRevision',
  metadata: {
    name: `echo-${number}`,
    ownerReferences: [{ apiVersion: '', kind: '', name: 'echo', uid }],
  },
  data: data ?? { template: { actor: { image } } },
  revision: number,
});

it('tells templates apart by what they say, not by how they are written', () => {
  const hash = revisionHash({ actor: { image: 'a', limits: { memory: 1, executionTimeMs: 2 } } });
  expect(revisionHash({ actor: { limits: { executionTimeMs: 2, memory: 1 }, image: 'a' } })).toBe(hash);
  const sparse: DistributionTemplate = { metadata: undefined, actor: { image: 'a', componentId: undefined } };
  expect(revisionHash(sparse)).toBe(revisionHash({ actor: { image: 'a' } }));
  expect(revisionHash({ actor: { image: 'b' } })).not.toBe(revisionHash({ actor: { image: 'a' } }));
  expect(hash).toMatch(/^[0-9a-f]{10}$/);
});

it('takes no default for a change, nor a field that only a newer definition knows', () => {
  const plain = revisionHash({ actor: { image: 'a', config: { configFrom: [{ name: 'b' }] } } });
  const config = { configFrom: [{ name: 'b', optional: false }] };
  const filledIn: ActorTemplate = { image: 'a', reuse: 'Always', config };
  expect(revisionHash({ actor: filledIn })).toBe(plain);
  expect(revisionHash({ actor: { ...filledIn, ofTomorrow: 'default' } as never })).toBe(plain);
  expect(revisionHash({ actor: { ...filledIn, reuse: 'Never' } })).not.toBe(plain);
  const labelled = (app: string): DistributionTemplate => ({
    metadata: { labels: { app } },
    actor: filledIn,
  });
  expect(revisionHash(labelled('one'))).not.toBe(revisionHash(labelled('two')));
});

it('is in the order of the numbers and holds what the distribution owns', () => {
  const history = new History(distribution, [
    revision(10, 'r.test/echo:4'),
    revision(2, 'r.test/echo:2'),
    revision(3, 'r.test/other:1', 'theirs'),
    revision(4, '', 'ours', { foreign: true }),
  ]);
  expect(history.revisions.map(({ number }) => number)).toEqual([2, 10]);
  expect(history.newest?.number).toBe(10);
  expect(history.byNumber(0)?.number).toBe(2);
  expect(history.byNumber(10)?.template.actor?.image).toBe('r.test/echo:4');
  expect(history.byNumber(3)).toBeUndefined();
  expect(history.find(revisionHash(distribution.spec.template))?.number).toBe(10);
});

it('forgets the oldest of what is not in use', () => {
  const history = new History(
    distribution,
    [1, 2, 3, 4, 5].map((number) => revision(number, `r.test/echo:${number}`)),
  );
  const inUse = new Set([history.revisions[0]!.hash, history.newest!.hash]);
  expect(history.surplus(1, inUse).map(({ number }) => number)).toEqual([2, 3]);
  expect(history.surplus(0, inUse).map(({ number }) => number)).toEqual([2, 3, 4]);
  expect(history.surplus(10, inUse)).toEqual([]);
});
