import { GROUP, SYSTEM_NAMESPACE } from './names';
import type { KubeObject, ResourceType } from './resource';

/** Roles of the `kasmcloud` program that talk to the API server. */
export type RuntimeRole = 'host' | 'reconciler';

/** Who gets a role. */
export type RbacSubject =
  | { readonly kind: 'User' | 'Group'; readonly name: string }
  | { readonly kind: 'ServiceAccount'; readonly name: string; readonly namespace: string };

/** One rule of a Role or ClusterRole. */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** A Role, ClusterRole, RoleBinding or ClusterRoleBinding. */
export interface RbacObject extends KubeObject {
  apiVersion: 'rbac.authorization.k8s.io/v1';
  rules?: readonly PolicyRule[];
  subjects?: readonly (RbacSubject & { readonly apiGroup?: string })[];
  roleRef?: { apiGroup: string; kind: string; name: string };
}

/** How the API server names the kind of an RBAC object. */
export function rbacResource({ kind }: RbacObject): ResourceType<RbacObject> {
  return {
    group: 'rbac.authorization.k8s.io',
    version: 'v1',
    kind,
    plural: `${kind.toLowerCase()}s`,
    namespaced: !kind.startsWith('Cluster'),
  };
}

const rule = (apiGroup: string, resources: readonly string[], verbs: readonly string[]): PolicyRule => ({
  apiGroups: [apiGroup],
  resources,
  verbs,
});

const follow = ['list', 'watch'];
const recordEvents = rule('events.k8s.io', ['events'], ['create']);

/** What a role may do, by where it may do it. */
interface Permissions {
  /** With cluster-scoped objects. */
  readonly cluster: readonly PolicyRule[];
  /** In the namespace of each lattice that it serves. */
  readonly lattice: readonly PolicyRule[];
  /** With the Leases in the system namespace. */
  readonly leases: readonly string[];
}

// Created by server-side apply: that asks for both rights.
const make = ['create', 'patch'];

const permissions: Readonly<Record<RuntimeRole, Permissions>> = {
  host: {
    cluster: [
      rule(GROUP, ['wasmcloudhosts'], [...follow, ...make]),
      rule(GROUP, ['wasmcloudhosts/status'], ['patch']),
    ],
    lattice: [
      // By name, what has left for another host, until it serves there.
      rule(GROUP, ['wasmcloudactors', 'wasmcloudproviders'], ['get', ...follow]),
      rule(GROUP, ['wasmcloudlinks', 'wasmcloudlattices'], follow),
      rule(GROUP, ['wasmcloudactors/status', 'wasmcloudproviders/status'], ['patch']),
      // Configuration, credentials and certificates that the objects above name.
      rule('', ['configmaps', 'secrets'], follow),
      recordEvents,
    ],
    leases: ['get', 'create', 'update', 'delete'],
  },
  reconciler: {
    cluster: [
      // It deletes those that signed off for good.
      rule(GROUP, ['wasmcloudhosts'], ['get', ...follow, 'delete']),
      rule(GROUP, ['wasmcloudhosts/status'], ['patch']),
    ],
    lattice: [
      // It binds those that people made, and makes and removes those of distributions.
      rule(GROUP, ['wasmcloudactors', 'wasmcloudproviders'], [...follow, ...make, 'delete']),
      rule(GROUP, ['wasmcloudlinks', 'wasmcloudlattices'], follow),
      // It rolls distributions back, and keeps their history.
      rule(GROUP, ['wasmclouddistributions'], [...follow, 'patch']),
      rule('apps', ['controllerrevisions'], [...follow, ...make, 'delete']),
      // Whether it is there, of what waits for a host. Never Secrets.
      rule('', ['configmaps'], ['get']),
      rule(
        GROUP,
        [
          'wasmcloudactors/status',
          'wasmcloudproviders/status',
          'wasmcloudlinks/status',
          'wasmcloudlattices/status',
          'wasmclouddistributions/status',
        ],
        ['patch'],
      ),
      recordEvents,
    ],
    // It reads the Leases of all hosts.
    leases: [...follow, 'get', 'create', 'update'],
  },
};

/**
 * The least that a role needs, granted to `subjects`: names are `kasmcloud:ROLE`.
 *
 * @param lattices Namespaces in which the role works; absent means all. With a list, nothing in other namespaces can be read, Secrets
 *   above all.
 */
export function rbacManifests(
  role: RuntimeRole,
  subjects: readonly RbacSubject[],
  lattices?: readonly string[],
): RbacObject[] {
  const { cluster, lattice, leases } = permissions[role];
  const name = `kasmcloud:${role}`;
  const inLattice = `${name}:lattice`;
  return [
    object('ClusterRole', { name }, { rules: cluster }),
    binding('ClusterRoleBinding', { name }, 'ClusterRole', subjects),
    object('ClusterRole', { name: inLattice }, { rules: lattice }),
    ...(lattices === undefined
      ? [binding('ClusterRoleBinding', { name: inLattice }, 'ClusterRole', subjects)]
      : lattices.map((namespace) =>
          binding('RoleBinding', { name: inLattice, namespace }, 'ClusterRole', subjects),
        )),
    ...inNamespace(SYSTEM_NAMESPACE, name, [rule('coordination.k8s.io', ['leases'], leases)], subjects),
    // Events about cluster-scoped objects, such as hosts, live in the default namespace. Hosts tell of nothing but what runs on them.
    ...(role === 'reconciler' ? inNamespace('default', name, [recordEvents], subjects) : []),
  ];
}

function inNamespace(
  namespace: string,
  name: string,
  rules: readonly PolicyRule[],
  subjects: readonly RbacSubject[],
): RbacObject[] {
  return [
    object('Role', { name, namespace }, { rules }),
    binding('RoleBinding', { name, namespace }, 'Role', subjects),
  ];
}

function binding(
  kind: string,
  metadata: KubeObject['metadata'],
  roleKind: string,
  subjects: readonly RbacSubject[],
): RbacObject {
  const apiGroup = 'rbac.authorization.k8s.io';
  return object(kind, metadata, {
    subjects: subjects.map((subject) =>
      subject.kind === 'ServiceAccount' ? subject : { apiGroup, ...subject },
    ),
    roleRef: { apiGroup, kind: roleKind, name: metadata.name },
  });
}

function object(
  kind: string,
  metadata: KubeObject['metadata'],
  content: Pick<RbacObject, 'rules' | 'subjects' | 'roleRef'>,
): RbacObject {
  return { apiVersion: 'rbac.authorization.k8s.io/v1', kind, metadata, ...content };
}
