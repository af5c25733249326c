import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SseParser } from '../src/api/sse.js';

const parse = (...pieces: string[]) => {
  const parser = new SseParser();
  return pieces.flatMap((piece) => parser.push(piece));
};

describe('an event stream', () => {
  test('gives a message when its blank line comes, not before', () => {
    const parser = new SseParser();
    expect(parser.push('event: delta\ndata: {"a":1}\n')).toEqual([]);
    expect(parser.push('\n')).toEqual([{ event: 'delta', data: '{"a":1}' }]);
  });

  test('calls a message without a name "message"', () => {
    expect(parse('data: x\n\n')).toEqual([{ event: 'message', data: 'x' }]);
  });

  test('joins several lines of data, and takes one space from each', () => {
    expect(parse('data: a\ndata:  b\ndata:c\n\n')).toEqual([{ event: 'message', data: 'a\n b\nc' }]);
  });

  test('ignores comments, ids, and messages without data', () => {
    expect(parse(': hello\nid: 3\nevent: x\n\ndata: y\n\n')).toEqual([{ event: 'message', data: 'y' }]);
  });

  test('takes all three kinds of line ends', () => {
    expect(parse('data: a\r\n\r\ndata: b\r\rdata: c\n\n').map(({ data }) => data)).toEqual(['a', 'b', 'c']);
  });

  test('means the same however it is cut into pieces', () => {
    const text = 'event: snapshot\r\ndata: {"å":1}\r\n\r\n: beat\r\n\r\nevent: delta\rdata: 1\rdata: 2\r\rdata: end\n\n';
    const whole = parse(text);
    expect(whole).toHaveLength(3);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: text.length }), { maxLength: 12 }), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), text.length];
        expect(parse(...at.slice(1).map((end, i) => text.slice(at[i], end)))).toEqual(whole);
      }),
    );
  });
});
