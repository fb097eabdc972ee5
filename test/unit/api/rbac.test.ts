import { type RbacSubject, rbacManifests, type RuntimeRole } from '../../../lib/api';

const subjects: RbacSubject[] = [{ kind: 'User', name: 'kasmcloud:test' }];
const roles: RuntimeRole[] = ['host', 'reconciler'];

describe.each(roles)('%s', (role) => {
  test('gets no wildcard and nothing of RBAC itself', () => {
    const rules = rbacManifests(role, subjects).flatMap((object) => object.rules ?? []);
    const words = rules.flatMap(({ apiGroups, resources, verbs }) => [...apiGroups, ...resources, ...verbs]);
    expect(words).not.toContain('*');
    expect(words).not.toContain('rbac.authorization.k8s.io');
  });

  test('every binding grants a role that is there', () => {
    const objects = rbacManifests(role, subjects, ['shop', 'bank']);
    const names = new Set(
      objects
        .filter(({ rules }) => rules)
        .map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''} ${metadata.name}`),
    );
    for (const { metadata, roleRef } of objects.filter((object) => object.roleRef !== undefined)) {
      const namespace = roleRef?.kind === 'Role' ? metadata.namespace : '';
      expect(names).toContain(`${roleRef?.kind} ${namespace} ${roleRef?.name}`);
    }
  });
});

test('with lattices named, Secrets can be read there and nowhere else', () => {
  const objects = rbacManifests('host', subjects, ['shop']);
  const readsSecrets = objects
    .filter(({ rules }) => rules?.some(({ resources }) => resources.includes('secrets')))
    .map(({ metadata }) => metadata.name);
  const granted = objects.filter(
    ({ roleRef }) => roleRef && readsSecrets.includes(roleRef.name) && roleRef.kind === 'ClusterRole',
  );
  expect(granted.map(({ kind, metadata }) => [kind, metadata.namespace])).toEqual([['RoleBinding', 'shop']]);
});
