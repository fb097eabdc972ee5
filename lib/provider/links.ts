import { messageOf } from '../base/errors';
import type { LatticeLogger } from '../lattice/logger';
import { type Link, linkKey } from './link';

/** Called with a link; what it returns is awaited before the next change is told. */
export type LinkListener = (link: Link) => unknown;

/** The links of a provider, and who wants to know about them. Changes are told one after the other, in order. */
export class Links {
  private readonly byKey = new Map<string, Link>();
  private readonly putListeners: LinkListener[] = [];
  private readonly deletedListeners: LinkListener[] = [];
  private last: Promise<void> = Promise.resolve();

  constructor(private readonly log: LatticeLogger) {}

  get all(): readonly Link[] {
    return [...this.byKey.values()];
  }

  /** The link over which `source` calls this provider. */
  from(source: string | undefined, name: string): Link | undefined {
    return this.all.find((link) => link.source === source && link.name === name);
  }

  /** Hosts repeat themselves: a link that is known and the same is passed over. */
  put(link: Link): void {
    this.inOrder(async () => {
      const key = linkKey(link);
      if (same(this.byKey.get(key), link)) return;
      this.byKey.set(key, link);
      for (const listener of this.putListeners) await this.tell(listener, link, 'Link could not be set up');
    });
  }

  /** Deletion names no target: a source has one link of a name and package. */
  delete(gone: Pick<Link, 'source' | 'name' | 'witNamespace' | 'witPackage'>): void {
    this.inOrder(async () => {
      for (const link of this.all) {
        if (link.source !== gone.source || link.name !== gone.name) continue;
        if (link.witNamespace !== gone.witNamespace || link.witPackage !== gone.witPackage) continue;
        this.byKey.delete(linkKey(link));
        for (const listener of this.deletedListeners)
          await this.tell(listener, link, 'Link could not be taken down');
      }
    });
  }

  /** Tells `listener` of every link there is, and of every one that comes. */
  onPut(listener: LinkListener): void {
    this.inOrder(async () => {
      this.putListeners.push(listener);
      for (const link of this.all) await this.tell(listener, link, 'Link could not be set up');
    });
  }

  onDeleted(listener: LinkListener): void {
    this.deletedListeners.push(listener);
  }

  /** Resolves when every change so far has been told. */
  settled(): Promise<void> {
    return this.last;
  }

  private inOrder(change: () => Promise<void>): void {
    this.last = this.last.then(change);
  }

  /** A link that fails must not keep the others from being told. */
  private async tell(listener: LinkListener, link: Link, failure: string): Promise<void> {
    try {
      await listener(link);
    } catch (error) {
      const { source, target, name } = link;
      this.log.error({ source, target, name, error: messageOf(error) }, failure);
    }
  }
}

function same(one: Link | undefined, other: Link): boolean {
  return one !== undefined && JSON.stringify(one) === JSON.stringify(other);
}
