import {
  WasmCloudActorResource,
  WasmCloudDistributionResource,
  WasmCloudHostResource,
  WasmCloudLatticeResource,
  WasmCloudLinkResource,
  WasmCloudProviderResource,
} from './generated/kasmcloud';

export {
  WasmCloudActorResource,
  WasmCloudDistributionResource,
  WasmCloudHostResource,
  WasmCloudLatticeResource,
  WasmCloudLinkResource,
  WasmCloudProviderResource,
};

/** The six kinds. */
export const kasmcloudResources = [
  WasmCloudHostResource,
  WasmCloudActorResource,
  WasmCloudProviderResource,
  WasmCloudLinkResource,
  WasmCloudDistributionResource,
  WasmCloudLatticeResource,
] as const;
