import { randomBytes } from 'node:crypto';
import { type Event, EventResource } from '../api/core';
import type { KubeObject } from '../api/resource';
import { messageOf } from '../base/errors';
import { log } from '../base/log';
import { counter } from '../base/metrics';
import type { KubeClient } from './client';
import { type Clock, monotonicClock } from './clock';
import { withDeadline } from './deadline';

export interface EventRecorderOptions {
  /** Who reports, e.g. `kasmcloud.io/reconciler`. */
  readonly controller: string;
  /** Which process of it. */
  readonly instance: string;
  readonly clock?: Clock;
}

export interface EventText {
  /** @default Normal */
  readonly type?: Event['type'];
  /** CamelCase, e.g. `Bound`. */
  readonly reason: string;
  /** What was done, e.g. `Binding`. */
  readonly action: string;
  /** For people. Cut at 1024 characters. */
  readonly note: string;
}

/** The same event of one object is written once in this time. */
const repeatMs = 600_000;
/** Events remembered for that, and at most waiting to be written. */
const maxRemembered = 4096;
const maxPending = 256;

const dropped = counter('events_dropped_total', 'Events not written: repeated, too many, or refused', [
  'cause',
]);

/**
 * Tells people what happened to an object, in `kubectl describe` and `kubectl get events`. Recording neither waits nor fails:
 * events are a courtesy, conditions carry the state.
 */
export class EventRecorder {
  private readonly recent = new Map<string, number>();
  private readonly clock: Clock;
  private pending = 0;
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly client: KubeClient,
    private readonly options: EventRecorderOptions,
  ) {
    this.clock = options.clock ?? monotonicClock;
  }

  record(object: KubeObject, text: EventText): void {
    if (this.isRepeated(`${object.metadata.uid} ${text.reason} ${text.note}`))
      return dropped.inc({ cause: 'repeated' });
    if (this.pending >= maxPending) return dropped.inc({ cause: 'full' });
    this.pending++;
    const event = this.build(object, text);
    // One at a time: a burst of events must not crowd out the work that they tell of.
    this.last = this.last.then(() => this.write(event)).finally(() => this.pending--);
  }

  /** Resolves when all that was recorded has been written or dropped. */
  async flush(): Promise<void> {
    await this.last;
  }

  private isRepeated(identity: string): boolean {
    const now = this.clock.now();
    const before = this.recent.get(identity);
    if (before !== undefined && now - before < repeatMs) return true;
    this.recent.delete(identity);
    this.recent.set(identity, now);
    const oldest = this.recent.keys().next().value;
    if (this.recent.size > maxRemembered && oldest !== undefined) this.recent.delete(oldest);
    return false;
  }

  private build(object: KubeObject, { type = 'Normal', reason, action, note }: EventText): Event {
    const { name, namespace, uid } = object.metadata;
    return {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: {
        name: `${name.slice(0, 230)}.${randomBytes(8).toString('hex')}`,
        // Events about cluster-scoped objects live in the default namespace.
        namespace: namespace ?? 'default',
      },
      eventTime: new Date().toISOString().replace('Z', '000Z'),
      type,
      reason,
      action,
      note: note.slice(0, 1024),
      regarding: { apiVersion: object.apiVersion, kind: object.kind, name, namespace, uid },
      reportingController: this.options.controller,
      reportingInstance: this.options.instance.slice(0, 128),
    };
  }

  private async write(event: Event): Promise<void> {
    try {
      await withDeadline(5_000, 'The event was not written in time', new AbortController().signal, (signal) =>
        this.client.create(EventResource, event, { signal }),
      );
    } catch (error) {
      dropped.inc({ cause: 'refused' });
      log.debug({ reason: event.reason, error: messageOf(error) }, 'Could not write an event');
    }
  }
}
