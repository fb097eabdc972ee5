import { Agent } from 'node:https';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Connection } from '../kube';

/** The parts of a kubeconfig file that {@link writeKubeconfig} writes. */
interface OwnKubeconfig {
  readonly clusters: readonly [
    { readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } },
  ];
  readonly users: readonly [
    { readonly user: { readonly 'client-certificate-data': string; readonly 'client-key-data': string } },
  ];
}

/**
 * The connection that a kubeconfig file of our own making describes. `loadConnection` reads any kubeconfig, for which it loads a
 * library that weighs more than the rest of the command.
 */
export function ownConnection(kubeconfig: string): Connection {
  const {
    clusters: [{ cluster }],
    users: [{ user }],
  } = parse(readFileSync(kubeconfig, 'utf8')) as OwnKubeconfig;
  const text = (base64: string): string => Buffer.from(base64, 'base64').toString();
  const agent = new Agent({
    keepAlive: true,
    ca: text(cluster['certificate-authority-data']),
    cert: text(user['client-certificate-data']),
    key: text(user['client-key-data']),
  });
  return {
    server: new URL(cluster.server),
    namespace: 'default',
    credentials: async () => ({ agent, headers: {} }),
    close: () => agent.destroy(),
  };
}
