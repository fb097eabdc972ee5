import { counter, gauge } from '../base/metrics';
import { callOutcomes, type CallOutcome } from './call-error';

export type RestartCause = 'DeadlineExceeded' | 'Crashed';

const callsTotal = counter('actor_calls_total', 'Calls that ended, by outcome', ['actor', 'outcome']);
const callsInFlight = gauge('actor_calls_in_flight', 'Calls that are being served', ['actor']);
const restartsTotal = counter('actor_worker_restarts_total', 'Workers that ended unasked, by cause', [
  'actor',
  'cause',
]);

/** Those who count for an actor: a host may run two revisions of it beside each other. */
const counting = new Map<string, Set<ActorMetrics>>();

/** The metrics of one actor, looked up once as they are touched by every call. */
export class ActorMetrics {
  readonly calls: Readonly<Record<CallOutcome, { inc(count?: number): void }>>;
  readonly inFlight: { set(count: number): void };
  readonly restarts: Readonly<Record<RestartCause, { inc(): void }>>;

  private current = 0;

  constructor(private readonly actor: string) {
    const entries = callOutcomes.map((outcome) => [outcome, callsTotal.labels(actor, outcome)] as const);
    this.calls = Object.fromEntries(entries) as Record<CallOutcome, { inc(count?: number): void }>;
    const others = counting.get(actor) ?? new Set();
    counting.set(actor, others.add(this));
    const gauge = callsInFlight.labels(actor);
    this.inFlight = {
      set: (count) => {
        this.current = count;
        let total = 0;
        for (const one of others) total += one.current;
        gauge.set(total);
      },
    };
    this.restarts = {
      DeadlineExceeded: restartsTotal.labels(actor, 'DeadlineExceeded'),
      Crashed: restartsTotal.labels(actor, 'Crashed'),
    };
  }

  /** Takes the actor out of the registry, which would otherwise grow for ever. */
  forget(): void {
    this.inFlight.set(0);
    const others = counting.get(this.actor);
    others?.delete(this);
    if (others !== undefined && others.size > 0) return;
    counting.delete(this.actor);
    for (const outcome of callOutcomes) callsTotal.remove(this.actor, outcome);
    for (const cause of ['DeadlineExceeded', 'Crashed']) restartsTotal.remove(this.actor, cause);
    callsInFlight.remove(this.actor);
  }
}
