// Lines that arrive in pieces, or several at once.
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { eachLine, lineOf, signalWhen } from './lines.mjs';

test('a line is one however it arrives', async () => {
  const bytes = Buffer.from('first\nzwölf ▁▂█\n\nlast\nhalf');
  for (const size of [1, 2, 3, 7, bytes.length]) {
    const stream = new PassThrough();
    const lines = [];
    eachLine(stream, (line) => lines.push(line));
    for (let at = 0; at < bytes.length; at += size) stream.write(bytes.subarray(at, at + size));
    stream.end();
    await new Promise((resolve) => { stream.once('end', resolve); });
    assert.deepEqual(lines, ['first', 'zwölf ▁▂█', '', 'last'], `${size} bytes at a time; half a line is none`);
  }
});

test('the first line that fits is waited for, to its end', async () => {
  const stream = new PassThrough();
  const found = lineOf(stream, (line) => line.startsWith('port '), 'the port');
  for (const part of ['other\npo', 'rt 41', '234\nport 5\n']) stream.write(part);
  assert.equal(await found, 'port 41234');
});

test('a subject is ended once, and only when all of what is looked at has come', () => {
  const stream = new PassThrough();
  const signals = [];
  signalWhen({ kill: (name) => signals.push(name) }, stream, (said) => said.includes('second screen\n'), 'SIGTERM');
  for (const part of ['first screen\n', 'second', ' screen']) {
    stream.emit('data', part);
    assert.deepEqual(signals, []);
  }
  stream.emit('data', '\nthird');
  stream.emit('data', ' screen, second screen\n');
  assert.deepEqual(signals, ['SIGTERM']);
});

test('an output that ends without it is told', async () => {
  const stream = new PassThrough();
  const found = lineOf(stream, (line) => line === 'ready', 'it was ready');
  stream.end('not yet\nready');
  await assert.rejects(found, /ended before it was ready/);
});
