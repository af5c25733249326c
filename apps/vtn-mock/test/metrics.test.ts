import { afterEach, describe, expect, it } from '@jest/globals';
import { documentedMetrics, metricsTable } from '@venfleet/core/testing';
import { TestVtn } from './support/vtn.js';

let vtn: TestVtn;
afterEach(async () => await vtn.stop());

async function metrics(): Promise<Map<string, number>> {
  const response = await fetch(`${vtn.address.origin}/metrics`);
  expect(response.headers.get('content-type')).toContain('text/plain');
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.replace(/ [^ ]+$/, ''), Number(line.replace(/^.* /, ''))]));
}

describe('the metrics of a VTN', () => {
  it('count requests, problems, tokens and objects', async () => {
    vtn = await new TestVtn().start();
    const before = await metrics();
    expect([before.get('vtn_mock_objects{object="programs"}'), before.get('vtn_mock_tokens_issued_total')]).toEqual([0, 0]);
    const bl = vtn.api('3.1.0', 'bl');
    const made = await bl.post('/programs', { programName: 'p' });
    expect(made.status).toBe(201);
    expect((await bl.get('/programs/none')).status).toBe(404);
    expect((await fetch(`${vtn.address.urls['3.1.0']}/programs`)).status).toBe(401);
    const after = await metrics();
    expect(after.get('vtn_mock_objects{object="programs"}')).toBe(1);
    expect(after.get('vtn_mock_problems_total{status="404"}')).toBe(1);
    expect(after.get('vtn_mock_problems_total{status="401"}')).toBe(1);
    expect(after.get('vtn_mock_tokens_issued_total')).toBe(1);
    // A token, three answers, and these metrics themselves.
    expect((after.get('vtn_mock_requests_total') ?? 0) - (before.get('vtn_mock_requests_total') ?? 0)).toBe(5);
  });

  it('are those of the documentation', async () => {
    vtn = await new TestVtn().start();
    const text = await (await fetch(`${vtn.address.origin}/metrics`)).text();
    expect(documentedMetrics('vtn-mock')).toBe(metricsTable(text));
  });

  it('tell nobody what they do not count, and take GET alone', async () => {
    vtn = await new TestVtn().start();
    const bl = vtn.api('3.1.0', 'bl');
    await bl.post('/programs', { programName: 'of a secret kind' });
    expect([...(await metrics()).keys()].join()).not.toContain('secret');
    expect((await fetch(`${vtn.address.origin}/metrics`, { method: 'POST' })).status).toBe(405);
  });
});
