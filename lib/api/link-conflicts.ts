import type { WasmCloudLink } from './generated/kasmcloud';

/** The part of a link's identity that two links must share for them to be able to conflict. */
export function linkGroup({ metadata, spec }: WasmCloudLink): string {
  const { namespace, package: pkg } = spec.wit;
  return JSON.stringify([metadata.namespace, spec.source, spec.name ?? 'default', namespace, pkg]);
}

/** Whether a link is to be acted by, as far as it itself says. */
export function isActive({ metadata, spec }: WasmCloudLink): boolean {
  return metadata.deletionTimestamp === undefined && spec.managementPolicy !== 'Observe';
}

/** Whether two links claim the same interface of one source under one name. */
export function conflicts(a: WasmCloudLink, b: WasmCloudLink): boolean {
  return (
    linkGroup(a) === linkGroup(b) && a.spec.wit.interfaces.some((one) => b.spec.wit.interfaces.includes(one))
  );
}

/** Whether `a` wins over `b`: the older one, of twins the one with the smaller name. */
export function precedes(a: WasmCloudLink, b: WasmCloudLink): boolean {
  const [since, other] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? ''];
  return since === other ? a.metadata.name < b.metadata.name : since < other;
}
