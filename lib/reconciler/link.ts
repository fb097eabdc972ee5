import {
  type Observation,
  type WasmCloudActor,
  type WasmCloudDistribution,
  type WasmCloudLink,
  WasmCloudLinkResource,
  type WasmCloudProvider,
  conditionOf,
  conditionTypes,
} from '../api';
import { suggest } from '../api/suggest';
import { Controller, type Result, keyOf } from '../kube';
import { BY_COMPONENT, BY_GROUP, BY_NAMESPACE, BY_UNRESOLVED, componentKey } from './caches';
import { componentIdOf, componentIdOfDistribution } from './component-id';
import { writeConditions } from './conditions';
import type { ReconcilerContext } from './context';
import { conflicts, isActive, linkGroup, precedes } from '../api/link-conflicts';

type Verdict = Omit<Observation, 'observedGeneration'>;
/** What has a component id. A distribution is one, also while it has no instances. */
type Component = WasmCloudActor | WasmCloudProvider | WasmCloudDistribution;

/** More ids than this do not help who has misspelt one. */
const maxSuggestions = 50;

/** Tells of each link whether what it connects exists and whether it is the only one to claim its interfaces. */
export function linkController(context: ReconcilerContext): Controller {
  const { links, actors, providers, distributions } = context.caches;
  const concerned = (component: Component, old?: Component): string[] => {
    // The id is all that links go by, and it never changes.
    if (old !== undefined && old.metadata.uid === component.metadata.uid) return [];
    const { namespace = '' } = component.metadata;
    const named = links.by(BY_COMPONENT, componentKey(namespace, idOf(component)));
    // What a link should have named may be what has just come.
    return [...named, ...links.by(BY_UNRESOLVED, namespace)].map(keyOf);
  };
  const rivals = (link: WasmCloudLink): string[] => [
    keyOf(link),
    ...links.by(BY_GROUP, linkGroup(link)).map(keyOf),
  ];
  const reconciler = new LinkReconciler(context);
  return new Controller<[WasmCloudLink, WasmCloudActor, WasmCloudProvider, WasmCloudDistribution]>({
    name: 'links',
    watches: [
      { reflector: links, map: (link, old) => [...rivals(link), ...(old === undefined ? [] : rivals(old))] },
      { reflector: actors, map: concerned },
      { reflector: providers, map: concerned },
      { reflector: distributions, map: concerned },
    ],
    reconcile: (key, signal) => reconciler.reconcile(key, signal),
  });
}

class LinkReconciler {
  constructor(private readonly context: ReconcilerContext) {}

  async reconcile(key: string, signal: AbortSignal): Promise<Result | void> {
    const { client, caches, events } = this.context;
    const link = caches.links.get(key);
    if (link === undefined || link.metadata.deletionTimestamp !== undefined) return;
    const resolved = this.resolve(link);
    const { conflict, loses } = this.findConflict(link);
    const verdict = ready(resolved, conflict, loses);
    const observations = [resolved, conflict, verdict];
    const fields = { observedGeneration: link.metadata.generation };
    const written = await writeConditions(client, WasmCloudLinkResource, link, observations, {
      fields,
      signal,
    });
    if (!written) return;
    const linked = verdict.status === 'True';
    const wasLinked = conditionOf(link, conditionTypes.ready)?.status === 'True';
    const news = (type: 'Normal' | 'Warning', reason: string, note: string): void =>
      events.record(link, { type, reason, action: 'Linking', note });
    if (conflict.status === 'True') news('Warning', 'Conflict', conflict.message);
    // That a new link waits for what it connects goes without saying.
    else if (linked !== wasLinked) news(linked ? 'Normal' : 'Warning', verdict.reason, verdict.message);
  }

  private resolve(link: WasmCloudLink): Verdict {
    const { source, target } = link.spec;
    const missing = (['source', 'target'] as const).filter((end) => !this.exists(link, link.spec[end]));
    if (missing.length === 0) {
      return condition(conditionTypes.resolved, 'True', 'Resolved', `${source} is linked to ${target}`);
    }
    const reason = missing[0] === 'source' ? 'SourceNotFound' : 'TargetNotFound';
    const message = missing.map((end) => this.explainMissing(link, end)).join('; ');
    return condition(conditionTypes.resolved, 'False', reason, message);
  }

  private exists(link: WasmCloudLink, id: string): boolean {
    const { actors, providers, distributions } = this.context.caches;
    const key = componentKey(link.metadata.namespace, id);
    return [actors, providers, distributions].some((each) => each.by(BY_COMPONENT, key).length > 0);
  }

  private explainMissing(link: WasmCloudLink, end: 'source' | 'target'): string {
    const { actors, providers, distributions } = this.context.caches;
    const namespace = link.metadata.namespace ?? '';
    const components: Component[] = [
      ...actors.by(BY_NAMESPACE, namespace),
      ...providers.by(BY_NAMESPACE, namespace),
      ...distributions.by(BY_NAMESPACE, namespace),
    ];
    const ids = Array.from(new Set(components.map(idOf))).sort();
    const id = link.spec[end];
    const fact = `spec.${end}: no actor, provider or distribution in namespace ${namespace} has the component id ${JSON.stringify(id)}`;
    const hint = ids.length === 0 || ids.length > maxSuggestions ? undefined : suggest(id, ids);
    return hint?.startsWith('did you mean') ? `${fact}: ${hint}` : `${fact}. Create one, or delete this link`;
  }

  private findConflict(link: WasmCloudLink): { conflict: Verdict; loses: boolean } {
    const rivals = this.context.caches.links
      .by(BY_GROUP, linkGroup(link))
      .filter((other) => isActive(other) && other.metadata.name !== link.metadata.name)
      .filter((other) => conflicts(link, other))
      .sort((a, b) => (precedes(a, b) ? -1 : 1));
    const [first] = rivals;
    if (first === undefined) {
      return { conflict: condition(conditionTypes.conflict, 'False', 'None', ''), loses: false };
    }
    const loses = precedes(first, link);
    const names = rivals.map(({ metadata }) => metadata.name).join(', ');
    const { source, name = 'default', wit } = link.spec;
    const claim = `the same interfaces of ${wit.namespace}:${wit.package} from ${source} under the link name ${name}`;
    const message = loses
      ? `Link ${first.metadata.name} claims ${claim} and is older, so this one has no effect. Delete one of them, or give it another spec.name`
      : `${names} claim${rivals.length === 1 ? 's' : ''} ${claim}; this link is the oldest and has effect. Delete the other, or give it another spec.name`;
    const reason = loses ? 'Overruled' : 'Contested';
    return { conflict: condition(conditionTypes.conflict, 'True', reason, message), loses };
  }
}

function idOf(component: Component): string {
  return component.kind === 'WasmCloudDistribution'
    ? componentIdOfDistribution(component)
    : componentIdOf(component);
}

function ready(resolved: Verdict, conflict: Verdict, loses: boolean): Verdict {
  const { ready: type } = conditionTypes;
  if (loses) return condition(type, 'False', 'Conflict', conflict.message);
  if (resolved.status !== 'True') return condition(type, 'False', resolved.reason, resolved.message);
  return condition(type, 'True', 'Linked', resolved.message);
}

function condition(type: string, status: Verdict['status'], reason: string, message: string): Verdict {
  return { type, status, reason, message };
}
