/** Values of a link's configuration, every source looked up. */
type Values = Readonly<Record<string, string>>;

/** What a service is told about a call besides its arguments. */
export interface ServiceCallContext {
  /** Component id of the caller. */
  readonly source: string;
  /** Name of the link that the caller used. */
  readonly linkName: string;
  /** `spec.sourceConfig` of that link. */
  readonly sourceConfig: Values;
  /** `spec.targetConfig` of that link. */
  readonly targetConfig: Values;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/**
 * A provider of this host that answers calls: components of this host reach it without a network. Interfaces are named as on the wire,
 * `wrpc:keyvalue/store@0.2.0-draft`; functions as WIT spells them; values have the JavaScript forms of `lib/lattice` (WitType).
 */
export interface LocalService {
  serves(interfaceId: string): boolean;
  /** Resolves with the result (the `ok` of a `result`); rejects with a `WitError` for its `err`, and with anything else for a failure. */
  call(
    interfaceId: string,
    func: string,
    args: readonly unknown[],
    context: ServiceCallContext,
  ): Promise<unknown>;
}
