import * as target from 'test:conformance/values';
import { describeValue } from './describe';

/** Calls the same function of what it is linked to, and traps unless arguments and answer look as the caller says. */
function relay(name) {
  return (...args) => {
    if (args.length === 0) return target[name]();
    const seen = args.at(-1);
    const expectSeen = (what, value) => {
      const found = describeValue(value);
      if (found !== seen) throw new Error(`${what} ${found} instead of ${seen}`);
    };
    const value = args.length === 2 ? args[0] : args.slice(0, -1);
    expectSeen('Given', value);
    const isResult = value?.tag === 'ok' || value?.tag === 'err';
    let answer;
    try {
      answer = target[name](...args);
    } catch (error) {
      if (!isResult) throw error;
      expectSeen('Answered', { tag: 'err', val: error.payload });
      throw error;
    }
    expectSeen('Answered', isResult ? { tag: 'ok', val: answer } : answer);
    return answer;
  };
}

export const values = new Proxy({}, { get: (_, name) => relay(name) });
