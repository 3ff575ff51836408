// One deploy of a test, in a namespace that is there, with a patch or more settings; and what it must say.
//
//   const attempt = attempts(cluster);
//   await attempt.prepare();
//   told(await attempt.deploy(t, namespace, { patch: server({ args: ['--wrong'] }) }), 'CRASH_EXIT', 8, /wrong/);
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../support/cleanup.mjs';
import { pushImage } from './image.mjs';

// Patches of the pod, and of the container in it.
export const patched = (pod) => `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: waaft}\nspec: {template: {spec: ${JSON.stringify(pod)}}}\n`;
export const server = (fields) => patched({ containers: [{ name: 'server', ...fields }] });

export const attempts = (cluster) => ({
  async prepare() {
    this.context = (await cluster.kubectl(['config', 'current-context'])).trim();
    this.image = await pushImage(cluster.registry, { repository: 'waaft-attempt' });
  },

  // {code, stdout, stderr, result}
  async deploy(t, namespace, { patch, yaml = '', reference = this.image, args = [], env, started } = {}) {
    const folder = temporaryFolder(t, 'waaft-attempt-');
    if (patch) writeFileSync(join(folder, 'patch.yaml'), patch);
    writeFileSync(join(folder, 'waaft.yaml'), `cluster: {context: ${this.context}, namespace: ${namespace}}\n` +
      `${yaml.includes('resources:') ? '' : 'resources: {cpu: 50m}\n'}${yaml}\n${patch ? 'patches: [patch.yaml]\n' : ''}`);
    const done = await cluster.waaft(['deploy', '--image', reference, '--output', 'json', '--probe', 'off',
      '--evidence', folder, ...args], { cwd: folder, env, started });
    try {
      return { ...done, result: JSON.parse(done.stdout) };
    } catch {
      return assert.fail(`no JSON: ${done.stdout} ${done.stderr}`);
    }
  },
});

export function told({ code, stderr, result }, cause, exit, words) {
  assert.equal(result.causes?.[0]?.code, cause, stderr);
  assert.equal(code, exit, stderr);
  assert.equal(result.exit, exit);
  const { message, events = [], log_tail: log = [] } = result.causes[0];
  assert.match([message, ...events, ...log].join('\n'), words);
}
