import { Reconciler, type ReconcilerOptions } from './reconciler';

/** What a health endpoint asks. */
export interface ReconcilerHealth {
  /** Whether the reconciler works, or could take over at once. */
  ready(): boolean;
}

export interface RunReconcilerOptions extends ReconcilerOptions {
  /** Ends the reconciler. */
  readonly signal: AbortSignal;
  /** Called before the start with what tells of its health. */
  readonly onHealth?: (health: ReconcilerHealth) => void;
}

/** Runs a reconciler until the signal aborts; resolves when it has ended. */
export async function runReconciler({ signal, onHealth, ...options }: RunReconcilerOptions): Promise<void> {
  const reconciler = new Reconciler(options);
  onHealth?.(reconciler);
  await reconciler.run(signal);
}
