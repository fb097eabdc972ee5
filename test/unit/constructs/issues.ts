import { Testing } from 'cdk8s';
import { Lattice } from 'kasmcloud';

/** The issues that synthesis of a lattice named shop ends with. */
export function issuesOf(declare: (lattice: Lattice) => void): string[] {
  const lattice = new Lattice(Testing.app(), 'shop');
  declare(lattice);
  try {
    lattice.toJson();
  } catch (error) {
    return (error as Error).message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
  return [];
}
