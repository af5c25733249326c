import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { requestLine } from '../src/wrk.js';

test('a request is one line of path and three parts of the body, of which the second is the name alone', () => {
  const body = fc.record({ attributes: fc.jsonValue(), objectType: fc.string() });
  fc.assert(
    fc.property(fc.uuid(), body, (resourceName, rest) => {
      const line = requestLine({ path: '/vens/1/resources', body: { ...rest, resourceName } });
      const [path, head, name, tail, ...more] = line.split('\t');
      expect([path, name, more, line.includes('\n')]).toEqual(['/vens/1/resources', resourceName, [], false]);
      expect(JSON.parse(`${head}${name}${tail}`)).toEqual(JSON.parse(JSON.stringify({ ...rest, resourceName })));
    }),
  );
});
