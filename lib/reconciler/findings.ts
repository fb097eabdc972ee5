import { type Observation, type WasmCloudHost, conditionTypes } from '../api';
import type { EventText } from '../kube';
import type { Placeable } from './binding';
import type { Leaving } from './leaving';

/** Reasons of `Ready` that the reconciler gives to what no host speaks for; all others are a host's. */
const reasons = {
  unschedulable: 'Unschedulable',
  notFound: 'HostNotFound',
  notServing: 'HostNotServing',
  waiting: 'WaitingForHost',
} as const;

/** What the reconciler has to say about an object. */
export interface Finding {
  readonly observations: Omit<Observation, 'observedGeneration'>[];
  /** Whether the host's own word counts no more. @default false */
  readonly overrule?: boolean;
  /** When there may be more to say, although nothing changes. */
  readonly lookAgainMs?: number;
  /** The event to record when the finding is new. */
  readonly warning?: Omit<EventText, 'type'>;
}

/** Whether a reason of `Ready` is one that only the reconciler gives. */
export function isOwnReason(reason: string): boolean {
  return (Object.values(reasons) as string[]).includes(reason);
}

/** Placed, and its host speaks for it. */
export function placed(hostName: string): Finding {
  return { observations: [bound(hostName)] };
}

/** Placed on a host that has not said anything about it. */
export function waiting(hostName: string, overrule: boolean): Finding {
  const message = `Host ${hostName} has not reported yet`;
  const ready = {
    type: conditionTypes.ready,
    status: 'Unknown' as const,
    reason: reasons.waiting,
    message,
  };
  return { observations: [bound(hostName), ready], overrule };
}

/** On no host, for want of one that is fit; what a host said of it before counts no more. `others` is what is known beside that. */
export function notPlaced(explanation: string, others: Finding['observations']): Finding {
  const finding = nowhere(reasons.unschedulable, explanation);
  return { ...finding, observations: [...finding.observations, ...others], overrule: true };
}

/** Bound by name to a host that does not exist. `others` is what is known beside that. */
export function notFound(hostName: string, others: Finding['observations']): Finding {
  const message = `spec.host: there is no WasmCloudHost ${JSON.stringify(hostName)}. Start a host of that name, or name another or none`;
  const finding = nowhere(reasons.notFound, message);
  return { ...finding, observations: [...finding.observations, ...others] };
}

/** Bound to a host that is not for its lattice. */
export function notServed(object: Placeable, host: WasmCloudHost): Finding {
  const { name } = host.metadata;
  const lattice = object.metadata.namespace;
  const served = host.spec.lattices.join(', ') || 'none';
  const message = `spec.host: host ${name} does not serve lattice ${lattice} but ${served}. Let it serve ${lattice} too, or name another or none`;
  return nowhere(reasons.notServing, message);
}

/** To leave its host; what is said of `next` is where to, or why not yet. */
export function departing({ reason, fact, abrupt }: Leaving, next: string): Finding {
  const message = `${fact}. ${next}`;
  const placed = {
    type: conditionTypes.placed,
    status: 'False' as const,
    reason,
    message,
  };
  // While its host is there, or has said its last word about it, the rest is for that to say.
  if (!abrupt || reason === 'HostStopped') return { observations: [placed] };
  const ready = {
    type: conditionTypes.ready,
    status: 'Unknown' as const,
    reason,
    message,
  };
  return {
    observations: [placed, ready],
    overrule: true,
    warning: { reason, action: 'Watching', note: fact },
  };
}

/** On a host that is gone, where it is to stay all the same. */
export function stranded(object: Placeable, { reason, fact }: Leaving, hostName: string): Finding {
  const noun = object.kind === 'WasmCloudActor' ? 'actor' : 'provider';
  const owner = object.metadata.ownerReferences?.find(({ controller }) => controller);
  const next =
    owner === undefined
      ? `The ${noun} is bound to it by name and goes on when the host is back; to run it elsewhere, delete it and create it again`
      : `${owner.kind} ${owner.name} decides what takes its place`;
  const ready = {
    type: conditionTypes.ready,
    status: 'Unknown' as const,
    reason,
    message: `${fact}. ${next}`,
  };
  return {
    observations: [bound(hostName), ready],
    overrule: true,
    warning: { reason, action: 'Watching', note: fact },
  };
}

function bound(hostName: string): Finding['observations'][number] {
  return {
    type: conditionTypes.placed,
    status: 'True',
    reason: 'Bound',
    message: `Bound to host ${hostName}`,
  };
}

function nowhere(reason: string, message: string): Finding {
  const both = { status: 'False' as const, reason, message };
  return {
    observations: [
      { type: conditionTypes.placed, ...both },
      { type: conditionTypes.ready, ...both },
    ],
    warning: { reason: 'FailedBinding', action: 'Binding', note: message },
  };
}
