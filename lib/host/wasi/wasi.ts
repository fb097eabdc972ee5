import type { HostImports } from '../engine/engine';
import { blobstore } from './blobstore';
import { bus } from './bus';
import { cli } from './cli';
import { clocks } from './clocks';
import { config } from './config';
import { filesystem } from './filesystem';
import type { Guest } from './guest';
import { http } from './http/http';
import { io } from './io';
import { keyvalue } from './keyvalue';
import { logging } from './logging';
import { messaging } from './messaging';
import { random } from './random';
import { secrets } from './secrets';
import { sockets } from './sockets';

/** Everything the host itself offers to one instance. Names are without versions: all of WASI 0.2.x is served alike. */
export function wasi(guest: Guest): HostImports {
  return {
    ...io(guest),
    ...clocks(guest),
    ...random(),
    ...cli(guest),
    ...filesystem(),
    ...sockets(),
    ...http(guest),
    ...config(guest),
    ...logging(guest),
    ...secrets(guest),
    ...keyvalue(guest),
    ...blobstore(guest),
    ...messaging(guest),
    ...bus(guest),
  };
}
