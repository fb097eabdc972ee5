import type { WasmCloudLink, WasmCloudProvider, WasmCloudProviderStatus } from '../../api';
import type { Reference, Sources } from './references';
import type { Report } from './report';

/** What one pass wants of a provider. */
export interface ProviderPass {
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  readonly provider: WasmCloudProvider;
  /** Links that have it as their source, the oldest first: where two claim the same, the first has it. */
  readonly sourceLinks: readonly WasmCloudLink[];
  /** Links that have it as their target. */
  readonly targetLinks: readonly WasmCloudLink[];
  readonly report: Report;
  readonly signal: AbortSignal;
  /** Makes these all that the provider follows; resolves when each has been looked up, with what it sees of them. */
  follow(references: readonly Reference[]): Promise<Sources>;
}

/** A provider that this host runs, whatever it is made of. */
export interface RunningProvider {
  /** What it is made of: `builtin NAME` or `process`. */
  readonly kind: string;
  /** Makes it do what is wanted and reports how it does. Rejects with what it cannot do; the rest is done. */
  bring(pass: ProviderPass): Promise<void>;
  /** Finds its targets anew, after an actor of this host has come or is about to go. */
  retarget(): Promise<void>;
  /** What it adds to the status. */
  status(): WasmCloudProviderStatus;
  /** When to look at it again although nothing has changed, in milliseconds; undefined is never. `failed` says that the last pass did. */
  againInMs(failed: boolean): number | undefined;
  /** Takes no more traffic, lets what is under way end for at most so many milliseconds. */
  stop(graceMs: number): Promise<void>;
}
