import { type RbacSubject, rbacManifests, rbacResource, type RuntimeRole } from '../../lib/api';
import type { KubeClient } from '../../lib/kube';
import { ensureNamespace, eventually, testClient } from './cluster';

/** Groups of this test alone, so that what others are granted cannot answer for them. */
const everywhere: RbacSubject = { kind: 'Group', name: 'rbac-test:everywhere' };
const inOneLattice: RbacSubject = { kind: 'Group', name: 'rbac-test:one-lattice' };
const reconciler: RbacSubject = { kind: 'Group', name: 'rbac-test:reconciler' };

let client: KubeClient;

/** Grants a role under names of this test. */
async function grant(role: RuntimeRole, subject: RbacSubject, lattices?: string[]): Promise<void> {
  for (const object of rbacManifests(role, [subject], lattices)) {
    const name = `${subject.name}:${object.metadata.name}`;
    const roleRef = object.roleRef && { ...object.roleRef, name: `${subject.name}:${object.roleRef.name}` };
    const renamed = { ...object, metadata: { ...object.metadata, name }, ...(roleRef && { roleRef }) };
    await client.apply(rbacResource(object), renamed, { fieldManager: 'test' });
  }
}

/** Whether the API server's authorizer lets a subject do `VERB RESOURCE[/SUBRESOURCE][.GROUP]` in a namespace. */
async function may(subject: RbacSubject, action: string, namespace?: string): Promise<boolean> {
  const [, verb, resource, subresource, group = ''] =
    /^(\w+) (\w+)(?:\/(\w+))?(?:\.([\w.]+))?$/.exec(action) ?? [];
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: {
      user: 'rbac-test',
      groups: [subject.name],
      resourceAttributes: { verb, resource, subresource, group, namespace },
    },
  };
  const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
  const answer = await client.raw(path, { method: 'POST', body: JSON.stringify(review) });
  return (JSON.parse(answer) as { status: { allowed: boolean } }).status.allowed;
}

beforeAll(async () => {
  client = await testClient();
  await ensureNamespace(client, 'kasmcloud-system');
  await ensureNamespace(client, 'rbac');
  await grant('host', everywhere);
  await grant('host', inOneLattice, ['rbac']);
  await grant('reconciler', reconciler);
  // The authorizer reads roles from a cache.
  for (const subject of [everywhere, inOneLattice, reconciler]) {
    await eventually(`${subject.name} is granted`, () =>
      may(subject, 'create leases.coordination.k8s.io', 'kasmcloud-system'),
    );
  }
});
afterAll(() => client.connection.close());

test.each([
  ['create wasmcloudhosts.kasmcloud.io', undefined],
  ['patch wasmcloudhosts/status.kasmcloud.io', undefined],
  ['watch wasmcloudactors.kasmcloud.io', 'rbac'],
  ['patch wasmcloudactors/status.kasmcloud.io', 'rbac'],
  ['watch secrets', 'rbac'],
  ['create leases.coordination.k8s.io', 'kasmcloud-system'],
])('a host may %s in %s', async (action, namespace) => {
  expect(await may(everywhere, action, namespace)).toBe(true);
  expect(await may(inOneLattice, action, namespace)).toBe(true);
});

test.each([
  ['patch wasmcloudactors.kasmcloud.io', 'rbac'],
  ['delete wasmcloudhosts.kasmcloud.io', undefined],
  ['get secrets', 'rbac'],
  ['update secrets', 'rbac'],
  ['get leases.coordination.k8s.io', 'rbac'],
  ['list pods', 'rbac'],
])('a host may not %s in %s', async (action, namespace) => {
  expect(await may(everywhere, action, namespace)).toBe(false);
});

test('a host of one lattice sees nothing of others', async () => {
  for (const action of ['watch secrets', 'list wasmcloudactors.kasmcloud.io']) {
    expect(await may(inOneLattice, action, 'default')).toBe(false);
    expect(await may(everywhere, action, 'default')).toBe(true);
  }
});

test.each([
  ['patch wasmcloudactors.kasmcloud.io', 'rbac', true],
  ['patch wasmcloudlinks/status.kasmcloud.io', 'rbac', true],
  ['patch wasmcloudhosts/status.kasmcloud.io', undefined, true],
  ['watch leases.coordination.k8s.io', 'kasmcloud-system', true],
  ['get configmaps', 'rbac', true],
  ['list configmaps', 'rbac', false],
  ['get secrets', 'rbac', false],
  ['delete wasmcloudhosts.kasmcloud.io', undefined, true],
  ['patch wasmcloudhosts.kasmcloud.io', undefined, false],
  ['delete wasmcloudactors.kasmcloud.io', 'rbac', true],
  ['create controllerrevisions.apps', 'rbac', true],
  ['patch wasmclouddistributions.kasmcloud.io', 'rbac', true],
  ['create wasmclouddistributions.kasmcloud.io', 'rbac', false],
  ['delete wasmcloudlinks.kasmcloud.io', 'rbac', false],
])('whether the reconciler may %s in %s: %s', async (action, namespace, allowed) => {
  expect(await may(reconciler, action, namespace)).toBe(allowed);
});
