import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../api';
import { KasmError } from '../base/errors';

/**
 * The objects in YAML text, documents and `List`s taken apart; empty documents are left out.
 * @throws KasmError that names the line, or the document, that is wrong
 */
export function parseManifests(text: string, label: string): KubeObject[] {
  const documents = parseAllDocuments(text, { merge: true });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document, at) => {
    const [error] = document.errors;
    if (error) throw new KasmError(`${label} is not YAML: ${error.message.trim()}`);
    return objectsIn(document.toJS() as unknown, `${label}, document ${at + 1}`);
  });
}

function objectsIn(value: unknown, where: string): KubeObject[] {
  if (value === null || value === undefined) return [];
  const { apiVersion, kind, metadata, items } = value as Partial<KubeObject> & { items?: unknown };
  if (typeof apiVersion === 'string' && typeof kind === 'string') {
    if (kind.endsWith('List') && Array.isArray(items)) {
      return items.flatMap((item, at) => objectsIn(item, `${where}, items[${at}]`));
    }
    if (typeof metadata?.name === 'string') return [value as KubeObject];
  }
  throw new KasmError(
    `${where} is no Kubernetes object: ${JSON.stringify(value).slice(0, 100)}`,
    'It needs apiVersion, kind and metadata.name',
  );
}

/** How messages name an object: `WasmCloudActor hello/web`. */
export function titleOf({ kind, metadata: { name, namespace } }: KubeObject): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}
