import type { CurveKeyPair } from '../lattice/nkeys';
import type { SecretValue } from './host-data';

/** A link as hosts send it: configuration resolved to values, secrets sealed for the provider. */
export interface LinkDefinition {
  readonly source_id: string;
  readonly target: string;
  readonly name?: string;
  readonly wit_namespace: string;
  readonly wit_package: string;
  readonly interfaces: readonly string[];
  readonly source_config?: Readonly<Record<string, string>>;
  readonly target_config?: Readonly<Record<string, string>>;
  readonly source_secrets?: readonly number[] | null;
  readonly target_secrets?: readonly number[] | null;
}

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
    sourceSecrets: openSecrets(definition.source_secrets, keys),
    targetSecrets: openSecrets(definition.target_secrets, keys),
  };
}

function openSecrets(sealed: readonly number[] | null | undefined, keys: SecretKeys | undefined): Secrets {
  if (!sealed || sealed.length === 0 || !keys) return {};
  const opened = keys.provider.open(Uint8Array.from(sealed), keys.host);
  return readSecrets(JSON.parse(Buffer.from(opened).toString()) as Record<string, SecretValue>);
}

export function readSecrets(secrets: Readonly<Record<string, SecretValue>>): Secrets {
  return Object.fromEntries(
    Object.entries(secrets).map(([name, { kind, value }]) => [
      name,
      kind === 'Bytes' ? Uint8Array.from(value) : value,
    ]),
  );
}
