export { exportApplications, type LiveLattice } from './export';
export { type Import, importApplications } from './import';
export { manifestText } from './manifest';
export { type Problem, problemText } from './problem';
export type { ManifestFile } from './read';
export { typescriptSource } from './typescript';
