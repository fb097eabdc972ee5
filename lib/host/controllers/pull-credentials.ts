import type { SecretReference } from '../../api';
import { KasmError, messageOf } from '../../base/errors';
import {
  matchCredentials,
  readPullSecret,
  type RegistryCredential,
  type RegistryCredentials,
} from '../images/credentials';
import { parseReference } from '../images/reference';
import { type HostContext, latticeOf } from './context';
import type { Reference } from './references';

/** Credentials for one image. */
export interface PullCredentials {
  readonly credentials: readonly RegistryCredential[];
  /** Secrets that are missing or unreadable. No failure in itself: the image may be public. */
  readonly problems: readonly string[];
}

/** The pull Secrets of an object, then those of its lattice. */
export function pullReferences(
  context: HostContext,
  namespace: string,
  own: readonly SecretReference[] | undefined,
): Reference[] {
  const lattice = latticeOf(context, namespace)?.spec.imagePullSecrets;
  return [...(own ?? []), ...(lattice ?? [])].map(({ name }) => ({ kind: 'Secret', namespace, name }));
}

/** Reads the Secrets, which must be followed already, and picks what fits the image. */
export function pullCredentials(
  context: HostContext,
  image: string,
  secrets: readonly Reference[],
): PullCredentials {
  const reference = parseReference(image);
  if (reference.kind !== 'oci') return { credentials: [], problems: [] };
  const sets: RegistryCredentials[] = [];
  const problems: string[] = [];
  for (const { namespace, name } of secrets) {
    const secret = context.references.secret(namespace, name);
    try {
      if (secret === undefined) throw new KasmError(`Secret ${namespace}/${name} does not exist`);
      sets.push(readPullSecret(`${namespace}/${name}`, secret.data));
    } catch (error) {
      problems.push(messageOf(error));
    }
  }
  return { credentials: matchCredentials(reference, sets), problems };
}
