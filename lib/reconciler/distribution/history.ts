import { createHash } from 'node:crypto';
import type { ControllerRevision, DistributionTemplate, WasmCloudDistribution } from '../../api';
import { canonical, withoutDefaults } from '../../api/defaults';
import { kindSchema } from '../../api/kind-schema';

/** Says why a revision came to be; kubectl's convention. */
export const CHANGE_CAUSE = 'kubernetes.io/change-cause';

/** One template that a distribution had. */
export interface Revision {
  /** Name of the ControllerRevision. */
  readonly name: string;
  readonly hash: string;
  /** Rises with each change of the template, also when it goes back to an earlier one. */
  readonly number: number;
  readonly template: DistributionTemplate;
  readonly changeCause: string | undefined;
}

/**
 * Tells templates apart: equal for templates that say the same, whatever the order of their keys and whether their defaults are written
 * out. So neither a CRD of another version, which may fill in more of them, nor one that knows more fields than this program starts a
 * rollout.
 */
export function revisionHash(template: DistributionTemplate): string {
  const spec = kindSchema('WasmCloudDistribution')?.schema.properties?.['spec'];
  const said = withoutDefaults(template, spec?.properties?.['template'], 'drop');
  return createHash('sha256').update(canonical(said)).digest('hex').slice(0, 10);
}

/** Name of the ControllerRevision of a template, as status.currentRevision and updateRevision name it. */
export function revisionName(distribution: string, hash: string): string {
  return `${distribution}-${hash}`;
}

/** The templates that a distribution had, as its ControllerRevisions tell. */
export class History {
  /** The oldest first. */
  readonly revisions: readonly Revision[];

  /** `all` may hold revisions of others. */
  constructor(
    readonly distribution: WasmCloudDistribution,
    all: readonly ControllerRevision[],
  ) {
    const { uid } = distribution.metadata;
    this.revisions = all
      .filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid) === true)
      .flatMap((object) => read(object))
      .sort((a, b) => a.number - b.number || (a.name < b.name ? -1 : 1));
  }

  get newest(): Revision | undefined {
    return this.revisions.at(-1);
  }

  find(hash: string | undefined): Revision | undefined {
    return this.revisions.find((revision) => revision.hash === hash);
  }

  /** The revision that `rollbackTo` means; 0 is the one before the newest. */
  byNumber(number: number): Revision | undefined {
    return number === 0 ? this.revisions.at(-2) : this.revisions.find((one) => one.number === number);
  }

  /** Revisions to forget: the oldest of those that are not in use, so that `limit` of them are left. */
  surplus(limit: number, inUse: ReadonlySet<string | undefined>): readonly Revision[] {
    const old = this.revisions.filter(({ hash }) => !inUse.has(hash));
    return old.slice(0, Math.max(0, old.length - limit));
  }
}

function read({ metadata, revision, data }: ControllerRevision): Revision[] {
  const { template } = (data ?? {}) as { template?: DistributionTemplate };
  if (template === undefined) return [];
  const changeCause = metadata.annotations?.[CHANGE_CAUSE];
  return [{ name: metadata.name, hash: revisionHash(template), number: revision, template, changeCause }];
}
