import {
  WasmCloudProviderResource,
  WasmCloudLinkResource,
  type KubeObject,
  type WasmCloudLink,
} from '../api';
import type { KubeClient } from '../kube';

/** An address at which an actor answers HTTP. */
export interface HttpAddress {
  /** `NAMESPACE/ACTOR` */
  readonly actor: string;
  /** `http://HOST:PORT/` */
  readonly url: string;
}

/** Where the actors of these lattices answer HTTP, by their links with HTTP servers. */
export async function httpAddresses(
  client: KubeClient,
  objects: readonly KubeObject[],
): Promise<HttpAddress[]> {
  const namespaces = new Set(
    objects
      .filter(({ kind }) => kind === WasmCloudLinkResource.kind)
      .map(({ metadata }) => metadata.namespace),
  );
  const addresses: HttpAddress[] = [];
  for (const namespace of namespaces) {
    const { items } = await client.list(WasmCloudLinkResource, { namespace });
    for (const link of items.filter(isHttp)) {
      for (const address of await addressesOf(client, link)) {
        addresses.push({ actor: `${namespace}/${link.spec.target}`, url: `http://${reachable(address)}/` });
      }
    }
  }
  return addresses;
}

function isHttp({ spec: { wit } }: WasmCloudLink): boolean {
  return wit.namespace === 'wasi' && wit.package === 'http' && wit.interfaces.includes('incoming-handler');
}

/** What the link says, else what the provider at its source reports. */
async function addressesOf(client: KubeClient, { spec, metadata }: WasmCloudLink): Promise<string[]> {
  const configured = spec.sourceConfig?.values?.['address'];
  if (configured !== undefined) return [configured];
  const { items } = await client.list(WasmCloudProviderResource, { namespace: metadata.namespace });
  const source = items.find(
    (provider) => (provider.spec.componentId ?? provider.metadata.name) === spec.source,
  );
  return source?.status?.endpoints ?? [];
}

/** An address to listen on, as one to call. */
function reachable(address: string): string {
  return address.replace(/^(0\.0\.0\.0|\[::\]|)(?=:\d+$)/, '127.0.0.1');
}
