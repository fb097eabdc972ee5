import { type Namespace, NamespaceResource } from '../api/core';
import { Backoff } from '../base/backoff';
import { messageOf } from '../base/errors';
import { log } from '../base/log';
import { sleep } from '../base/sleep';
import { isApiError } from './api-error';
import type { KubeClient } from './client';

/**
 * Makes a namespace exist, however long the API server is away. Who may not create namespaces relies on whoever installed it.
 * @throws the signal's reason when it aborts before
 */
export async function ensureNamespace(client: KubeClient, name: string, signal: AbortSignal): Promise<void> {
  const namespace: Namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
  const backoff = new Backoff();
  for (;;) {
    try {
      await client.create(NamespaceResource, namespace, { signal });
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (isApiError(error, 'AlreadyExists', 'Forbidden')) return;
      log.warn({ namespace: name, error: messageOf(error) }, 'Could not create a namespace');
      await sleep(backoff.next(), signal);
    }
  }
}
