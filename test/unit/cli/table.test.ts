import { renderTable } from '../../../lib/cli/table';

test('columns line up three spaces apart, and lines end where their text ends', () => {
  const table = renderTable(
    ['NAME', 'READY', 'NOTE'],
    [
      ['a-long-name', 'True', ''],
      ['b', 'False', 'why'],
    ],
  );
  expect(table).toBe('NAME          READY   NOTE\na-long-name   True\nb             False   why\n');
});
