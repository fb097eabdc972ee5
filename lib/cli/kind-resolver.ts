import {
  CustomResourceDefinitionResource,
  type CustomResourceDefinition,
  type KubeObject,
  type ResourceType,
} from '../api';
import { KasmError } from '../base/errors';
import { isApiError, type KubeClient } from '../kube';

interface ApiResource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** Knows how the API server names the kinds of objects: by asking it, or by a definition that is about to be applied. */
export class KindResolver {
  private readonly groups = new Map<string, Promise<readonly ApiResource[]>>();

  /** @param objects What is about to be applied, definitions among it */
  constructor(
    private readonly client: KubeClient,
    private readonly objects: readonly KubeObject[],
  ) {}

  /** @throws KasmError when the API server does not know the kind */
  async resolve(object: KubeObject): Promise<{ type: ResourceType; installed: boolean }> {
    const { apiVersion, kind } = object;
    const [group, version] = apiVersion.includes('/')
      ? (apiVersion.split('/') as [string, string])
      : ['', apiVersion];
    const known = (await this.resourcesOf(apiVersion)).find(
      (each) => each.kind === kind && !each.name.includes('/'),
    );
    if (known !== undefined) {
      return {
        type: { group, version, kind, plural: known.name, namespaced: known.namespaced },
        installed: true,
      };
    }
    const coming = this.objects
      .filter(({ kind }) => kind === CustomResourceDefinitionResource.kind)
      .map((definition) => (definition as CustomResourceDefinition).spec)
      .find((spec) => spec.group === group && spec.names.kind === kind);
    if (coming !== undefined) {
      const { names, scope } = coming;
      return {
        type: { group, version, kind, plural: names.plural, namespaced: scope === 'Namespaced' },
        installed: false,
      };
    }
    throw new KasmError(
      `The API server knows no ${kind} in ${apiVersion}`,
      'Correct apiVersion or kind, or apply its CustomResourceDefinition as well',
    );
  }

  private resourcesOf(apiVersion: string): Promise<readonly ApiResource[]> {
    let resources = this.groups.get(apiVersion);
    if (resources === undefined) {
      resources = this.discover(apiVersion);
      this.groups.set(apiVersion, resources);
    }
    return resources;
  }

  private async discover(apiVersion: string): Promise<readonly ApiResource[]> {
    const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    try {
      return (JSON.parse(await this.client.raw(path)) as { resources: ApiResource[] }).resources;
    } catch (error) {
      if (isApiError(error, 404)) return [];
      throw error;
    }
  }
}
