import { TerminalError } from '../../base/errors';
import { within } from '../../base/sleep';
import type { Settings } from './settings';

/** A link from the provider to a component that exports `wasi:keyvalue/watcher`. */
export interface WatchLink {
  /** `namespace/name` of the WasmCloudLink. */
  readonly name: string;
  readonly target: string;
  readonly sourceConfig: Settings;
}

/** A watch that tells the component behind a link of changes. */
export interface RunningWatch {
  readonly stop: AbortController;
  /** Resolves once it is stopped and tells nothing more. */
  readonly over: Promise<void>;
}

export interface WatchedLinksOptions<L extends WatchLink, S> {
  /** What a link says of its watch; throws a TerminalError `InvalidLinkConfig`. */
  readonly settingsOf: (link: L) => S;
  /** Begins to watch; `current` gives the link as it is now. */
  readonly open: (current: () => L, settings: S) => Promise<RunningWatch>;
}

/** One watch for each link, anew whenever the link asks for another. */
export class WatchedLinks<L extends WatchLink, S> {
  private readonly watches = new Map<string, { link: L; readonly watch: RunningWatch }>();
  /** Links are set one after another. */
  private applied: Promise<void> = Promise.resolve();

  constructor(private readonly options: WatchedLinksOptions<L, S>) {}

  /**
   * Watches exactly what these links say; what can be done is done.
   * @throws TerminalError `InvalidLinkConfig`, or why a watch could not begin, with the first thing that could not be done
   */
  set(links: readonly L[]): Promise<void> {
    const applied = this.applied.then(() => this.apply(links));
    this.applied = applied.catch(() => undefined);
    return applied;
  }

  /** Ends all; what is being told may end for as long as `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    await this.applied;
    const all = [...this.watches.values()].map(({ watch }) => watch);
    this.watches.clear();
    for (const { stop } of all) stop.abort();
    await within(graceMs, Promise.all(all.map((watch) => watch.over)));
  }

  private async apply(links: readonly L[]): Promise<void> {
    const failures: unknown[] = [];
    const wanted = new Map<string, { link: L; settings: S }>();
    for (const link of links) {
      try {
        const settings = this.options.settingsOf(link);
        wanted.set(JSON.stringify([link.name, link.target, settings]), { link, settings });
      } catch (error) {
        failures.push(inLink(link, error));
      }
    }
    for (const [key, { watch }] of this.watches) {
      if (wanted.has(key)) continue;
      this.watches.delete(key);
      watch.stop.abort();
    }
    for (const [key, { link, settings }] of wanted) {
      const known = this.watches.get(key);
      if (known !== undefined) known.link = link;
      else {
        try {
          const current = (): L => this.watches.get(key)?.link ?? link;
          this.watches.set(key, { link, watch: await this.options.open(current, settings) });
        } catch (error) {
          failures.push(inLink(link, error));
        }
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}

function inLink({ name }: WatchLink, error: unknown): unknown {
  if (!(error instanceof TerminalError)) return error;
  return new TerminalError(error.reason, `link ${name}: sourceConfig.${error.message}`, undefined, {
    cause: error.cause,
  });
}
