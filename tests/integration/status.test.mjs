// waaft status, scale, logs, open and doctor where there is no cluster: what they say, in text and in JSON.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runWithKubectl as run } from '../support/kubectl.mjs';
import { agrees } from '../support/output_schemas.mjs';

const commands = [['status'], ['scale', '--min', '2'], ['logs'], ['open']];

test('no cluster is taken silently, not even the current one', (t) => {
  for (const command of commands) {
    const done = run(t, command);
    assert.equal(done.status, 4, done.stderr);
    assert.match(done.stderr, /one, two/);
    assert.equal(done.stdout, '');
    const json = agrees(command[0], run(t, [...command, '--output', 'json']).stdout);
    assert.equal(json.result, 'failed');
    assert.equal(json.causes[0].code, 'CONTEXT_UNNAMED');
  }
});

test('a context that is not there is told by name', (t) => {
  for (const command of commands) {
    const done = run(t, [...command, '--context', 'three', '--output', 'json']);
    assert.equal(done.status, 2, done.stderr);
    assert.equal(agrees(command[0], done.stdout).causes[0].code, 'CONTEXT_UNKNOWN');
  }
});

test('flags that make no sense end before anything is asked', (t) => {
  const rows = [
    [['scale'], /nothing to change/],
    [['scale', '--min', '0'], /from 1 to 1000/],
    [['scale', '--cpu', 'much'], /from 1 to 500/],
    [['logs', '--follow', '--previous'], /cannot be followed/],
    [['logs', '--since', 'yesterday'], /must be a time/],
    [['logs', '--tail', '-1'], /number of lines/],
    [['status', '--interval', '1ms'], /1s to 1h/],
    [['scale', '--min', '2', '--timeout', 'soon'], /must be a time/],
  ];
  for (const [args, message] of rows) {
    const done = run(t, args, { tool: '#!/bin/sh\necho asked >&2; exit 1\n' });
    assert.equal(done.status, 2, `${args}: ${done.stderr}`);
    assert.match(done.stderr, message);
    assert.doesNotMatch(done.stderr, /asked/);
  }
});

test('doctor goes through the chain and names what mends each link', (t) => {
  const args = ['doctor', '--context', 'three', '--image-repository', '127.0.0.1:1/none', '--plain-http'];
  const done = run(t, args);
  assert.equal(done.status, 4, done.stderr);
  assert.match(done.stdout, /^ok +kubectl +v1\.34\.4$/m);
  assert.match(done.stdout, /^failed +registry .*\n +try: /m);
  assert.match(done.stdout, /^failed +context .*\n +try: /m);
  assert.match(done.stdout, /^skipped permissions/m);
  const json = agrees('doctor', run(t, [...args, '--output', 'json']).stdout);
  assert.deepEqual(json.causes.map(({ code }) => code), ['preflight_registry', 'preflight_context']);
  const without = agrees('doctor', run(t, [...args, '--output', 'json'], { tool: null }).stdout);
  const missing = without.checks.find(({ id }) => id === 'kubectl');
  assert.equal(missing.state, 'failed');
});
