// The whole way of a small team: build, push, deploy, meet in a browser, grow under load and shrink again, roll out
// a new version and a broken one while somebody fetches the page, roll back, destroy.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { openChromium, program } from '../e2e/support/chromium.mjs';
import { allMeet } from '../e2e/support/media.mjs';
import { stepsOf } from '../e2e/support/scene.mjs';
import { cleanUp, temporaryFolder } from '../support/cleanup.mjs';
import { chromiumOutside } from './support/far_program.mjs';
import { binary, kit, run, until, wholeTestMs } from './support/kit.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const cluster = kit();
const skip = cluster.skip || (!cluster.enter && 'it needs a client outside of the cluster: WAAFT_KIT') || (!program && 'Chromium is not installed');

const settings = (context, namespace) => `image:
  repository: ${cluster.registry}/${namespace}
registry: {plainHttp: true}
cluster: {context: ${context}, namespace: ${namespace}}
resources: {cpu: 50m, memory: 64Mi}
autoscaling:
  max: 3
  behavior:
    scaleDown: {window: 5s, pods: 3, period: 5s}
    scaleUp: {period: 5s}
`;

// What both builders ship, for docker without a compiler.
const dockerfile = `FROM scratch
COPY rootfs /
USER 65532:65532
ENTRYPOINT ["/waaft"]
CMD ["serve"]
`;

const broken = `apiVersion: apps/v1
kind: Deployment
metadata: {name: waaft}
spec:
  template:
    spec:
      containers:
        - name: server
          args: [--no-such-option]
`;

test('build, push, deploy, meet, grow, roll out, roll back, destroy', { skip }, async (t) => {
  const folder = temporaryFolder(t);
  const namespace = `waaft-journey-${randomBytes(4).toString('hex')}`;
  cluster.removeAfter(t, namespace);
  cleanUp(t, 'the image v2', () => run(['docker', 'rmi', '-f', `${cluster.registry}/${namespace}:v2`]));
  const context = (await cluster.kubectl(['config', 'current-context'])).trim();
  writeFileSync(join(folder, 'waaft.yaml'), settings(context, namespace));
  writeFileSync(join(folder, 'Dockerfile'), dockerfile);
  const browser = await openChromium(t, { program: chromiumOutside(t, cluster) });
  const step = stepsOf(t, browser);

  const waaft = async (args, wanted = 0) => {
    const done = await cluster.waaft([...args, '--output', 'json'], { cwd: folder });
    assert.equal(done.code, wanted, `waaft ${args.join(' ')}: ${done.stderr}${done.stdout}`);
    return JSON.parse(done.stdout);
  };
  const pods = async () => (await waaft(['status'])).pods.filter(({ ready, draining }) => ready && !draining).length;
  const digests = {};
  let url;

  await step('without docker: built, pushed, deployed by what push said', async () => {
    await waaft(['build-image', '--builder', 'native', '--image-version', 'v1']);
    const pushed = await waaft(['push', '--image-version', 'v1']);
    digests.v1 = pushed.digest;
    writeFileSync(join(folder, 'push.json'), JSON.stringify(pushed));
    const done = await waaft(['deploy', '--yes', '--build-result', 'push.json']);
    assert.equal(done.result, 'deployed');
    assert.ok(done.image.endsWith(digests.v1));
    url = done.url;
  });

  await step('two people meet there, from outside of the cluster', async () => {
    const [ann, bob] = [await browser.person('Ann', { plainSound: true }), await browser.person('Bob', { plainSound: true })];
    await ann.start(url.replace(/\/$/, ''));
    await bob.join(ann.link);
    await allMeet([ann, bob]);
    await ann.say('Hello');
    await bob.reads(['Hello']);
    for (const person of [bob, ann]) await person.leave();
    await browser.process.close();  // nobody needs it any more, and it is busy
  });

  await step('load adds pods, and they go when it ends', async () => {
    // From one, so that it is seen to grow.
    await until('one pod, and no more wanted', async () => {
      const { autoscaler } = await waaft(['status']);
      return autoscaler.current === 1 && autoscaler.desired === 1 && (await pods()) === 1;
    });
    // For as long as it takes: on a busy machine the autoscaler's numbers come late.
    let over = false;
    const grown = until('more than one pod', async () => over || (await pods()) > 1).finally(() => { over = true; });
    const load = async () => {
      try {
        while (!over) {
          const loaded = await cluster.client([binary, 'load', 'chat', url, '--yes', '--insecure', '--clients', '40', '--rate', '100', '--duration', '60s', '--output', 'json']);
          assert.equal(loaded.code, 0, loaded.stderr + loaded.stdout);
        }
      } finally {
        over = true;  // nobody waits for what will not come
      }
    };
    await Promise.all([grown, load()]);
    await until('one pod again', async () => (await pods()) === 1);
  });

  await step('by docker: a new version and a broken one, and nobody is refused the page', async () => {
    await waaft(['build-image', '--builder', 'native', '--rootfs', 'rootfs', '--layout', 'unused', '--image-version', 'v2']);
    const built = await waaft(['build-image', '--builder', 'docker', '--image-version', 'v2']);
    assert.equal(built.builder, 'docker');
    digests.v2 = (await waaft(['push', '--image-version', 'v2', '--from', `docker:${cluster.registry}/${namespace}:v2`])).digest;
    let finish;
    const probed = cluster.client([process.execPath, join(here, 'support', 'prober.mjs'), url], {
      timeout: wholeTestMs,
      input: null,
      started: (child) => { finish = () => child.stdin.end(); },
    });

    const second = await waaft(['deploy', '--yes', '--image-version', 'v2']);
    assert.ok(second.image.endsWith(digests.v2));

    writeFileSync(join(folder, 'broken.yaml'), broken);
    writeFileSync(join(folder, 'waaft.broken.yaml'), 'patches: [broken.yaml]\n');
    const failed = await waaft(['deploy', '--yes', '-e', 'broken', '--image-version', 'v2'], 9);
    assert.equal(failed.causes[0].code, 'CRASH_EXIT');
    assert.match(failed.causes[0].log_tail.join('\n'), /no-such-option/);
    await waaft(['status', '--check']);

    const back = await waaft(['rollback', '--yes', '--to-revision', '1']);
    assert.ok(back.image.endsWith(digests.v1));
    finish();
    const { fetched, failed: refused } = JSON.parse((await probed).stdout);
    assert.deepEqual(refused, []);
    assert.ok(fetched > 20, `${fetched} fetched`);
  });

  await step('destroy leaves nothing behind', async () => {
    assert.equal((await waaft(['destroy', '--yes', '--volumes'])).namespace_removed, true);
    assert.notEqual((await cluster.kubectl(['get', 'namespace', namespace], { check: false })).code, 0);
    const everywhere = await cluster.kubectl(['get', 'clusterroles,clusterrolebindings,persistentvolumes,services', '-A', '-o', 'name']);
    assert.ok(!everywhere.includes(namespace));
  });
});
