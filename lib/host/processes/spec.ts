import type { SecretValues } from '../../lattice/provider-contract';

/** A link with the configuration that its provider needs. */
export interface ProcessLink {
  readonly source: string;
  readonly target: string;
  readonly name: string;
  readonly witNamespace: string;
  readonly witPackage: string;
  readonly interfaces: readonly string[];
  readonly sourceConfig: Readonly<Record<string, string>>;
  readonly targetConfig: Readonly<Record<string, string>>;
  /** Only of the provider's own side. */
  readonly sourceSecrets: SecretValues;
  readonly targetSecrets: SecretValues;
}

/** What a provider process should be. */
export interface ProcessSpec {
  /** `namespace/name`, for logs. */
  readonly provider: string;
  readonly lattice: string;
  /** Id in the lattice. */
  readonly id: string;
  /** Path of the executable file. */
  readonly program: string;
  /** Digest of the image that `program` comes from. */
  readonly digest: string;
  readonly config: Readonly<Record<string, string>>;
  readonly secrets: SecretValues;
  readonly links: readonly ProcessLink[];
  readonly restartPolicy: 'Always' | 'OnFailure' | 'Never';
}

/** Whether the same process can serve both: everything else reaches it while it runs. */
export function sameProcess(one: ProcessSpec, other: ProcessSpec): boolean {
  const identity = ({ lattice, id, digest, secrets }: ProcessSpec): string =>
    JSON.stringify([lattice, id, digest, Object.entries(secrets).sort(([a], [b]) => (a < b ? -1 : 1))]);
  return identity(one) === identity(other);
}

/**
 * Whether a process of `next` may start while one of `before` still serves. What only answers calls may: the lattice shares them out among
 * those that listen. The source of a link may not: it does something by itself, as listening on a port or reading a queue, which two
 * would do twice or fight for.
 */
export function mayOverlap(before: ProcessSpec, next: ProcessSpec): boolean {
  const answersOnly = ({ id, links }: ProcessSpec): boolean =>
    links.length > 0 && links.every(({ source }) => source !== id);
  const isSameTarget = before.lattice === next.lattice && before.id === next.id;
  return isSameTarget && next.restartPolicy === 'Always' && answersOnly(before) && answersOnly(next);
}

/** How a process ended. */
export interface ProcessExit {
  /** Exit code; negative, the number of the signal. Absent when it could not be started. */
  readonly code?: number;
  readonly reason: string;
  readonly at: Date;
}

/** How a provider is, in the words of a condition. */
export interface Health {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}
