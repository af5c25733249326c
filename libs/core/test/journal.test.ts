import { fstatSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { createPinoLogger, journalErrorSink, journalSink, type TextSink, writesToJournal } from '@venfleet/core/node';

function capture(): TextSink & { text: string } {
  return {
    text: '',
    write(text) {
      this.text += text;
    },
  };
}

describe('a log in the journal', () => {
  test('has the priority, the component, the message and the fields; time and program are the journal’s own', () => {
    const sink = capture();
    const log = createPinoLogger({ level: 'debug', stream: journalSink(sink) }).child({ component: 'metering' });
    log.error({ ven: 'Aalborg', meters: 3 }, 'no meter answers');
    log.warn({}, 'it is slow');
    log.info({}, 'it goes on');
    log.debug({}, 'a detail');
    expect(sink.text).toBe(
      '<3>metering: no meter answers ven=Aalborg meters=3\n<4>metering: it is slow\n<6>metering: it goes on\n<7>metering: a detail\n',
    );
  });

  test('is one line, whatever the values are, and each value can be told apart', () => {
    const sink = capture();
    createPinoLogger({ stream: journalSink(sink) }).info(
      { a: 'two words', b: 'x=1', c: 'line\nbreak', d: { e: [1] }, f: '' },
      'm',
    );
    expect(sink.text).toBe('<6>m a="two words" b="x=1" c="line\\nbreak" d={"e":[1]} f=""\n');
  });

  test('holds no secret either', () => {
    const sink = capture();
    createPinoLogger({ stream: journalSink(sink) }).info(
      { clientSecret: 'hunter2', headers: { authorization: 'Bearer x' } },
      'm',
    );
    expect(sink.text).toBe('<6>m clientSecret=[redacted] headers={"authorization":"[redacted]"}\n');
  });

  test('each line of an error message has its priority', () => {
    const sink = capture();
    journalErrorSink(sink).write('error: x.yaml has 2 mistakes\n  x.yaml:1: a\n');
    expect(sink.text).toBe('<3>error: x.yaml has 2 mistakes\n<3>  x.yaml:1: a\n');
  });
});

describe('standard error is the journal', () => {
  const { dev, ino } = fstatSync(2, { bigint: true });

  test('where its device and inode are those that systemd names', () => {
    expect(writesToJournal({ JOURNAL_STREAM: `${dev}:${ino}` })).toBe(true);
  });

  test('but not where it was redirected, or outside of systemd', () => {
    expect(writesToJournal({ JOURNAL_STREAM: `${dev}:${ino + 1n}` })).toBe(false);
    expect(writesToJournal({})).toBe(false);
  });
});
