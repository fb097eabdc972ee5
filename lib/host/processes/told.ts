import { sleep } from '../../base/sleep';
import type { LatticeConnection } from '../../lattice/connection';
import type { CurveKeyPair } from '../../lattice/nkeys';
import { type LinkDefinition, sealSecrets } from '../../lattice/provider-contract';
import { providerSubjects } from '../../lattice/subjects';
import type { ProcessLink, ProcessSpec } from './spec';

/** Providers read deletions and links from different queues: a link that changes must be gone before it comes again. */
const SETTLE_MS = 500;

/** The keys that links are sealed with for one process. */
export interface LinkKeys {
  readonly host: CurveKeyPair;
  /** Public key of the process, to which links are sent. */
  readonly reader: string;
}

/** A link as it goes over the wire. */
export function definitionOf(link: ProcessLink, { host, reader }: LinkKeys): LinkDefinition {
  return {
    source_id: link.source,
    target: link.target,
    name: link.name,
    wit_namespace: link.witNamespace,
    wit_package: link.witPackage,
    interfaces: link.interfaces,
    source_config: link.sourceConfig,
    target_config: link.targetConfig,
    source_secrets: sealSecrets(link.sourceSecrets, host, reader),
    target_secrets: sealSecrets(link.targetSecrets, host, reader),
  };
}

/**
 * What one process knows of its links and configuration. It starts with what it was given; after that only differences are sent, and
 * only to a process that has just answered, as messages to one that does not listen are lost.
 */
export class Told {
  private readonly links: Map<string, ProcessLink>;
  private config: string;
  /** Sent, but a replica elsewhere may have undone it: its host deletes a changed link for all of them. Sent once more. */
  private readonly again = new Set<string>();

  constructor(
    { links, config }: ProcessSpec,
    private readonly keys: LinkKeys,
  ) {
    this.links = new Map(links.map((link) => [keyOf(link), link]));
    this.config = JSON.stringify(config);
  }

  /** Whether the process has nothing to learn. */
  knows({ links, config }: ProcessSpec): boolean {
    return (
      this.config === JSON.stringify(config) &&
      links.length === this.links.size &&
      links.every((link) => isSame(this.links.get(keyOf(link)), link))
    );
  }

  /** Sends what differs; with `repeat` what changed lately once more. Resolves when NATS has it. */
  async tell(
    { nats }: LatticeConnection,
    { lattice, id, links, config }: ProcessSpec,
    repeat: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const wanted = new Map(links.map((link) => [keyOf(link), link]));
    const gone = [...this.links].filter(([key, link]) => !isSame(wanted.get(key), link));
    for (const [key, link] of gone) {
      const bare = { ...link, sourceConfig: {}, targetConfig: {}, sourceSecrets: {}, targetSecrets: {} };
      nats.publish(providerSubjects.linkDelete(lattice, id), JSON.stringify(definitionOf(bare, this.keys)));
      this.links.delete(key);
    }
    if (gone.some(([key]) => wanted.has(key))) {
      await nats.flush();
      await sleep(SETTLE_MS, signal);
    }
    for (const [key, link] of wanted) {
      const isNew = !this.links.has(key);
      if (!isNew && !(repeat && this.again.delete(key))) continue;
      if (isNew) this.again.add(key);
      const definition = definitionOf(link, this.keys);
      const payload = JSON.stringify(definition);
      nats.publish(providerSubjects.linkPut(lattice, this.keys.reader), payload);
      // Providers from before the keys listen to their id, where everybody may listen.
      if (definition.source_secrets === null && definition.target_secrets === null)
        nats.publish(providerSubjects.linkPut(lattice, id), payload);
      this.links.set(key, link);
    }
    if (this.config !== JSON.stringify(config)) {
      this.config = JSON.stringify(config);
      nats.publish(providerSubjects.configUpdate(lattice, id), this.config);
    }
    await nats.flush();
  }
}

function keyOf({ source, target, name, witNamespace, witPackage }: ProcessLink): string {
  return [source, target, name, witNamespace, witPackage].join('\n');
}

function isSame(one: ProcessLink | undefined, other: ProcessLink): boolean {
  return one !== undefined && JSON.stringify(one) === JSON.stringify(other);
}
