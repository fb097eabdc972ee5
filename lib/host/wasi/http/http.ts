import type { HostImports } from '../../engine/engine';
import type { Guest } from '../guest';
import type { IoError } from '../io';
import { Fields } from './fields';
import { FutureTrailers, IncomingBody, IncomingRequest, IncomingResponse } from './incoming';
import { OutgoingBody } from './outgoing-body';
import { OutgoingRequest, OutgoingResponse, RequestOptions, ResponseOutparam } from './outgoing';
import { FutureIncomingResponse, handle } from './outgoing-handler';

/** wasi:http of one instance. */
export function http(guest: Guest): HostImports {
  return {
    'wasi:http/types': {
      Fields,
      FutureIncomingResponse,
      FutureTrailers,
      IncomingBody,
      IncomingRequest,
      IncomingResponse,
      OutgoingBody,
      // What a guest makes itself has to know whose it is.
      OutgoingRequest: class extends OutgoingRequest {
        constructor(headers: Fields) {
          super(guest, headers);
        }
      },
      OutgoingResponse: class extends OutgoingResponse {
        constructor(headers: Fields) {
          super(guest, headers);
        }
      },
      RequestOptions,
      ResponseOutparam,
      httpErrorCode: (error: IoError) => error.detail,
    },
    'wasi:http/outgoing-handler': {
      handle: (request: OutgoingRequest, options: RequestOptions | undefined) =>
        handle(guest, request, options),
    },
  };
}
