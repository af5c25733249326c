import { describe, expect, it } from '@jest/globals';
import { addressAllowed, callbackMistake, namesLoopback } from '../src/notify/webhooks/callback-rules.js';

const STRICT = { http: false, privateAddresses: false, loopback: false };
const DEVELOPMENT = { ...STRICT, loopback: true };

describe('callback rules', () => {
  it.each([
    'https://10.0.0.1/a',
    'https://127.0.0.1/',
    'https://127.1/',
    'https://0x7f000001/',
    'https://2130706433/',
    'https://0.0.0.0/',
    'https://169.254.169.254/latest/meta-data',
    'https://172.31.255.255/',
    'https://192.168.1.1/',
    'https://100.64.0.1/',
    'https://224.0.0.1/',
    'https://255.255.255.255/',
    'https://[::1]/',
    'https://[::]/',
    'https://[::ffff:10.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[64:ff9b::a00:1]/',
    'https://[fd00::1]/',
    'https://[fe80::1]/',
    'https://[2002:a00:1::]/',
    'https://[2001:db8::1]/',
    'https://[ff02::1]/',
  ])('%s leads to a private address', (url) => expect(callbackMistake(url, STRICT)).toBe('must not lead to a private address'));

  it.each(['https://93.184.216.34/', 'https://[2606:2800:220:1::1]:8443/a?b=c', 'https://ven.example.com/hook'])(
    '%s is taken',
    (url) => expect(callbackMistake(url, STRICT)).toBeUndefined(),
  );

  it.each([
    ['/hook', 'must be an absolute URL'],
    ['ftp://a.example/', 'must be an https URL'],
    ['file:///etc/passwd', 'must be an https URL'],
    ['http://a.example/', 'must be an https URL'],
    ['https://user:secret@a.example/', 'must not hold a user name or password'],
    ['https://a.example/#top', 'must not have a fragment'],
  ])('%s: %s', (url, mistake) => expect(callbackMistake(url, STRICT)).toBe(mistake));

  it('for development this machine may be called without TLS, and no other', () => {
    for (const url of ['http://127.0.0.1:8010/', 'http://localhost/', 'http://[::1]/', 'https://127.0.0.1/']) {
      expect(callbackMistake(url, DEVELOPMENT)).toBeUndefined();
    }
    expect(callbackMistake('http://10.0.0.1/', DEVELOPMENT)).toBe('must be an https URL');
    expect(callbackMistake('https://10.0.0.1/', DEVELOPMENT)).toBe('must not lead to a private address');
    expect(callbackMistake('http://localhost.example.com/', DEVELOPMENT)).toBe('must be an https URL');
    expect([addressAllowed('127.0.0.1', DEVELOPMENT), addressAllowed('10.0.0.1', DEVELOPMENT)]).toEqual([true, false]);
  });

  it('what a name leads to is checked in every spelling', () => {
    for (const address of ['10.1.2.3', '::1', '::ffff:10.0.0.1', '::ffff:a00:1', 'fe80::1%eth0', '0:0:0:0:0:0:0:1']) {
      expect([address, addressAllowed(address, STRICT)]).toEqual([address, false]);
    }
    expect(addressAllowed('::ffff:93.184.216.34', STRICT)).toBe(true);
    expect(addressAllowed('10.1.2.3', { ...STRICT, privateAddresses: true })).toBe(true);
  });

  it('knows which hosts are this machine', () => {
    for (const host of ['127.0.0.1', 'localhost', '::1', '127.8.8.8']) expect([host, namesLoopback(host)]).toEqual([host, true]);
    for (const host of ['0.0.0.0', '::', '192.168.0.1', 'vtn.local']) expect([host, namesLoopback(host)]).toEqual([host, false]);
  });
});
