// How commands end: the exit code, and with `--output json` one object of their schema whatever went wrong. What needs a
// cluster (3, 7 to 11) is in tests/cluster, what needs a registry (6) in push.test.mjs, a builder (5) in build_image.test.mjs.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runWithKubectl } from '../support/kubectl.mjs';
import { agrees } from '../support/output_schemas.mjs';
import { binary, temporaryFolder, until, within } from '../support/server.mjs';

const image = `registry.example.org/waaft@sha256:${'0'.repeat(64)}`;
const commands = [['deploy', '--image', image], ['rollback'], ['history'], ['destroy', '--yes']];

// The object that it prints, after what holds of every failure.
function failed(command, done, exit, code) {
  assert.equal(done.status, exit, `${command}: ${done.stdout}${done.stderr}`);
  const json = agrees(command, done.stdout);
  assert.equal(json.result, 'failed');
  assert.equal(json.exit, exit);
  assert.equal(json.causes[0].code, code);
  return json;
}

test('2: what the command line, the files or the environment say wrong', (t) => {
  const wrong = { files: { 'waaft.yaml': 'autoscaling: {min: 3, max: 2}\n' } };
  for (const command of commands) {
    const run = (args, options) => runWithKubectl(t, [...command, ...args, '--output', 'json'], options);
    failed(command[0], run(['--timeout', 'soon']), 2, 'usage_timeout');
    failed(command[0], run(['--config', 'none.yaml']), 2, 'config_unreadable');
    failed(command[0], run([], wrong), 2, 'config_conflict');
    failed(command[0], run(['--namespace', 'No']), 2, 'config_value');
    failed(command[0], run(['-e', '../x']), 2, 'usage_environment');
    failed(command[0], run(['--context', 'three']), 2, 'CONTEXT_UNKNOWN');
    assert.equal(run(['--nonsense']).status, 2);
  }
  failed('deploy', runWithKubectl(t, ['deploy', '--lock-wait', 'soon', '--output', 'json']), 2, 'usage_lock_wait');
});

test('4: what is missing before anything begins', (t) => {
  for (const command of commands) {
    const unnamed = failed(command[0], runWithKubectl(t, [...command, '--output', 'json']), 4, 'CONTEXT_UNNAMED');
    assert.match(unnamed.causes[0].message, /one, two/);
    const without = runWithKubectl(t, [...command, '--context', 'one', '--output', 'json'], { tool: null });
    failed(command[0], without, 4, 'process_not_found');
  }
});

test('without --output json the same failures are told in words, and stdout stays empty', (t) => {
  for (const command of commands) {
    const done = runWithKubectl(t, command);
    assert.equal(done.status, 4);
    assert.equal(done.stdout, '');
    assert.match(done.stderr, /one, two/);
  }
});

// A build that never ends, by a docker that only says its version.
async function endlessBuild(t, args, whenItBuilds = () => {}) {
  const folder = temporaryFolder(t);
  const asked = join(folder, 'asked');
  writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\n');
  writeFileSync(join(folder, 'docker'), `#!/bin/sh\n[ "$1" = version ] && echo 1 && exit\n[ "$1" = build ] || exit 1\necho > ${asked}\nexec sleep 600\n`,
    { mode: 0o755 });
  const child = spawn(binary, ['build-image', '--builder', 'docker', '--image-version', '1', '--output', 'json', ...args],
    { cwd: folder, env: { PATH: `${folder}:/usr/bin:/bin`, HOME: folder } });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text) => { stdout += text; });
  const ended = once(child, 'close');
  await until(() => existsSync(asked), 'the build');
  whenItBuilds(child);
  const [status] = await within(ended, 'the end');
  return { status, stdout, stderr: '' };
}

test('70: out of time', async (t) => {
  failed('build-image', await endlessBuild(t, ['--timeout', '3s']), 70, 'TIMEOUT');
});

test('143: ended by SIGTERM; 130 by SIGINT', async (t) => {
  failed('build-image', await endlessBuild(t, [], (child) => child.kill('SIGTERM')), 143, 'terminated');
  failed('build-image', await endlessBuild(t, [], (child) => child.kill('SIGINT')), 130, 'interrupted');
});
