import {
  GROUP,
  WasmCloudHostResource,
  conditionOf,
  conditionTypes,
  isReady,
  kasmcloudResources,
  type Conditioned,
  type KubeObject,
  type ResourceType,
} from '../api';
import { KasmError } from '../base/errors';
import { sleep } from '../base/sleep';
import { ConnectionError, type KubeClient } from '../kube';
import type { Installation } from '../local/installation';
import type { Step } from '../local/progress';
import { titleOf } from './manifests';

export interface WaitOptions {
  readonly installation: Installation;
  readonly timeoutMs: number;
  readonly step: Pick<Step, 'update'>;
  readonly signal: AbortSignal;
}

const pollMs = 100;
/** How long an object must need help before that is believed: what it says may be about a moment ago, when no host was up. */
const stalledMs = 10_000;

/**
 * Waits until a host is ready and every one of `objects` that is of the six kinds is, too.
 * @throws KasmError with the reason of each that is not, when that takes too long, or when one goes on saying that it needs help
 */
export async function waitReady(
  client: KubeClient,
  objects: readonly KubeObject[],
  { installation, timeoutMs, step, signal }: WaitOptions,
): Promise<void> {
  const wanted = objects.filter(({ apiVersion }) => apiVersion.startsWith(`${GROUP}/`));
  const total = wanted.length + 1;
  let helpful = Date.now();
  for (const deadline = Date.now() + timeoutMs; ; await sleep(pollMs, signal)) {
    const waiting = await notReady(client, wanted).catch((error: unknown) => {
      // The API server may be the one that has just been started again.
      if (error instanceof ConnectionError) return [{ text: error.message, stalled: false }];
      throw error;
    });
    if (waiting.length === 0) return;
    if (!waiting.some(({ stalled }) => stalled)) helpful = Date.now();
    const crashes = crashing(installation);
    const reasons = [...waiting.map(({ text }) => text), ...crashes];
    const helpless = Date.now() - helpful > stalledMs;
    if (helpless || Date.now() > deadline) {
      throw new KasmError(
        `Not ready${helpless ? '' : ` in ${timeoutMs / 1000} s`}:\n${reasons.map((reason) => `  ${reason}`).join('\n')}`,
        'Everything stays as it is: mend it and run `kasmcloud up` again, or see `kasmcloud logs`',
      );
    }
    step.update(`${total - waiting.length} of ${total}; ${reasons.at(crashes.length > 0 ? -1 : 0)}`);
  }
}

interface Waiting {
  readonly text: string;
  /** It will not become ready by waiting. */
  readonly stalled: boolean;
}

async function notReady(client: KubeClient, wanted: readonly KubeObject[]): Promise<Waiting[]> {
  const waiting: Waiting[] = [];
  const { items: hosts } = await client.list(WasmCloudHostResource);
  if (!hosts.some(isReady)) waiting.push(...(hosts.length > 0 ? hosts.map(waitingFor) : [noHost]));
  for (const [type, namespace] of collections(wanted)) {
    const { items } = await client.list<Conditioned>(type, { namespace });
    const now = new Map(items.map((item) => [item.metadata.name, item]));
    for (const object of wanted) {
      if (object.kind !== type.kind || object.metadata.namespace !== namespace) continue;
      const found = now.get(object.metadata.name);
      if (found === undefined) waiting.push({ text: `${titleOf(object)} was deleted`, stalled: true });
      else if (!isReady(found)) waiting.push(waitingFor(found));
    }
  }
  return waiting;
}

const noHost: Waiting = { text: 'no host has registered', stalled: false };

function waitingFor(object: Conditioned): Waiting {
  const current = conditionOf(object, conditionTypes.stalled) ?? conditionOf(object, conditionTypes.ready);
  const text = current ? `${current.reason}: ${current.message}` : 'nobody has looked at it yet';
  const stalled = conditionOf(object, conditionTypes.stalled);
  return {
    text: `${titleOf(object)}: ${text}`,
    stalled: stalled?.status === 'True' && stalled.observedGeneration === object.metadata.generation,
  };
}

/** Each kind and namespace that is among the objects, once. */
function collections(objects: readonly KubeObject[]): [ResourceType<Conditioned>, string | undefined][] {
  return kasmcloudResources.flatMap((type) => {
    const namespaces = new Set(
      objects.filter(({ kind }) => kind === type.kind).map(({ metadata }) => metadata.namespace),
    );
    return [...namespaces].map((namespace): [ResourceType<Conditioned>, string | undefined] => [
      type,
      namespace,
    ]);
  });
}

/** Programs of the installation that do not stay up, which is why nothing becomes ready. */
function crashing(installation: Installation): string[] {
  return Object.entries(installation.readState()?.programs ?? {})
    .filter(([, { state }]) => state === 'waiting')
    .map(([name, { lastExit, restarts }]) => `${name} ${lastExit?.reason ?? 'ended'} (restart ${restarts})`);
}
