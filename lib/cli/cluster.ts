import { existsSync } from 'node:fs';
import { type Connection, KubeClient, loadConnection } from '../kube';
import { Installation } from '../local/installation';
import { ownConnection } from '../local/own-connection';

/** Options of every command that works on the objects of a cluster, wherever that is. */
export interface ClusterOptions {
  /** Which local installation. */
  readonly name: string;
  readonly kubeconfig?: string;
  readonly context?: string;
}

/**
 * Runs `work` with the API server that the options name: with `--kubeconfig` or `--context` that one, else the one of the installation
 * where there is one, else what kubectl would take.
 */
export async function withCluster<T>(
  options: ClusterOptions,
  work: (client: KubeClient) => Promise<T>,
): Promise<T> {
  const connection = await connect(options);
  try {
    return await work(new KubeClient(connection));
  } finally {
    connection.close();
  }
}

async function connect({ name, kubeconfig, context }: ClusterOptions): Promise<Connection> {
  const own = Installation.named(name).kubeconfig;
  if (kubeconfig === undefined && context === undefined && existsSync(own)) return ownConnection(own);
  return loadConnection({ kubeconfig, context });
}
