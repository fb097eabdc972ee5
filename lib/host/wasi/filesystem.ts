import type { HostImports } from '../engine/engine';
import { denied } from './denied';

/** wasi:filesystem: there are no directories, so nothing can be opened. */
export function filesystem(): HostImports {
  const [Descriptor, DirectoryEntryStream] = [denied(), denied()];
  return {
    'wasi:filesystem/preopens': { getDirectories: () => [] },
    'wasi:filesystem/types': {
      Descriptor,
      DirectoryEntryStream,
      filesystemErrorCode: () => undefined,
    },
  };
}
