import { type WasmCloudHost, conditionOf, conditionTypes } from '../api';
import type { EventRecorder, Reflector } from '../kube';

/**
 * Tells in Events of hosts what `kubectl describe node` tells of nodes: that they are ready, stop, are cordoned and drained. Hosts cannot,
 * as what is written about cluster-scoped objects is in the default namespace. Returns what ends it.
 */
export function tellOfHosts(events: EventRecorder, hosts: Reflector<WasmCloudHost>): () => void {
  return hosts.subscribe(({ object, old }) => {
    if (old === undefined || old.metadata.uid !== object.metadata.uid) return;
    for (const [reason, note] of newsOf(object, old))
      events.record(object, { reason, action: 'Watching', note });
  });
}

/** What has come about between two states of a host: reason and note of each. */
function newsOf(host: WasmCloudHost, old: WasmCloudHost): [string, string][] {
  const { name } = host.metadata;
  const news: [string, string][] = [];
  const became = (type: string, status: string): boolean =>
    conditionOf(host, type)?.status === status && conditionOf(old, type)?.status !== status;
  if (became(conditionTypes.ready, 'True')) news.push(['HostReady', `Host ${name} is ready`]);
  if (became(conditionTypes.ready, 'False'))
    news.push([
      'HostNotReady',
      conditionOf(host, conditionTypes.ready)?.message || `Host ${name} is not ready`,
    ]);
  const cordoned = host.spec.unschedulable === true;
  if (cordoned !== (old.spec.unschedulable === true))
    news.push(
      cordoned
        ? ['HostNotSchedulable', `Host ${name} gets nothing new: it is cordoned`]
        : ['HostSchedulable', `Host ${name} takes what is new again`],
    );
  if (became(conditionTypes.draining, 'True'))
    news.push([
      'Draining',
      `Everything is to leave host ${name}: ${conditionOf(host, conditionTypes.draining)?.message}`,
    ]);
  if (became(conditionTypes.drained, 'True')) news.push(['Drained', `Nothing is left on host ${name}`]);
  return news;
}
