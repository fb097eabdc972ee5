import type { KubeObject } from '../../../lib/api';
import type { Change, Subscriber } from '../../../lib/kube';
import { OwnWrites } from '../../../lib/reconciler/distribution/own-writes';
import { ManualClock } from '../kube/manual-clock';

function object(name: string, version: number, uid = name): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Thing',
    metadata: { name, uid, resourceVersion: `${version}`, labels: { owner: 'o' } },
  };
}

class FakeMirror {
  readonly objects = new Map<string, KubeObject>();
  private subscriber: Subscriber<KubeObject> | undefined;

  get(key: string): KubeObject | undefined {
    return this.objects.get(key);
  }

  by(): KubeObject[] {
    return Array.from(this.objects.values());
  }

  subscribe(subscriber: Subscriber<KubeObject>): () => void {
    this.subscriber = subscriber;
    return () => (this.subscriber = undefined);
  }

  show(type: Change<KubeObject>['type'], one: KubeObject): void {
    if (type === 'DELETED') this.objects.delete(one.metadata.name);
    else this.objects.set(one.metadata.name, one);
    this.subscriber?.({ type, object: one });
  }
}

const clock = new ManualClock();
let mirror: FakeMirror;
let writes: OwnWrites<KubeObject>;
const seen = (): string[] =>
  writes
    .of('o')
    .map(
      ({ object: { metadata }, deleted }) =>
        `${metadata.name}@${metadata.resourceVersion}${deleted ? ' deleted' : ''}`,
    );

beforeEach(() => {
  mirror = new FakeMirror();
  writes = new OwnWrites({
    reflector: mirror,
    index: 'owner',
    ownerOf: ({ metadata }) => metadata.labels?.['owner'],
    clock,
  });
  writes.follow();
});

test('what was made is there before the mirror shows it, and once when it does', () => {
  writes.applied(object('a', 5));
  expect(seen()).toEqual(['a@5']);
  mirror.show('ADDED', object('a', 5));
  mirror.show('MODIFIED', object('a', 7));
  expect(seen()).toEqual(['a@7']);
});

test('an older state that the mirror shows late does not hide a write', () => {
  mirror.show('ADDED', object('a', 3));
  writes.applied(object('a', 9));
  mirror.show('MODIFIED', object('a', 6));
  expect(seen()).toEqual(['a@9']);
  mirror.show('MODIFIED', object('a', 10));
  expect(seen()).toEqual(['a@10']);
});

test('what was deleted is told so until the mirror knows, and a successor of its name is not', () => {
  mirror.show('ADDED', object('a', 3));
  writes.deleted(object('a', 3));
  expect(seen()).toEqual(['a@3 deleted']);
  mirror.show('DELETED', object('a', 4));
  expect(seen()).toEqual([]);
  mirror.show('ADDED', object('a', 5, 'another'));
  expect(seen()).toEqual(['a@5']);
});

test('what was made and is deleted by somebody is gone', () => {
  writes.applied(object('a', 5));
  mirror.show('ADDED', object('a', 4));
  mirror.show('DELETED', object('a', 4));
  expect(seen()).toEqual([]);
});

test('what the mirror never shows is forgotten', () => {
  writes.applied(object('a', 5));
  clock.advance(31_000);
  expect(seen()).toEqual([]);
});
