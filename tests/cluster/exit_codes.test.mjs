// The exit codes that only a cluster can give and no other test here asks for: 7, refused before a pod is made, and 10, a
// rollback that failed too.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { temporaryFolder } from '../support/cleanup.mjs';
import { pushImage } from './support/image.mjs';
import { kit } from './support/kit.mjs';

const cluster = kit();
let context;
let image;

// Runs a command on a deployment in `namespace`; its JSON is `result`.
function project(t, namespace) {
  const folder = temporaryFolder(t, 'waaft-exit-');
  return async (args, cpu = '50m') => {
    writeFileSync(join(folder, 'waaft.yaml'),
      `cluster: {context: ${context}, namespace: ${namespace}}\nresources: {cpu: ${cpu}}\n`);
    const more = args[0] === 'deploy' ? ['--image', image, '--probe', 'off', '--evidence', folder] : [];
    const done = await cluster.waaft([...args, ...more, '--output', 'json'], { cwd: folder });
    return { ...done, result: JSON.parse(done.stdout) };
  };
}

const quota = (namespace, hard) => cluster.kubectl(['create', 'quota', 'none', '-n', namespace, `--hard=${hard}`]);

describe('exit codes', { skip: cluster.skip, concurrency: 2 }, () => {
  before(async () => {
    context = (await cluster.kubectl(['config', 'current-context'])).trim();
    image = await pushImage(cluster.registry, { repository: 'waaft-exit' });
  });

  test('7: the cluster refuses an object, and no pod was made', async (t) => {
    const namespace = await cluster.namespace(t);
    await quota(namespace, 'services=0');
    const { code, stderr, result } = await project(t, namespace)(['deploy']);
    assert.equal(code, 7, stderr);
    assert.equal(result.causes[0].code, 'QUOTA');
    assert.deepEqual((await cluster.get(namespace, 'deployments,pods')).items, []);
  });

  test('10: the version before cannot be brought back either', async (t) => {
    const namespace = await cluster.namespace(t);
    const waaft = project(t, namespace);
    assert.equal((await waaft(['deploy'])).code, 0);
    assert.equal((await waaft(['deploy'], '60m')).code, 0);
    await quota(namespace, 'pods=0');
    const { code, stderr, result } = await waaft(['rollback']);
    assert.equal(code, 10, stderr);
    assert.equal(result.causes[0].code, 'QUOTA');
    const { result: { revisions } } = await waaft(['history']);
    assert.deepEqual(revisions.map(({ status }) => status), ['deployed', 'deployed', 'failed']);
  });
});
