import { KasmError, TerminalError } from '../../base/errors';

/** What a link subscribes to. */
export interface Subscribed {
  readonly subject: string;
  /** Queue group that shares the messages among its members. */
  readonly queue: string | undefined;
}

const token = '[^\\s.*>]+';
const plain = new RegExp(`^${token}(\\.${token})*$`);
const pattern = new RegExp(`^(${token}|\\*|>$)(\\.(${token}|\\*|>$))*$`);
/** NATS's own subjects, and those by which hosts and providers are controlled and called. */
const reserved = /^(\$|wasmbus\.|[^.]+\.[^.]+\.wrpc\.)/;

/**
 * Components publish with the rights of their host, so they may not speak to NATS or to hosts.
 * @throws KasmError when a component may not publish to `subject`
 */
export function checkPublished(subject: string): void {
  if (!plain.test(subject)) throw new KasmError(`${JSON.stringify(subject)} is no subject`);
  if (reserved.test(subject)) {
    throw new KasmError(`Subject ${subject} is reserved`, 'Choose one that does not control NATS or hosts');
  }
}

/**
 * Reads `subscriptions` of a link: subjects separated by commas, each with a queue group behind `|` if it has one.
 * @throws TerminalError `InvalidLinkConfig`
 */
export function parseSubscriptions(list: string): Subscribed[] {
  return list
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
    .map((item) => {
      const [subject = '', queue, ...more] = item.split('|');
      const isQueue = queue === undefined || /^[^\s]+$/.test(queue);
      if (pattern.test(subject) && isQueue && more.length === 0) return { subject, queue };
      throw new TerminalError(
        'InvalidLinkConfig',
        `subscriptions: ${JSON.stringify(item)} is no subscription`,
        'Write SUBJECT or SUBJECT|QUEUE, separated by commas',
      );
    });
}
