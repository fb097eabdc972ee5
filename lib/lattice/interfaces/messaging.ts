import * as wit from '../wrpc/wit';

export const brokerMessage = wit.record({
  subject: wit.string,
  body: wit.list(wit.u8),
  'reply-to': wit.option(wit.string),
});

/** What sends messages. */
export const consumer = wit.iface('wasmcloud:messaging/consumer@0.2.0', {
  request: wit.func(
    [
      ['subject', wit.string],
      ['body', wit.list(wit.u8)],
      ['timeout-ms', wit.u32],
    ],
    wit.result(brokerMessage, wit.string),
  ),
  publish: wit.func([['msg', brokerMessage]], wit.result(null, wit.string)),
});

/** What receives messages: components export it, messaging providers call it. */
export const handler = wit.iface('wasmcloud:messaging/handler@0.2.0', {
  'handle-message': wit.func([['msg', brokerMessage]], wit.result(null, wit.string)),
});
