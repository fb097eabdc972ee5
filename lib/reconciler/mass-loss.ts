import { log } from '../base/log';
import { gauge } from '../base/metrics';
import { type Clock, monotonicClock } from '../kube';
import type { Silence } from './liveness';

/** From this share on, hosts that fall silent together are doubted to be lost; that of Kubernetes' node lifecycle controller. */
const doubtfulShare = 0.55;
/** As many may be lost together for reasons of their own; as there. */
const few = 2;
/** How long a loss is doubted at most. */
const longestMs = 60_000;
/** How soon is looked again whether there is still reason to doubt. */
const lookAgainMs = 5_000;

const doubted = gauge(
  'hosts_loss_doubted',
  'Hosts with ended Leases that are not declared lost, too many being silent',
);

/**
 * Holds back the loss of most hosts at once: more often than they, what failed is what lies between them and the API server, and what
 * moved to the few others would be too much for these. Who cannot reach the API server serves on.
 */
export class MassLoss {
  /** Since when the loss of each host is doubted. */
  private readonly since = new Map<string, number>();

  constructor(private readonly clock: Clock = monotonicClock) {
    doubted.set(0);
  }

  /** Milliseconds after which to look again at a host of which the Lease has ended; 0 when its loss is to be believed. */
  doubtMs(host: string, { silent, hosts }: Silence): number {
    const now = this.clock.now();
    const leftMs = (this.since.get(host) ?? now) + longestMs - now;
    if (silent <= few || silent < hosts * doubtfulShare || leftMs <= 0) return 0;
    if (this.since.size === 0)
      log.warn(
        { silent, hosts },
        'Most hosts fell silent together: none of them is declared lost for a while',
      );
    if (!this.since.has(host)) this.since.set(host, now);
    doubted.set(this.since.size);
    return Math.min(leftMs, lookAgainMs);
  }

  /** To be called of a host that is not lost, or is declared so. */
  settle(host: string): void {
    if (this.since.delete(host)) doubted.set(this.since.size);
  }
}
