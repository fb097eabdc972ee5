import type { CallAnalysis } from '../../api';
import { type Clock, monotonicClock } from '../../kube';

/** Calls that have ended since an actor started. */
export interface CallCounts {
  readonly ended: number;
  /** Those that the actor did not answer: it trapped, took too long, or gave no response. */
  readonly unanswered: number;
  /** Those that it answered with an HTTP status of 500 or more. */
  readonly serverErrors: number;
}

interface Sample extends CallCounts {
  readonly at: number;
}

/**
 * Judges an actor by its calls of the last seconds. Only the verdict is told, which changes rarely: figures would have to be written all
 * the time.
 */
export class CallHealth {
  /** What an actor is judged by; may be changed at any time. */
  analysis: CallAnalysis = {};
  private samples: Sample[] = [];
  private verdict: string | undefined;

  constructor(private readonly clock: Clock = monotonicClock) {}

  /** Why the actor does badly; undefined when it does not. */
  get failing(): string | undefined {
    return this.verdict;
  }

  /** Takes the counts of now in; returns whether the verdict has changed. */
  look(counts: CallCounts): boolean {
    // As in the CRD, for objects that were made before it knew them.
    const { maxErrorPercent = 5, minErrors = 3, windowSeconds = 20 } = this.analysis;
    const at = this.clock.now();
    const [first] = this.samples;
    // Another one runs now, which counts from its own start.
    if (first !== undefined && counts.ended < first.ended) this.samples = [];
    this.samples.push({ ...counts, at });
    // One of before the window is kept, to count from.
    while (this.samples[1] !== undefined && this.samples[1].at <= at - windowSeconds * 1000)
      this.samples.shift();
    const from = this.samples[0] ?? counts;
    const ended = counts.ended - from.ended;
    const unanswered = counts.unanswered - from.unanswered;
    const serverErrors = counts.serverErrors - from.serverErrors;
    const failed = unanswered + serverErrors;
    const before = this.verdict;
    const tolerable = (maxErrorPercent / 100) * ended;
    if (before === undefined && failed >= minErrors && failed > tolerable)
      this.verdict = describe(ended, unanswered, serverErrors, windowSeconds);
    if (before !== undefined && (failed === 0 || failed < tolerable / 2)) this.verdict = undefined;
    return (before === undefined) !== (this.verdict === undefined);
  }
}

function describe(ended: number, unanswered: number, serverErrors: number, windowSeconds: number): string {
  const causes = [
    unanswered > 0 &&
      `${unanswered} not answered, as the component traps, takes too long, or gives no response`,
    serverErrors > 0 && `${serverErrors} answered with an HTTP status of 500 or more`,
  ];
  const failed = `${unanswered + serverErrors} of ${ended} calls within ${windowSeconds} s failed`;
  return `${failed}: ${causes.filter(Boolean).join('; ')}`;
}
