/** What the actor uses of `wasi-keyvalue.wit`, as a component in JavaScript sees it. */
declare module 'wasi:keyvalue/store@0.2.0-draft' {
  export class Bucket {
    private constructor();
  }
  /** A bucket by the name of the link that leads to it. */
  export function open(identifier: string): Bucket;
}

declare module 'wasi:keyvalue/atomics@0.2.0-draft' {
  import type { Bucket } from 'wasi:keyvalue/store@0.2.0-draft';
  /** Adds to a number and returns the sum; a key that is not there counts as 0. */
  export function increment(bucket: Bucket, key: string, delta: bigint): bigint;
}
