import type { CurveKeyPair } from '../lattice/nkeys';
import { type LinkDefinition, openSecrets, type SecretValues } from '../lattice/provider-contract';

/** Secrets by name; text, or bytes where the backend holds bytes. */
export type Secrets = Readonly<Record<string, string | Uint8Array>>;

/** A connection between this provider and a component, with the configuration of both sides. */
export interface Link {
  /** Id of the side that calls. */
  readonly source: string;
  /** Id of the side that is called. */
  readonly target: string;
  /** Name by which the source chooses among several links for one interface. */
  readonly name: string;
  readonly witNamespace: string;
  readonly witPackage: string;
  /** Names of interfaces, without a version. */
  readonly interfaces: readonly string[];
  readonly sourceConfig: Readonly<Record<string, string>>;
  readonly targetConfig: Readonly<Record<string, string>>;
  readonly sourceSecrets: Secrets;
  readonly targetSecrets: Secrets;
}

/** What makes a link the same link: a second one with the same key replaces the first. */
export function linkKey(
  link: Pick<Link, 'source' | 'target' | 'name' | 'witNamespace' | 'witPackage'>,
): string {
  return [link.source, link.target, link.name, link.witNamespace, link.witPackage].join('\n');
}

/** The keys that open the secrets of links. */
export interface SecretKeys {
  readonly provider: CurveKeyPair;
  /** Public key of the host, which sealed them. */
  readonly host: string;
}

/** @throws KasmError when secrets were not sealed for this provider. */
export function readLink(definition: LinkDefinition, keys: SecretKeys | undefined): Link {
  return {
    source: definition.source_id,
    target: definition.target,
    name: definition.name ?? 'default',
    witNamespace: definition.wit_namespace,
    witPackage: definition.wit_package,
    interfaces: definition.interfaces ?? [],
    sourceConfig: definition.source_config ?? {},
    targetConfig: definition.target_config ?? {},
    sourceSecrets: readSealed(definition.source_secrets, keys),
    targetSecrets: readSealed(definition.target_secrets, keys),
  };
}

function readSealed(sealed: readonly number[] | null | undefined, keys: SecretKeys | undefined): Secrets {
  if (!sealed || sealed.length === 0 || !keys) return {};
  return readSecrets(openSecrets(sealed, keys.provider, keys.host));
}

export function readSecrets(secrets: SecretValues): Secrets {
  return Object.fromEntries(
    Object.entries(secrets).map(([name, { kind, value }]) => [
      name,
      kind === 'Bytes' ? Uint8Array.from(value) : value,
    ]),
  );
}
