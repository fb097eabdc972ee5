import fc from 'fast-check';
import { compile, witFunction } from '../../../lib/host/component';
import { anyType } from './arbitrary';
import { echoComponent } from './echo-component';

/** What is written differently in the two descriptions of a type. */
function likeWrpc(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(likeWrpc);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key === 'labels' ? 'names' : key, likeWrpc(each)]),
  );
}

test('the types of a component are those that wRPC speaks of', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyType, { maxLength: 3 }),
      fc.option(anyType, { nil: undefined }),
      async (params, result) => {
        const { plan } = await compile(echoComponent({ params, result, encoding: 'utf8' }));
        const run = plan.exports.get('run');
        expect(run?.kind === 'func' && witFunction(run.type)).toEqual({
          params: params.map((type, index) => [`p${index}`, likeWrpc(type)]),
          result: likeWrpc(result),
        });
      },
    ),
    { numRuns: 100 },
  );
});
