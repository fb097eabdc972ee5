import type { CallError } from '../../../../lib/host/call-error';
import { Permits } from '../../../../lib/host/worker/permits';
import { Turns } from '../../../../lib/host/worker/turns';

class Call {
  began = false;
  failure: CallError | undefined;

  fail(error: CallError): void {
    this.failure = error;
  }
}

function turnsOf(
  limit: number,
  able = (): boolean => true,
): { turns: Turns<Call>; permits: Permits; told: number[] } {
  const permits = new Permits();
  permits.limit = limit;
  const told: number[] = [];
  const begin = (call: Call): void => void (call.began = true);
  return { permits, told, turns: new Turns<Call>(permits, begin, able, (count) => told.push(count)) };
}

const enter = (turns: Turns<Call>, count: number): Call[] =>
  Array.from({ length: count }, () => {
    const call = new Call();
    turns.enter(call);
    return call;
  });

describe('Turns', () => {
  // `waitAsync` is of the Node that runs the host; here nobody else gives permits back.
  beforeAll(() => {
    jest.spyOn(Permits.prototype, 'changed').mockReturnValue(new Promise(() => undefined));
  });
  afterAll(() => {
    jest.restoreAllMocks();
  });

  it('lets as many begin as there are permits, and the others in their order', () => {
    const { turns, told } = turnsOf(2);
    const calls = enter(turns, 4);
    expect(calls.map(({ began }) => began)).toEqual([true, true, false, false]);
    turns.leave();
    // Nothing is told of those that begin at once.
    expect(told).toEqual([1, 2, 1]);
    expect(calls.map(({ began }) => began)).toEqual([true, true, true, false]);
    turns.withdraw(calls[3] as Call);
  });

  it('shares its permits with whoever else has them', () => {
    const { turns, permits } = turnsOf(1);
    expect(new Permits(permits.buffer).tryTake()).toBe(true);
    const [call] = enter(turns, 1);
    expect(call?.began).toBe(false);
    new Permits(permits.buffer).giveBack();
    turns.pump();
    expect(call?.began).toBe(true);
  });

  it('refuses calls beyond its places', () => {
    const { turns } = turnsOf(1);
    const calls = enter(turns, 66);
    expect(calls[65]?.failure?.reason).toBe('Overloaded');
    for (const call of calls) turns.withdraw(call);
  });

  it('refuses every call where nothing may run', () => {
    const { turns } = turnsOf(0);
    expect(enter(turns, 1)[0]?.failure?.reason).toBe('NotServing');
  });

  it('keeps calls until they are able to begin, without holding permits for them', () => {
    let able = false;
    const { turns, permits } = turnsOf(1, () => able);
    const [call] = enter(turns, 1);
    expect(permits.taken).toBe(0);
    able = true;
    turns.pump();
    expect(call?.began).toBe(true);
  });

  it('forgets a call that is taken back', () => {
    const { turns } = turnsOf(1);
    const [, waiting] = enter(turns, 2);
    turns.withdraw(waiting as Call);
    turns.leave();
    expect(waiting?.began).toBe(false);
  });
});
