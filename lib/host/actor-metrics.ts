import { counter, gauge } from '../base/metrics';
import { callOutcomes, type CallOutcome } from './call-error';

const labelNames = ['namespace', 'actor', 'distribution', 'host'] as const;

/** Whose metrics they are: `actor` is its component id, `distribution` empty where it is of none. */
export type ActorLabels = Readonly<Record<(typeof labelNames)[number], string>>;

/** What an autoscaler goes by, as of now. */
interface ActorLoad {
  readonly inFlight: number;
  readonly waiting: number;
  /** Most calls that are served at a time. */
  readonly instances: number;
  readonly workers: number;
}

type Look = () => ActorLoad;

/** What counts under the same labels: a host may run two revisions of an actor beside each other. */
const counting = new Map<string, { readonly labels: ActorLabels; readonly looks: Set<Look> }>();

function loadGauge(name: string, help: string, which: keyof ActorLoad): void {
  gauge(name, help, [...labelNames], (set) => {
    for (const { labels, looks } of counting.values()) {
      let total = 0;
      for (const look of looks) total += look()[which];
      set(labels, total);
    }
  });
}

export type RestartCause = 'DeadlineExceeded' | 'Crashed';
const restartCauses: readonly RestartCause[] = ['DeadlineExceeded', 'Crashed'];

const callsTotal = counter('actor_calls_total', 'Calls that ended, by outcome', [...labelNames, 'outcome']);
loadGauge('actor_calls_in_flight', 'Calls that are being served', 'inFlight');
loadGauge('actor_calls_waiting', 'Calls that wait for an instance', 'waiting');
loadGauge('actor_instances', 'Most calls that are served at a time', 'instances');
loadGauge('actor_workers', 'Threads that run the actor: none while nobody calls it', 'workers');
const restartsTotal = counter('actor_worker_restarts_total', 'Workers that ended unasked, by cause', [
  ...labelNames,
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
  private readonly key: string;

  /** @param look Tells its load, at each scrape */
  constructor(
    private readonly labels: ActorLabels,
    private readonly look: Look,
  ) {
    const entries = callOutcomes.map((outcome) => {
      const metric = callsTotal.labels({ ...labels, outcome });
      const fault = countedAs[outcome];
      const inc = (count = 1): void => {
        metric.inc(count);
        this.counts.ended += count;
        if (fault !== undefined) this.counts[fault] += count;
      };
      return [outcome, { inc }] as const;
    });
    this.calls = Object.fromEntries(entries) as Record<CallOutcome, { inc(count?: number): void }>;
    this.restarts = {
      DeadlineExceeded: restartsTotal.labels({ ...labels, cause: 'DeadlineExceeded' }),
      Crashed: restartsTotal.labels({ ...labels, cause: 'Crashed' }),
    };
    this.key = JSON.stringify(labelNames.map((name) => labels[name]));
    const same = counting.get(this.key) ?? { labels, looks: new Set() };
    same.looks.add(look);
    counting.set(this.key, same);
  }

  /** Takes the actor out of the registry, which would otherwise grow for ever. */
  forget(): void {
    const looks = counting.get(this.key)?.looks;
    looks?.delete(this.look);
    if (looks !== undefined && looks.size > 0) return;
    counting.delete(this.key);
    for (const outcome of callOutcomes) callsTotal.remove({ ...this.labels, outcome });
    for (const cause of restartCauses) restartsTotal.remove({ ...this.labels, cause });
  }
}
