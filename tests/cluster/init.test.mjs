// The pipelines that `waaft init --ci` writes, each step as it stands in the file, in the image of the Dockerfile's
// stage `ci`: from the sources of a project to a deployment that is well.
import assert from 'node:assert/strict';
import { appendFileSync, copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { parse } from 'yaml';
import { cleanUp, suite, temporaryFolder } from '../support/cleanup.mjs';
import { githubJob, gitlabJob, makeCiImage } from './support/ci.mjs';
import { kit, run } from './support/kit.mjs';

const cluster = kit();
const engine = await run(['docker', 'version', '--format', '{{.Server.Version}}']).catch(() => ({ code: 1 }));
const skip = cluster.skip || (engine.code !== 0 && 'no Docker engine answers') || (!cluster.secured && 'no registry with a login is known');

describe('a pipeline', { skip, concurrency: 2 }, () => {
  const runnersUser = 1001;  // whose files a job finds, while it is root in its container
  const suffix = randomBytes(4).toString('hex');
  const ciImage = `waaft-init-${suffix}:ci`;
  let folder;
  let login;
  let kubeconfig;

  const shared = suite();
  before(async () => {
    folder = temporaryFolder(shared, 'waaft-init-');
    cleanUp(shared, `the image ${ciImage}`, () => run(['docker', 'rmi', '-f', ciImage]));
    login = cluster.credentials();
    kubeconfig = await cluster.kubectl(['config', 'view', '--raw', '--flatten', '--minify']);
    mkdirSync(join(folder, 'ci'));
    await makeCiImage(join(folder, 'ci'), ciImage);
  });

  // A repository with what `waaft init` writes and the little that a cluster of one small node needs beside it.
  async function project(t, system, ...args) {
    const namespace = `waaft-init-${system}-${suffix}`;
    cluster.removeAfter(t, namespace);
    const workspace = join(folder, system);
    mkdirSync(workspace);
    copyFileSync(login.ca, join(workspace, 'registry.crt'));
    const done = await cluster.waaft(['init', '--ci', system, '--ci-image', ciImage, '--image-repository', `${cluster.secured}/waaft-init-${system}`,
      '--registry-ca-file', 'registry.crt', '-n', namespace, ...args], { cwd: workspace });
    assert.equal(done.code, 0, done.stderr);
    const redis = await cluster.redisImage();
    if (redis) appendFileSync(join(workspace, 'waaft.yaml'), `redis: {image: "${redis}", memory: 128Mi}\n`);
    appendFileSync(join(workspace, 'waaft.yaml'), `resources: {cpu: 50m}\nimagePull: {user: ${login.user}, password: {env: REGISTRY_PASSWORD}}\n`);
    const git = async (...words) => {
      const ran = await run(['git', '-c', 'user.name=a', '-c', 'user.email=a@example.org', '-c', 'safe.directory=*', ...words], { cwd: workspace });
      assert.equal(ran.code, 0, ran.stderr);
      return ran.stdout.trim();
    };
    await git('init', '-q', '-b', 'main');
    await git('add', '-A');
    await git('commit', '-q', '-m', 'begin');
    const commit = await git('rev-parse', 'HEAD');
    await run(['chown', '-R', `${runnersUser}:${runnersUser}`, workspace]);
    const [file] = done.stdout.trim().split('\n').slice(-1);
    return { namespace, workspace, commit, pipeline: parse(readFileSync(join(workspace, file), 'utf8')) };
  }

  async function assertDeployed(namespace, pushed) {
    const { schema, image } = JSON.parse(pushed);
    assert.equal(schema, 'waaft.push/1');
    const live = await cluster.get(namespace, 'deployment/waaft');
    assert.equal(live.spec.template.spec.containers[0].image, image);
    assert.ok(live.status.readyReplicas >= 1);
  }

  const words = (done) => `${done.stdout}${done.stderr}`;

  test('of GitHub, where the image is made without docker', async (t) => {
    const { namespace, workspace, commit, pipeline } = await project(t, 'github');
    const job = await githubJob(t, ciImage, pipeline, {
      workspace,
      scratch: mkdtempSync(join(folder, 'runner-')),
      contexts: {
        vars: { REGISTRY_USER: login.user },
        secrets: { REGISTRY_PASSWORD: login.password, KUBECONFIG: kubeconfig },
        github: { sha: commit, run_number: '57', run_attempt: '1' },
      },
    });
    const refused = await job.run(job.steps[0], { REGISTRY_PASSWORD: 'wrong' });
    assert.equal(refused.code, 6, `a job stops where a password is wrong: ${words(refused)}`);
    for (const step of job.steps) {
      const done = await job.run(step);
      assert.equal(done.code, 0, `${step.name}: ${words(done)}`);
      assert.ok(!words(done).includes(login.password), step.name);
      if (step.name === 'Build the image') assert.match(done.stderr, /native: there is no Dockerfile/);
      if (step.name === 'Deploy') assert.equal(statSync(join(job.temp, 'kubeconfig')).mode & 0o777, 0o600);
    }
    assert.equal(job.steps.length, 7);
    const pushed = readFileSync(join(workspace, 'push.json'), 'utf8');
    assert.deepEqual(JSON.parse(pushed).tags, [`57-1-${commit}`]);
    await assertDeployed(namespace, pushed);
    assert.equal(existsSync(join(job.temp, 'kubeconfig')), false);
    assert.ok(!readdirSync(join(job.home, '.docker')).includes('config.json'), 'the login is forgotten');
  });

  test('of GitLab, where docker builds the Dockerfile that init wrote', async (t) => {
    const { namespace, workspace, commit, pipeline } = await project(t, 'gitlab', '--dockerfile');
    const system = {
      variables: { CI_JOB_ID: '4711', CI_COMMIT_SHA: commit, REGISTRY_USER: login.user, REGISTRY_PASSWORD: login.password },
      files: { KUBECONFIG: kubeconfig },
    };
    const image = `${cluster.secured}/waaft-init-gitlab:4711-${commit}`;
    cleanUp(t, `the image ${image}`, () => run(['docker', 'rmi', '-f', image]));
    // Each job has a checkout of its own, and of the job before only what it names as artifacts.
    const checkout = join(folder, 'gitlab-deploy');
    cpSync(workspace, checkout, { recursive: true });

    const built = await gitlabJob(t, ciImage, pipeline['waaft-build'], { workspace, scratch: join(folder, 'gitlab-1'), ...system });
    assert.equal(built.code, 0, words(built));
    assert.match(built.stderr, /docker: engine \S+ answers/);
    assert.doesNotMatch(built.leftover, /config\.json/, 'the login is forgotten');
    const label = await run(['docker', 'image', 'inspect', '-f', '{{index .Config.Labels "org.opencontainers.image.revision"}}', image]);
    assert.ok(commit.startsWith(label.stdout.trim()) && label.stdout.trim() !== '', `the commit is told: ${words(label)}`);

    for (const path of pipeline['waaft-build'].artifacts.paths) copyFileSync(join(workspace, path), join(checkout, path));
    const deployed = await gitlabJob(t, ciImage, pipeline['waaft-deploy'], { workspace: checkout, scratch: join(folder, 'gitlab-2'), ...system });
    assert.equal(deployed.code, 0, words(deployed));
    for (const done of [built, deployed]) assert.ok(!words(done).includes(login.password));
    await assertDeployed(namespace, readFileSync(join(checkout, 'push.json'), 'utf8'));
    assert.deepEqual(pipeline.stages, ['build', 'deploy']);
  });
});
