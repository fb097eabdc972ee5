import type { DistributionTemplate, WasmCloudDistribution } from '../../api';
import { type History, revisionHash, revisionName } from './history';

/** The templates that a distribution has and had, by their hashes. */
export interface Revisions {
  /** Of the present template. */
  readonly update: string;
  /** Of the one that was last rolled out in full; undefined when there was none, or when it is forgotten. */
  readonly current: string | undefined;
  /** The template of a revision; undefined when it is not known any more. */
  template(revision: string): DistributionTemplate | undefined;
}

/** The revisions of a distribution. */
export function revisionsOf({ metadata, spec, status }: WasmCloudDistribution, history: History): Revisions {
  const update = revisionHash(spec.template);
  // Another version of this program may have named the same revision otherwise.
  const known = history.revisions.find(({ name, hash }) =>
    [name, revisionName(metadata.name, hash)].includes(status?.currentRevision ?? ''),
  );
  const isUpdate = status?.currentRevision === revisionName(metadata.name, update);
  return {
    update,
    current: isUpdate ? update : known?.hash,
    template: (hash) => (hash === update ? spec.template : history.find(hash)?.template),
  };
}
