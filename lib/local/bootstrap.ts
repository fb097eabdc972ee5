import {
  type CustomResourceDefinition,
  CustomResourceDefinitionResource,
  NamespaceResource,
  SYSTEM_NAMESPACE,
  customResourceDefinitions,
  admissionResource,
  fieldManagers,
  hostAdmissionPolicy,
  rbacManifests,
  rbacResource,
  type KubeObject,
  type RbacSubject,
} from '../api';
import { KasmError } from '../base/errors';
import { sleep } from '../base/sleep';
import type { KubeClient } from '../kube';
import { hostGroup, reconcilerUser } from './control-plane';

const establishedMs = 30_000;
const hosts: readonly RbacSubject[] = [{ kind: 'Group', name: hostGroup }];
const options = { fieldManager: fieldManagers.cli, force: true };

/**
 * Installs what a lattice needs on an API server, or brings it up to date: the six kinds, the system namespace, and what hosts and
 * the reconciler may do, and may not. Resolves when the kinds can be used.
 */
export async function bootstrap(client: KubeClient): Promise<void> {
  const system: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: SYSTEM_NAMESPACE } };
  await client.apply<KubeObject>(NamespaceResource, system, options);
  const rights = [
    ...rbacManifests('host', hosts),
    ...rbacManifests('reconciler', [{ kind: 'User', name: reconcilerUser }]),
  ];
  await Promise.all([
    ...customResourceDefinitions().map((definition) => install(client, definition)),
    ...rights.map((object) => client.apply(rbacResource(object), object, options)),
    ...hostAdmissionPolicy(hosts).map((object) => client.apply(admissionResource(object), object, options)),
  ]);
}

async function install(client: KubeClient, definition: CustomResourceDefinition): Promise<void> {
  const { name } = definition.metadata;
  let { status } = await client.apply(CustomResourceDefinitionResource, definition, options);
  for (const deadline = Date.now() + establishedMs; ; await sleep(50)) {
    const conditions = status?.conditions ?? [];
    if (conditions.some(({ type, status }) => type === 'Established' && status === 'True')) return;
    if (Date.now() > deadline) {
      const reasons = conditions.map(({ type, status, message }) => `${type}=${status} ${message ?? ''}`);
      throw new KasmError(`CustomResourceDefinition ${name} was not accepted: ${reasons.join(', ')}`);
    }
    ({ status } = await client.get(CustomResourceDefinitionResource, { name }));
  }
}
