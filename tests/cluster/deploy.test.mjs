// waaft deploy, history, rollback and destroy on a real cluster.
import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { temporaryFolder } from '../support/cleanup.mjs';
import { lineOf, signalWhen } from '../support/lines.mjs';
import { pushImage } from './support/image.mjs';
import { kit, until } from './support/kit.mjs';

const cluster = kit();
let context;
let image;

// A folder with a waaft.yaml; `name` of a namespace, which need not exist.
function project(t, namespace, { files = {} } = {}) {
  const folder = temporaryFolder(t, 'waaft-deploy-');
  writeFileSync(join(folder, 'waaft.yaml'),
    `cluster:\n  context: ${context}\n  namespace: ${namespace}\nresources:\n  cpu: 50m\n`);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const waaft = (args, options = {}) => cluster.waaft(args, { cwd: folder, ...options });
  const deploy = (...args) => waaft(['deploy', '--image', image, '--evidence', folder, ...args]);
  return { folder, waaft, deploy };
}

function freshName(t) {
  const name = `waaft-deploy-${randomBytes(4).toString('hex')}`;
  cluster.removeAfter(t, name);
  return name;
}

const exists = async (namespace) =>
  (await cluster.kubectl(['get', 'namespace', namespace], { check: false })).code === 0;

