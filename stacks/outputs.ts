import * as pulumi from '@pulumi/pulumi';
import type { IResolver, ResolutionContext } from 'cdk8s';
import { DEFERRED } from '../constructs/kasm-object';

const tokens = new WeakMap<pulumi.Output<unknown>, string>();
const outputs = new Map<string, pulumi.Output<unknown>>();

/**
 * Lets a Pulumi output, or a promise, stand wherever a construct wants a plain value. The value is known when Pulumi deploys, so a
 * program cannot look at it, and names of objects cannot come from one. Secret outputs stay secret.
 *
 * @example
 * import * as pulumi from '@pulumi/pulumi';
 * import { Actor } from 'kasmcloud';
 * import { fromOutput, LatticeStack } from 'kasmcloud/stacks';
 *
 * const database = pulumi.output({ url: 'postgres://db.example.com/shop' });
 * new LatticeStack('shop', {
 *   declare: (lattice) =>
 *     new Actor(lattice, 'cart', {
 *       image: 'registry.example.com/cart:1.4.0',
 *       config: { database: fromOutput(database.url) },
 *     }),
 * });
 */
export function fromOutput<T>(value: pulumi.Input<T>): T {
  return pulumi.output(value) as T;
}

/**
 * Puts a text in the place of each output while cdk8s renders; deploying puts the outputs back. For an app whose charts go to
 * {@link deployChart}: `new App({ resolvers: [outputResolver] })`.
 */
export const outputResolver: IResolver = {
  resolve(context: ResolutionContext): void {
    const value: unknown = context.value;
    if (pulumi.Output.isInstance(value)) context.replaceValue(tokenOf(value));
  },
};

function tokenOf(output: pulumi.Output<unknown>): string {
  let token = tokens.get(output);
  if (token === undefined) {
    token = `${DEFERRED}${outputs.size}`;
    tokens.set(output, token);
    outputs.set(token, output);
  }
  return token;
}

/** A rendered manifest with the outputs back in their places. */
export function withOutputs<T>(value: T): pulumi.Input<T> {
  if (typeof value === 'string') return (outputs.get(value) as pulumi.Output<T> | undefined) ?? value;
  if (Array.isArray(value)) return value.map(withOutputs) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, withOutputs(entry)])) as T;
}
