import { Testing } from 'cdk8s';
import { Actor, Lattice } from 'kasmcloud';
import { validateManifest } from '../../../lib/api/validate';

let compilersLoaded = 0;

jest.mock('../../../lib/api/validate', () => {
  const actual = jest.requireActual<{ validateManifest: typeof validateManifest }>(
    '../../../lib/api/validate',
  );
  return { ...actual, validateManifest: jest.fn(actual.validateManifest) };
});
jest.mock('../../../lib/api/validator', () => {
  compilersLoaded++;
  return jest.requireActual<object>('../../../lib/api/validator');
});

const image = 'registry.example.com/cart:1.4.0';

test('the schema and rule compilers are loaded by the first synthesis, not by the import', () => {
  const lattice = new Lattice(Testing.app(), 'shop');
  new Actor(lattice, 'cart', { image });
  expect(compilersLoaded).toBe(0);
  Testing.synth(lattice);
  expect(compilersLoaded).toBe(1);
});

test('each object is validated once for the app and once for its own file, however many lattices there are', () => {
  const validated = jest.mocked(validateManifest);
  validated.mockClear();
  const app = Testing.app();
  const lattices = 20;
  for (let index = 0; index < lattices; index++)
    new Actor(new Lattice(app, `lattice-${index}`), 'cart', { image });
  app.synth();
  expect(validated.mock.calls.length).toBeGreaterThanOrEqual(lattices);
  expect(validated.mock.calls.length).toBeLessThanOrEqual(2 * lattices);
});