describe('deploy', { skip: cluster.skip, concurrency: 4 }, () => {
  before(async () => {
    context = (await cluster.kubectl(['config', 'current-context'])).trim();
    image = await pushImage(cluster.registry, { repository: 'waaft-deploy' });
  });

  test('from nothing to an address, again without changes, back, and away', async (t) => {
    const namespace = freshName(t);
    const { deploy, waaft, folder } = project(t, namespace);

    const planned = await deploy('--dry-run', '--exit-code', '--output', 'json');
    assert.equal(planned.code, 3, planned.stderr);
    const plan = JSON.parse(planned.stdout);
    assert.equal(plan.schema, 'waaft.deploy/1');
    assert.equal(plan.asked, false);
    assert.ok(plan.changes.every(({ action }) => action === 'create'));
    assert.equal(await exists(namespace), false, 'a plan makes nothing');

    const first = await deploy('--output', 'json');
    assert.equal(first.code, 0, first.stderr);
    const done = JSON.parse(first.stdout);
    assert.equal(done.result, 'deployed');
    assert.equal(done.revision, 1);
    assert.equal(done.image, image);
    assert.match(done.url, /^https:\/\/[0-9.]+\/$/);
    const live = await cluster.get(namespace, 'deployment/waaft', '--show-managed-fields');
    const owners = live.metadata.managedFields.filter(({ fieldsV1 }) => fieldsV1?.['f:spec']?.['f:replicas']);
    assert.ok(owners.every(({ manager }) => manager !== 'waaft'), 'the autoscaler owns the replicas');
    assert.equal((await cluster.get('', `namespace/${namespace}`)).metadata.labels['pod-security.kubernetes.io/enforce'], 'restricted');

    const again = await deploy('--output', 'json');
    assert.equal(again.code, 0, again.stderr);
    assert.equal(JSON.parse(again.stdout).result, 'unchanged');
    assert.equal((await deploy('--dry-run', '--exit-code')).code, 0);

    writeFileSync(join(folder, 'waaft.yaml'), `cluster: {context: ${context}, namespace: ${namespace}}\nresources: {cpu: 60m}\n`);
    const changed = await deploy('--dry-run', '--exit-code');
    assert.equal(changed.code, 3, changed.stderr);
    assert.match(changed.stdout, /~ spec\.template\.spec\.containers\[server\]\.resources\.requests\.cpu: 50m -> 60m/);
    assert.equal((await deploy()).code, 0);

    const back = await waaft(['rollback', '--output', 'json']);
    assert.equal(back.code, 0, back.stderr);
    assert.equal(JSON.parse(back.stdout).revision, 3);
    const history = JSON.parse((await waaft(['history', '--output', 'json'])).stdout);
    assert.deepEqual(history.revisions.map(({ revision, status, note }) => [revision, status, note]),
      [[1, 'deployed', ''], [2, 'deployed', ''], [3, 'deployed', 'rollback to 1']]);
    assert.equal((await waaft(['rollback', '--to-revision', '9'])).code, 2);

    assert.equal((await waaft(['destroy'])).code, 2, 'without a terminal nobody said yes');
    const gone = await waaft(['destroy', '--yes', '--volumes', '--output', 'json']);
    assert.equal(gone.code, 0, gone.stderr);
    const { namespace_removed: removed, kept } = JSON.parse(gone.stdout);
    assert.equal(removed, true);
    assert.deepEqual(kept, []);
    assert.equal(await exists(namespace), false, 'it was waited for');
  });

  test('destroy keeps volumes and a reserved address unless told; Ctrl-C while pods stop, and on again', async (t) => {
    const namespace = freshName(t);
    // Pods that stop only when this test says so, however slow what looks at them is.
    const slow = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: waaft}\nspec: {template: {spec: {' +
      'terminationGracePeriodSeconds: 3600, containers: [{name: server, lifecycle: {preStop: {sleep: {seconds: 3600}}}}]}}}\n';
    const letStop = () => cluster.kubectl(['delete', 'pods', '--all', '-n', namespace, '--grace-period=0', '--force', '--wait=false'], { check: false });
    const { deploy, waaft, folder } = project(t, namespace, { files: { 'slow.yaml': slow } });
    appendFileSync(join(folder, 'waaft.yaml'), 'patches: [slow.yaml]\n');
    assert.equal((await deploy('--probe', 'off')).code, 0);
    const labels = { 'app.kubernetes.io/instance': 'waaft', 'app.kubernetes.io/managed-by': 'waaft' };
    await cluster.kubectl(['create', '-n', namespace, '-f', '-'], { input: JSON.stringify({
      apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'kept', labels },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } } }) });

    const stopping = /\d pods? (is|are) stopping/;  // a busy machine may have brought the autoscaler to a second one
    const stopped = await waaft(['destroy', '--yes'], { started: (child) => signalWhen(child, child.stderr, (said) => stopping.test(said)) });
    assert.equal(stopped.code, 130, stopped.stderr);
    const late = await waaft(['destroy', '--yes', '--timeout', '1s', '--output', 'json']);
    assert.equal(late.code, 70, late.stderr);
    assert.match(JSON.parse(late.stdout).causes[0].message, stopping);
    const kept = await waaft(['destroy', '--yes', '--output', 'json'], { started: (child) => {
      lineOf(child.stderr, (line) => stopping.test(line), 'pods that are stopping').then(letStop, () => {});
    } });
    assert.equal(kept.code, 0, kept.stderr);
    const volumes = ['PersistentVolumeClaim/data-waaft-redis-0', 'PersistentVolumeClaim/kept'];
    assert.deepEqual(JSON.parse(kept.stdout).kept.sort(), volumes);
    assert.deepEqual((await cluster.get(namespace, 'pods')).items, []);
    assert.equal(await exists(namespace), true, 'what is in the namespace needs it');

    // Google's program needs an account, so a script in its place writes down its arguments.
    writeFileSync(join(folder, 'waaft.yaml'), `cluster: {provider: gke, project: acme-1, zone: europe-west1-b, name: live,
      context: ${context}, namespace: ${namespace}}\nexpose: {address: 203.0.113.49}\n`);
    writeFileSync(join(folder, 'gcloud'), '#!/bin/sh\necho "$*" >>"$ASKED"\n[ "$3" = list ] && echo live-ip\nexit 0\n', { mode: 0o755 });
    const env = { ASKED: join(folder, 'asked'), PATH: `${folder}:${cluster.env.PATH ?? process.env.PATH}` };
    const all = await waaft(['destroy', '--yes', '--volumes', '--addresses', '--output', 'json'], { env });
    assert.equal(all.code, 0, all.stderr);
    assert.deepEqual(JSON.parse(all.stdout).removed.sort(), volumes);
    assert.equal(await exists(namespace), false);
    assert.equal(readFileSync(join(folder, 'asked'), 'utf8'),
      'compute addresses list --filter address=203.0.113.49 --regions europe-west1 --project acme-1 --format value(name)\n' +
      'compute addresses delete live-ip --region europe-west1 --project acme-1 --quiet\n');
    assert.match(all.stderr, /gcloud compute addresses delete live-ip/);
  });

  test('a namespace of others is neither labelled nor deleted, and what is in it stays', async (t) => {
    const namespace = await cluster.namespace(t);
    await cluster.kubectl(['create', 'configmap', 'theirs', '-n', namespace]);
    const labels = async () => (await cluster.get('', `namespace/${namespace}`)).metadata.labels;
    const before = await labels();
    const { deploy, waaft } = project(t, namespace);
    const done = await deploy();
    assert.equal(done.code, 0, done.stderr);
    assert.deepEqual(await labels(), before);
    assert.equal((await waaft(['destroy', '--yes'])).code, 0);
    assert.deepEqual(await labels(), before);
    const left = (await cluster.get(namespace, 'deploy,svc,hpa,pdb,networkpolicy,role,rolebinding,lease,secret,configmap')).items;
    assert.deepEqual(left.map(({ metadata }) => metadata.name).sort(), ['kube-root-ca.crt', 'theirs']);
  });

  test('of two deploys at once one is told who holds the lock, or waits', async (t) => {
    const namespace = await cluster.namespace(t);
    const { deploy } = project(t, namespace);
    const first = deploy();
    await until('the lock is taken', async () =>
      (await cluster.kubectl(['get', 'lease', 'waaft-deploy', '-n', namespace], { check: false })).code === 0);
    const [refused, waited] = await Promise.all([deploy('--output', 'json'), deploy('--lock-wait', '2m')]);
    assert.equal(refused.code, 11, refused.stderr);
    assert.equal(JSON.parse(refused.stdout).causes[0].code, 'LOCKED');
    assert.equal((await first).code, 0);
    assert.equal(waited.code, 0, waited.stderr);
    assert.match(waited.stdout, /^unchanged revision 1 /);
  });

  test('Ctrl-C gives the lock back, and the same command goes on', async (t) => {
    const namespace = await cluster.namespace(t);
    const { folder, deploy } = project(t, namespace);
    const stopped = await cluster.waaft(['deploy', '--image', image], { cwd: folder, started: (child) => {
      until('objects are there', async () =>
        (await cluster.kubectl(['get', 'deployment', 'waaft', '-n', namespace], { check: false })).code === 0)
        .then(() => child.kill('SIGINT'));
    } });
    assert.equal(stopped.code, 130, stopped.stderr);
    const on = await deploy();
    assert.equal(on.code, 0, on.stderr);
  });

  test('a broken version is rolled back while the one before serves', async (t) => {
    const namespace = await cluster.namespace(t);
    const bad = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: waaft}\nspec:\n  template:\n    spec:\n' +
      '      containers: [{name: server, args: [--config=/nowhere.yaml]}]\n';
    const { folder, deploy } = project(t, namespace, { files: { 'bad.yaml': bad } });
    assert.equal((await deploy()).code, 0);
    writeFileSync(join(folder, 'waaft.yaml'),
      `cluster: {context: ${context}, namespace: ${namespace}}\nresources: {cpu: 50m}\npatches: [bad.yaml]\n`);
    const failed = await deploy('--output', 'json');
    assert.equal(failed.code, 9, failed.stderr);
    const result = JSON.parse(failed.stdout);
    assert.equal(result.causes[0].code, 'CRASH_EXIT');
    assert.match(result.causes[0].log_tail.join('\n'), /nowhere\.yaml/);
    assert.equal(result.rolled_back_to, 1);
    const live = await cluster.get(namespace, 'deployment/waaft');
    assert.deepEqual(live.spec.template.spec.containers[0].args, ['--config=/etc/waaft/config/waaft.yaml']);
  });

  test('rights inside one namespace are enough', async (t) => {
    const namespace = await cluster.namespace(t);
    await cluster.kubectl(['create', 'serviceaccount', 'deployer', '-n', namespace]);
    await cluster.kubectl(['create', 'rolebinding', 'deployer', '-n', namespace, '--clusterrole=admin',
      `--serviceaccount=${namespace}:deployer`]);
    // What `admin` does not have by itself.
    await cluster.kubectl(['create', 'role', 'more', '-n', namespace, '--verb=get,list,watch,create,update,patch,delete',
      '--resource=leases.coordination.k8s.io,podmonitors.monitoring.coreos.com']);
    await cluster.kubectl(['create', 'rolebinding', 'more', '-n', namespace, '--role=more', `--serviceaccount=${namespace}:deployer`]);
    const token = (await cluster.kubectl(['create', 'token', 'deployer', '-n', namespace])).trim();
    const { folder } = project(t, namespace);
    const config = JSON.parse(await cluster.kubectl(['config', 'view', '--raw', '--minify', '-o', 'json']));
    config.users[0].user = { token };
    const kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(kubeconfig, JSON.stringify(config), { mode: 0o600 });
    const done = await cluster.waaft(['deploy', '--image', image], { cwd: folder, env: { KUBECONFIG: kubeconfig } });
    assert.equal(done.code, 0, done.stderr);
  });

  test('nobody said which cluster: exit 4', async (t) => {
    const folder = temporaryFolder(t, 'waaft-deploy-');
    const done = await cluster.waaft(['deploy', '--image', image, '--output', 'json'], { cwd: folder });
    assert.equal(done.code, 4, done.stderr);
    const [cause] = JSON.parse(done.stdout).causes;
    assert.equal(cause.code, 'CONTEXT_UNNAMED');
    assert.match(cause.message, new RegExp(context));
  });
});
