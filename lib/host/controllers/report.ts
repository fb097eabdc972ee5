import { type Condition, conditionTypes, type KubeObject, setCondition } from '../../api';
import { KasmError, messageOf, TerminalError } from '../../base/errors';
import { ImagePullError } from '../images/errors';
import { StillPulling } from './image-pull';

type Observed = KubeObject & { status?: { conditions?: Condition[] | undefined } | undefined };

/** Collects what one pass observed of one object, as the conditions that this host writes. */
export class Report {
  /** The condition that tells of a failure beside `Ready`, while that part of the pass is under way. */
  phase: string = conditionTypes.ready;
  private readonly observations = new Map<string, Condition>();

  constructor(private readonly object: Observed) {}

  /** Records an observation; a later one of the same type takes its place. */
  observe(type: string, status: Condition['status'], reason: string, message = ''): void {
    const observedGeneration = this.object.metadata.generation;
    const updated = setCondition(this.object.status?.conditions, {
      type,
      status,
      reason,
      message,
      ...(observedGeneration !== undefined && { observedGeneration }),
    });
    const condition = updated.find((one) => one.type === type);
    if (condition !== undefined) this.observations.set(type, condition);
  }

  /** Records a failure of the current phase, and with it that the whole is not ready; or that an image is still being pulled. */
  fail(error: unknown, aside?: string): void {
    if (error instanceof StillPulling) return this.start(error.message);
    const reason =
      error instanceof TerminalError || error instanceof ImagePullError ? error.reason : 'Failed';
    // Ours are whole sentences already; what others throw may hide its reason in a cause.
    const message = error instanceof KasmError ? error.message : messageOf(error);
    if (this.phase !== conditionTypes.ready) this.observe(this.phase, 'False', reason, message);
    this.observe(
      conditionTypes.ready,
      'False',
      reason,
      aside === undefined ? message : `${message}. ${aside}`,
    );
    if (error instanceof TerminalError) this.observe(conditionTypes.stalled, 'True', reason, message);
  }

  /** Records that what is wanted is on its way. */
  start(message: string): void {
    this.observe(conditionTypes.ready, 'False', 'Starting', message);
    this.observe(conditionTypes.reconciling, 'True', 'Starting');
  }

  get conditions(): Condition[] {
    return [...this.observations.values()];
  }
}
