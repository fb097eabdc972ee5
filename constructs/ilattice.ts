import type { IConstruct } from 'constructs';

/** A namespace that is a lattice, declared here or elsewhere. */
export interface ILattice extends IConstruct {
  /** The namespace that is the lattice. */
  readonly namespace: string;
}
