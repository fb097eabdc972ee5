export * from './conditions';
export * from './core';
export * from './crds';
export type * from './generated/kasmcloud';
export * from './names';
export * from './rbac';
export * from './resource';
export * from './resources';
export * from './validate';
