import type { WasmCloudActor, WasmCloudProvider } from '../api';

/** The id by which links name an actor or a provider. */
export function componentIdOf({ spec, metadata }: WasmCloudActor | WasmCloudProvider): string {
  return spec.componentId ?? metadata.name;
}
