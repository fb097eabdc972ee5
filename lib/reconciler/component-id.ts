import type { WasmCloudActor, WasmCloudDistribution, WasmCloudProvider } from '../api';

/** The id by which links name an actor or a provider. */
export function componentIdOf({ spec, metadata }: WasmCloudActor | WasmCloudProvider): string {
  return spec.componentId ?? metadata.name;
}

/** The component id of all that a distribution makes. */
export function componentIdOfDistribution({ metadata, spec }: WasmCloudDistribution): string {
  const { actor, provider } = spec.template;
  return (actor ?? provider)?.componentId ?? metadata.name;
}
