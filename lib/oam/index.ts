export { type Import, importApplications } from './import';
export { type Problem, problemText } from './problem';
export type { ManifestFile } from './read';
export { typescriptSource } from './typescript';
