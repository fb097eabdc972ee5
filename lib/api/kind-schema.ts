import { crds } from './generated/crds';
import type { StructuralSchema } from './schema';

/** What a CustomResourceDefinition says of its one version. */
interface KindSchema {
  readonly namespaced: boolean;
  readonly schema: StructuralSchema;
}

const read = new Map<string, KindSchema>();

/** The schema of a kind, read when it is first asked for; undefined when the kind is none of the six. */
export function kindSchema(kind: string): KindSchema | undefined {
  const known = read.get(kind);
  if (known !== undefined) return known;
  const text = Object.hasOwn(crds, kind) ? crds[kind] : undefined;
  if (text === undefined) return undefined;
  const { spec } = JSON.parse(text) as {
    spec: { scope: string; versions: [{ schema: { openAPIV3Schema: StructuralSchema } }] };
  };
  const found = {
    namespaced: spec.scope === 'Namespaced',
    schema: spec.versions[0].schema.openAPIV3Schema,
  };
  read.set(kind, found);
  return found;
}
