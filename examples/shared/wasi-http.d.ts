/** What the actor uses of `wit/deps/wasi-http.wit`, as a component in JavaScript sees it. */
declare module 'wasi:http/types@0.2.12' {
  export type Method =
    { tag: 'get' | 'head' | 'post' | 'put' | 'delete' | 'patch' } | { tag: 'other'; val: string };

  export class Fields {
    static fromList(entries: [name: string, value: Uint8Array][]): Fields;
  }

  export class IncomingRequest {
    private constructor();
    method(): Method;
    pathWithQuery(): string | undefined;
  }

  export class OutgoingResponse {
    constructor(headers: Fields);
    setStatusCode(status: number): void;
    /** The body, once. */
    body(): OutgoingBody;
  }

  export class OutgoingBody {
    private constructor();
    write(): OutputStream;
    static finish(body: OutgoingBody, trailers: Fields | undefined): void;
  }

  export class OutputStream {
    private constructor();
    blockingWriteAndFlush(contents: Uint8Array): void;
    [Symbol.dispose](): void;
  }

  export class ResponseOutparam {
    private constructor();
    static set(out: ResponseOutparam, response: { tag: 'ok'; val: OutgoingResponse }): void;
  }
}
