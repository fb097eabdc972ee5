/**
 * Types of the six kinds, their definitions, validation, RBAC and admission.
 *
 * @module kasmcloud/api
 */
export * from './admission';
export * from './conditions';
export * from './core';
export * from './crds';
export { declared } from './declared';
export type * from './generated/kasmcloud';
export * from './movable';
export * from './names';
export * from './rbac';
export * from './resource';
export * from './resources';
export * from './validate';
