import {
  type handleUnaryCall,
  Server,
  ServerCredentials,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';

/** What a method does with a message of Pulumi's protocol. */
export type Handler<Request, Response> = (request: Request) => Response | Promise<Response>;

/** A gRPC server on a free local port whose methods are plain functions; a method that throws fails its call. */
export class RpcServer {
  private constructor(
    readonly port: number,
    private readonly server: Server,
  ) {}

  static async start(
    service: Parameters<Server['addService']>[0],
    methods: Record<string, Handler<never, object>>,
  ): Promise<RpcServer> {
    const server = new Server({ 'grpc.max_receive_message_length': 64 * 1024 * 1024 });
    const implementation: UntypedServiceImplementation = {};
    for (const name of Object.keys(service)) implementation[name] = unary(name, methods[name]);
    server.addService(service, implementation);
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      ),
    );
    return new RpcServer(port, server);
  }

  stop(): void {
    this.server.forceShutdown();
  }
}

function unary(name: string, method: Handler<never, object> | undefined): handleUnaryCall<unknown, object> {
  return (call, callback) => {
    if (method === undefined) {
      callback({ code: status.UNIMPLEMENTED, details: `${name} is not part of this stand-in` });
      return;
    }
    Promise.resolve()
      .then(() => method(call.request as never))
      .then(
        (response) => callback(null, response),
        (error: unknown) =>
          callback({ code: status.UNKNOWN, details: error instanceof Error ? error.message : String(error) }),
      );
  };
}
