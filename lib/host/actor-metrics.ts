import { counter, gauge } from '../base/metrics';
import { callOutcomes, type CallOutcome } from './call-error';

/** What is in use of an actor, and what there is. */
interface ActorPermits {
  readonly taken: number;
  readonly limit: number;
}

/** What counts for an actor: a host may run two revisions of it beside each other. */
const counting = new Map<string, Set<ActorPermits>>();

function sum(all: ReadonlySet<ActorPermits>, which: keyof ActorPermits): number {
  let total = 0;
  for (const permits of all) total += permits[which];
  return total;
}

export type RestartCause = 'DeadlineExceeded' | 'Crashed';

const callsTotal = counter('actor_calls_total', 'Calls that ended, by outcome', ['actor', 'outcome']);
gauge('actor_calls_in_flight', 'Calls that are being served', ['actor'], (set) => {
  for (const [actor, all] of counting) set({ actor }, sum(all, 'taken'));
});
// With the above what an autoscaler goes by: the share of the one in the other.
gauge('actor_instances', 'Most calls that are served at a time', ['actor'], (set) => {
  for (const [actor, all] of counting) set({ actor }, sum(all, 'limit'));
});
const restartsTotal = counter('actor_worker_restarts_total', 'Workers that ended unasked, by cause', [
  'actor',
  'cause',
]);

/** What it is a fault of: the actor, or else its caller or how many call at once. */
const countedAs: Readonly<Record<CallOutcome, 'unanswered' | 'serverErrors' | undefined>> = {
  Answered: undefined,
  ClientGone: undefined,
  Overloaded: undefined,
  NotServing: undefined,
  ServerError: 'serverErrors',
  Trapped: 'unanswered',
  DeadlineExceeded: 'unanswered',
  NoResponse: 'unanswered',
  WorkerLost: 'unanswered',
};

/** The metrics of one actor, looked up once as they are touched by every call. */
export class ActorMetrics {
  readonly calls: Readonly<Record<CallOutcome, { inc(count?: number): void }>>;
  /** As of {@link CallCounts}. */
  readonly counts = { ended: 0, unanswered: 0, serverErrors: 0 };
  readonly restarts: Readonly<Record<RestartCause, { inc(): void }>>;

  constructor(
    private readonly actor: string,
    private readonly permits: ActorPermits,
  ) {
    const entries = callOutcomes.map((outcome) => {
      const metric = callsTotal.labels(actor, outcome);
      const fault = countedAs[outcome];
      const inc = (count = 1): void => {
        metric.inc(count);
        this.counts.ended += count;
        if (fault !== undefined) this.counts[fault] += count;
      };
      return [outcome, { inc }] as const;
    });
    this.calls = Object.fromEntries(entries) as Record<CallOutcome, { inc(count?: number): void }>;
    counting.set(actor, (counting.get(actor) ?? new Set()).add(permits));
    this.restarts = {
      DeadlineExceeded: restartsTotal.labels(actor, 'DeadlineExceeded'),
      Crashed: restartsTotal.labels(actor, 'Crashed'),
    };
  }

  /** Takes the actor out of the registry, which would otherwise grow for ever. */
  forget(): void {
    const others = counting.get(this.actor);
    others?.delete(this.permits);
    if (others !== undefined && others.size > 0) return;
    counting.delete(this.actor);
    for (const outcome of callOutcomes) callsTotal.remove(this.actor, outcome);
    for (const cause of ['DeadlineExceeded', 'Crashed']) restartsTotal.remove(this.actor, cause);
  }
}
