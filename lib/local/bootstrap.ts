import {
  CustomResourceDefinitionResource,
  customResourceDefinitions,
  fieldManagers,
  type CustomResourceDefinition,
} from '../api';
import { KasmError } from '../base/errors';
import { sleep } from '../base/sleep';
import type { Applied, KubeClient } from '../kube';

const establishedMs = 30_000;

/** Installs what a lattice needs on an API server, or brings it up to date; resolves when the six kinds can be used. */
export async function bootstrap(client: KubeClient): Promise<void> {
  const definitions = customResourceDefinitions();
  const options = { fieldManager: fieldManagers.cli, force: true };
  await Promise.all(
    definitions.map((definition) =>
      client.apply(
        CustomResourceDefinitionResource,
        definition as Applied<CustomResourceDefinition>,
        options,
      ),
    ),
  );
  for (const { metadata } of definitions) await established(client, metadata.name);
}

async function established(client: KubeClient, name: string): Promise<void> {
  for (const deadline = Date.now() + establishedMs; ; await sleep(100)) {
    const { status } = await client.get(CustomResourceDefinitionResource, { name });
    const conditions = status?.conditions ?? [];
    if (conditions.some(({ type, status }) => type === 'Established' && status === 'True')) return;
    if (Date.now() > deadline) {
      const reasons = conditions.map(({ type, status, message }) => `${type}=${status} ${message ?? ''}`);
      throw new KasmError(`CustomResourceDefinition ${name} was not accepted: ${reasons.join(', ')}`);
    }
  }
}
