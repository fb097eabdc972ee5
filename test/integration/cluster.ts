import { type ConfigMap, NamespaceResource } from '../../lib/api';
import { type Connection, KubeClient, isApiError, loadConnection } from '../../lib/kube';
import { reconcilerUser } from '../../lib/local/control-plane';

/** A connection to the API server of the integration tests. */
export async function testConnection(): Promise<Connection> {
  const kubeconfig = process.env['KASMCLOUD_TEST_KUBECONFIG'];
  if (kubeconfig === undefined) {
    throw new Error('KASMCLOUD_TEST_KUBECONFIG is not set: run with .config/jest.integration.config.cjs');
  }
  return loadConnection({ kubeconfig });
}

/** A client of the API server of the integration tests. */
export async function testClient(): Promise<KubeClient> {
  return new KubeClient(await testConnection());
}

/** The connection of an administrator, as the API server sees the reconciler's own. */
export function asReconciler(admin: Connection): Connection {
  return {
    server: admin.server,
    namespace: admin.namespace,
    credentials: async (fresh) => {
      const { agent, headers } = await admin.credentials(fresh);
      return { agent, headers: { ...headers, 'Impersonate-User': reconcilerUser } };
    },
    close: () => admin.close(),
  };
}

/** Makes a namespace exist. */
export async function ensureNamespace(client: KubeClient, name: string): Promise<void> {
  await client
    .create(NamespaceResource, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
    .catch((error: unknown) => {
      if (!isApiError(error, 'AlreadyExists')) throw error;
    });
}

export function configMap(namespace: string, name: string, data: Record<string, string> = {}): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name }, data };
}

export { eventually } from './eventually';
