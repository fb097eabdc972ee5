import {
  isMovable,
  type KubeObject,
  type WasmCloudActor,
  type WasmCloudHost,
  WasmCloudHostResource,
  type WasmCloudProvider,
} from '../api';
import { messageOf } from '../base/errors';
import { log } from '../base/log';
import { sleep } from '../base/sleep';
import { keyOf, type KubeClient } from '../kube';
import { eligible, noLoad, requirementsOf } from '../placement';
import { isOurs } from './controllers/context';
import type { Mirror } from './controllers/mirror';

/** How often is looked whether all has gone, and whether there are other hosts for it. */
const LOOK_MS = 100;
const HOSTS_MS = 1_000;
/** How long no other host must be fit before that is believed: one that was started or uncordoned just now says so a moment later. */
const UNFIT_MS = 3_000;

export interface HoldingDeps {
  readonly client: KubeClient;
  readonly hostName: string;
  /** What is bound to this host. */
  readonly actors: Mirror<WasmCloudActor>;
  readonly providers: Mirror<WasmCloudProvider>;
  /** How many objects have something here, also such that are bound elsewhere by now. */
  readonly held: () => number;
}

/** What is left on a host that everything is to leave. */
export interface Rest {
  /** Whether something of it goes, or only that is left which people bound to the host by name. */
  readonly reason: 'Leaving' | 'PinnedLeft';
  readonly message: string;
}

/** What a host still has, and the wait for it to go. */
export class Holdings {
  constructor(private readonly deps: HoldingDeps) {}

  /** What is left here; undefined when nothing is. */
  get rest(): Rest | undefined {
    const ours = this.ours();
    const [pinned, moving] = [ours.filter((object) => !isMovable(object)), ours.filter(isMovable)];
    const leaving = Math.max(0, this.deps.held() - ours.length);
    const parts = [
      ...(moving.length > 0 ? [`${named(moving)} to be placed elsewhere`] : []),
      ...(leaving > 0 ? [`${leaving} to be taken over by another host, or to end calls`] : []),
      ...(pinned.length > 0 ? [`${named(pinned)} bound to this host by name`] : []),
    ];
    if (parts.length === 0) return undefined;
    return { reason: moving.length + leaving > 0 ? 'Leaving' : 'PinnedLeft', message: parts.join('; ') };
  }

  /**
   * Resolves when all that can go has gone: it runs on other hosts, and its calls here have ended. Does not wait for what people bound to
   * this host by name, nor for what no other host is fit for.
   */
  async gone(signal: AbortSignal): Promise<void> {
    let others: WasmCloudHost[] = [];
    let listedAt = -Infinity;
    let unfitSince: number | undefined;
    try {
      for (;;) {
        if (performance.now() - listedAt >= HOSTS_MS) {
          others = await this.otherHosts(signal);
          listedAt = performance.now();
        }
        if (this.areLeaving(others)) unfitSince = undefined;
        else if (others.length === 0 || !this.ours().some(isMovable)) return;
        else unfitSince ??= performance.now();
        if (unfitSince !== undefined && performance.now() - unfitSince >= UNFIT_MS) return;
        await sleep(LOOK_MS, signal);
      }
    } catch (error) {
      if (signal.aborted) log.warn({ left: this.rest?.message }, 'Not everything went elsewhere in time');
      // Who cannot be reached does not place anything elsewhere.
      else log.warn({ error: messageOf(error) }, 'Cannot wait for everything to go elsewhere');
    }
  }

  private areLeaving(others: readonly WasmCloudHost[]): boolean {
    const ours = this.ours();
    if (this.deps.held() > ours.length) return true;
    return ours.some(
      (object) =>
        isMovable(object) && others.some((host) => eligible(host, requirementsOf(object), noLoad).ok),
    );
  }

  private async otherHosts(signal: AbortSignal): Promise<WasmCloudHost[]> {
    const { client, hostName } = this.deps;
    const { items } = await client.list(WasmCloudHostResource, { signal });
    return items.filter(({ metadata }) => metadata.name !== hostName);
  }

  private ours(): (WasmCloudActor | WasmCloudProvider)[] {
    const { actors, providers, hostName } = this.deps;
    return [...actors.list(), ...providers.list()].filter((object) => isOurs(object, hostName));
  }
}

const MOST_NAMED = 5;

function named(objects: readonly KubeObject[]): string {
  const names = objects.slice(0, MOST_NAMED).map(keyOf);
  const more = objects.length - names.length;
  return more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', ');
}
