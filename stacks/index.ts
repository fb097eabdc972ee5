/**
 * The same charts through Pulumi, one resource an object.
 *
 * @module kasmcloud/stacks
 */
export { deployCrds } from './crds';
export { deployApp, type DeployAppOptions, deployChart, type DeployChartOptions } from './deploy-chart';
export type { KubernetesObject } from './kubernetes-object';
export { LatticeStack, type LatticeStackArgs } from './lattice-stack';
export { fromOutput, outputResolver } from './outputs';
export { PlatformStack, type PlatformStackArgs } from './platform-stack';
