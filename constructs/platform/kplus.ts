import type * as k8splus from 'cdk8s-plus-27';

let loaded: typeof k8splus | undefined;

/**
 * cdk8s-plus, loaded when a part of the platform is first made: it takes as long and as much memory as all else that a program of
 * lattices alone needs.
 */
export const kplus = new Proxy({} as typeof k8splus, {
  get(_, name: keyof typeof k8splus) {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- import() would make constructors asynchronous
    loaded ??= require('cdk8s-plus-27') as typeof k8splus;
    return loaded[name];
  },
});
