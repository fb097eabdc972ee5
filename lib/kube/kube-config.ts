/**
 * The one thing of `@kubernetes/client-node` that is used. Named statically, in a module that is itself imported on demand, so that the
 * bundler leaves out the generated API classes (14 MB) and the command does not load the rest before it needs it.
 */
export { KubeConfig } from '@kubernetes/client-node';
