// waaft status, scale, logs, open and doctor on a real cluster, where the objects of manifests/ run.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { suite, temporaryFolder } from '../support/cleanup.mjs';
import { eachLine, signalWhen } from '../support/lines.mjs';
import { agrees } from '../support/output_schemas.mjs';
import { pushImage } from './support/image.mjs';
import { binary, kit, root, run, until } from './support/kit.mjs';

const cluster = kit();

// The folder as it stands, with the image and little CPU: the machine of the test is small.
async function applyManifests(namespace, image) {
  const redis = await cluster.redisImage();
  const folder = mkdtempSync(join(tmpdir(), 'waaft-manifests-'));
  try {
    for (const name of readdirSync(join(root, 'manifests'))) {
      if (!name.endsWith('.yaml')) continue;
      const text = readFileSync(join(root, 'manifests', name), 'utf8')
        .replaceAll(/image: waaft:\S+/g, `image: ${image}`)
        .replaceAll('cpu: 500m', 'cpu: 50m')
        // What a server takes at its start on a busy machine shall not bring another one.
        .replaceAll('maxReplicas: 10', 'maxReplicas: 1')
        .replaceAll(/image: docker\.io\/library\/redis:\S+/g, (named) => (redis ? `image: ${redis}` : named));
      writeFileSync(join(folder, name), text);
    }
    await cluster.kubectl(['apply', '--server-side', '--field-manager=waaft', '-n', namespace, '-f', folder]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('a running deployment', { skip: cluster.skip }, () => {
  const shared = suite();
  let namespace;
  let context;
  let folder;
  let image;
  // In a folder of its own, so that no waaft.yaml is found.
  const waaft = (args, options = {}) =>
    cluster.waaft([...args, '--context', context, '-n', namespace], { cwd: folder, ...options });
  const json = async (command, ...args) => {
    const done = await waaft([command, '--output', 'json', ...args]);
    return agrees(command, done.stdout);
  };
  const status = (...args) => json('status', ...args);

  before(async () => {
    folder = temporaryFolder(shared, 'waaft-status-');
    context = (await cluster.kubectl(['config', 'current-context'])).trim();
    namespace = await cluster.namespace(shared, { prefix: 'waaft-status' });
    image = await pushImage(cluster.registry, { repository: 'waaft-status' });
    await applyManifests(namespace, image);
    await until('all is well', async () => (await status('--check')).healthy
      && (await status()).autoscaler.measures);
  });

  test('status shows version, pods, autoscaler, address, certificate and live numbers', async () => {
    const shown = await status();
    assert.equal(shown.schema, 'waaft.status/1');
    assert.equal(shown.digest, image.split('@')[1]);
    assert.equal(shown.rollout.state, 'complete');
    assert.equal(shown.pods.length, 1);
    const [pod] = shown.pods;
    assert.equal(pod.ready && pod.current && pod.live.answered, true);
    assert.equal(pod.live.people, 0);
    assert.ok(pod.live.cpuCores >= 0 && pod.live.mbps >= 0, JSON.stringify(pod.live));
    assert.equal(shown.autoscaler.metrics[0].target, '60');
    assert.match(shown.url, /^https:\/\//);
    assert.ok(shown.certificate.secondsLeft > 300 * 86_400);
    const text = await waaft(['status']);
    assert.equal(text.code, 0, text.stderr);
    assert.match(text.stdout, /all is well/);
    assert.ok(text.stdout.split('\n').every((line) => line.length <= 80), text.stdout);
    const opened = await waaft(['open']);
    assert.equal(opened.stdout, `${shown.url}\n`);
    assert.equal((await json('open')).url, shown.url);
  });

  test('status starts at most three kubectl processes', async () => {
    const real = (await run(['sh', '-c', 'command -v kubectl'], { env: cluster.env })).stdout.trim();
    const bin = mkdtempSync(join(tmpdir(), 'waaft-bin-'));
    try {
      const list = join(bin, 'list');
      writeFileSync(join(bin, 'kubectl'), `#!/bin/sh\necho "$@" >> ${list}\nexec ${real} "$@"\n`);
      chmodSync(join(bin, 'kubectl'), 0o755);
      const shown = await waaft(['status'], { env: { PATH: `${bin}:${process.env.PATH}` } });
      assert.equal(shown.code, 0, shown.stderr);
      const calls = readFileSync(list, 'utf8').trim().split('\n');
      assert.ok(calls.length <= 3, calls.join('\n'));
    } finally {
      rmSync(bin, { recursive: true, force: true });
    }
  });

  test('status --watch goes on until an interrupt, and leaves nothing behind', async () => {
    const done = await waaft(['status', '--watch', '--interval', '1s', '--output', 'json'], {
      started: (child) => signalWhen(child, child.stdout, (said) => said.split('\n').length > 2),
    });
    assert.equal(done.code, 130, done.stderr);
    const reports = done.stdout.trim().split('\n').map((line) => agrees('status', line));
    assert.ok(reports.length >= 2);
    assert.ok(reports.every((report) => report.schema === 'waaft.status/1' && report.healthy));
    assert.ok(reports[1].pods[0].live.cpuCores >= 0, 'the second look has rates');
  });

  test('status --watch redraws in place on a terminal, with a plot of what happened', async () => {
    // script(1) gives it a terminal of its own.
    const command = [binary, 'status', '--watch', '--interval', '1s', '--context', context, '-n', namespace].join(' ');
    const begin = '\x1b[H\x1b[J';
    const done = await run(['script', '-qefc', command, '/dev/null'], {
      cwd: folder,
      env: { ...cluster.env, TERM: 'xterm', LANG: 'C.UTF-8' },
      // The third screen is looked at: it is whole when the fourth begins.
      started: (child) => signalWhen(child, child.stdout, (said) => said.split(begin).length > 4, 'SIGTERM'),
    });
    const screens = done.stdout.split(begin).slice(1);
    assert.ok(screens.length >= 3, done.stdout + done.stderr);
    for (const label of ['CPU', 'people', 'pods']) assert.match(screens[2], new RegExp(`^ +${label} +[▁▂▃▄▅▆▇█ ]+ [0-9.]+ \\(max`, 'm'));
    assert.match(screens[2], /autoscaler/);
  });

  test('logs come with their pod', async () => {
    const text = await waaft(['logs', '--tail', '5']);
    assert.equal(text.code, 0, text.stderr);
    assert.match(text.stdout, /^\S+ \| .*Serving/m);
    const init = await waaft(['logs', '--init', '--output', 'json']);
    const first = agrees('logs', init.stdout.split('\n')[0]);
    assert.equal(first.container, 'cluster-init');
    const previous = await waaft(['logs', '--previous']);
    assert.equal(previous.code, 4);
    assert.match(previous.stderr, /none has an earlier log/);
  });

  test('logs --follow shows pods that come later, and ends with an interrupt', async () => {
    const seen = new Set();
    const wanted = 2;
    const following = waaft(['logs', '--follow', '--output', 'json'], {
      started: (child) => {
        eachLine(child.stdout, (line) => seen.add(JSON.parse(line).pod));
        signalWhen(child, child.stdout, () => seen.size >= wanted);
      },
    });
    const scaled = await waaft(['scale', '--replicas', '2']);
    assert.equal(scaled.code, 0, scaled.stderr);
    const done = await following;
    assert.equal(done.code, 130, done.stderr);
    assert.equal(seen.size, wanted);
  });

  test('scale changes the limits, waits until it is so, and keeps everything else', async () => {
    const before_ = await cluster.get(namespace, 'hpa/waaft');
    const done = await waaft(['scale', '--min', '1', '--max', '3', '--cpu', '70', '--output', 'json']);
    assert.equal(done.code, 0, done.stderr + done.stdout);
    const answer = agrees('scale', done.stdout);
    assert.deepEqual(answer.before, { min: 2, max: 2, cpu: 60 });
    assert.deepEqual(answer.after, { min: 1, max: 3, cpu: 70 });
    assert.deepEqual(answer.inFile, { min: 1, max: 10, cpu: 60 });
    assert.equal(answer.saved, false);
    const plan = await waaft(['deploy', '--dry-run', '--image', image]);
    assert.equal(plan.code, 0, plan.stderr);
    assert.match(plan.stdout + plan.stderr, /spec\.maxReplicas: 3 -> 10/, 'the next plan shows the difference');
    const hpa = await cluster.get(namespace, 'hpa/waaft');
    assert.deepEqual(hpa.spec.behavior, before_.spec.behavior);
    assert.deepEqual(hpa.metadata.labels, before_.metadata.labels);
    assert.equal(hpa.spec.metrics[0].resource.target.averageUtilization, 70);
    const deployment = await cluster.get(namespace, 'deployment/waaft', '--show-managed-fields');
    const owners = deployment.metadata.managedFields.filter(({ manager }) => manager === 'waaft');
    assert.ok(owners.every(({ fieldsV1 }) => !fieldsV1['f:spec']?.['f:replicas']), 'the replicas are the autoscaler\'s');
  });

  test('scale --save writes waaft.yaml with its comments', async () => {
    const file = join(folder, 'waaft.yaml');
    writeFileSync(file, 'name: waaft  # of the objects\nautoscaling:\n  # quiet nights\n  min: 1\n  max: 10  # the nodes\n');
    try {
      const told = await waaft(['scale', '--max', '3', '--min', '1']);
      assert.equal(told.code, 0, told.stderr);
      assert.match(told.stdout, /waaft\.yaml still says 1 to 10 pods at 60 % CPU/);
      const done = await waaft(['scale', '--max', '4', '--save']);
      assert.equal(done.code, 0, done.stderr);
      assert.match(readFileSync(file, 'utf8'), /^name: waaft  # of the objects\nautoscaling:\n  # quiet nights\n  min: 1\n  max: 4  # the nodes\n/);
    } finally {
      rmSync(file);
    }
  });

  test('scale refuses what makes no sense, and changes nothing', async () => {
    const before_ = (await cluster.get(namespace, 'hpa/waaft')).spec;
    const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'small' }, spec: { hard: { pods: '5' } } };
    await cluster.kubectl(['create', '-n', namespace, '-f', '-'], { input: JSON.stringify(quota) });
    await until('the quota counts', async () => (await cluster.get(namespace, 'resourcequota/small')).status?.used?.pods);
    try {
      const rows = [
        [['--min', '50'], 2, /more than the maximum/],
        [['--min', '3', '--max', '2'], 2, /more than the maximum/],
        [['--replicas', '0'], 2, /from 1 to 1000/],
        [['--replicas', '2', '--max', '3'], 2, /--replicas sets both/],
        [[], 2, /nothing to change/],
        [['--max', '40'], 7, /room for \d pods only/],
        [['--max', '5', '--save'], 2, /no waaft.yaml/],
      ];
      for (const [args, code, message] of rows) {
        const done = await waaft(['scale', ...args]);
        assert.equal(done.code, code, `${args}: ${done.stderr}`);
        assert.match(done.stderr, message);
      }
      const { minReplicas, maxReplicas, metrics } = (await cluster.get(namespace, 'hpa/waaft')).spec;
      assert.deepEqual({ minReplicas, maxReplicas, metrics },
        { minReplicas: before_.minReplicas, maxReplicas: before_.maxReplicas, metrics: before_.metrics });
    } finally {
      await cluster.kubectl(['delete', 'resourcequota', 'small', '-n', namespace]);
    }
  });

  test('doctor passes here, and says what is missing for a stranger', async () => {
    const done = await waaft(['doctor', '--output', 'json', '--image-repository', `${cluster.registry}/waaft-status`]);
    const { checks } = agrees('doctor', done.stdout);
    const state = Object.fromEntries(checks.map((check) => [check.id, check.state]));
    for (const id of ['kubectl', 'context', 'cluster', 'permissions', 'api-versions', 'metrics', 'quota', 'registry']) {
      assert.equal(state[id], 'ok', done.stdout);
    }
    const view = JSON.parse(await cluster.kubectl(['config', 'view', '--raw', '-o', 'json', '--minify']));
    const stranger = join(folder, 'stranger.kubeconfig');
    view.users[0].user.as = 'waaft-stranger';
    writeFileSync(stranger, JSON.stringify(view), { mode: 0o600 });
    const refused = await waaft(['doctor', '--kubeconfig', stranger]);
    assert.equal(refused.code, 4);
    assert.ok(agrees('doctor', (await waaft(['doctor', '--kubeconfig', stranger, '--output', 'json'])).stdout).causes.length >= 1);
    assert.match(refused.stdout, /failed\s+permissions[^\n]*\n\s+try: kubectl .* --user=waaft-stranger/);
    const unseen = await waaft(['status', '--check', '--kubeconfig', stranger]);
    assert.equal(unseen.code, 4, unseen.stdout);
    assert.match(unseen.stderr, /forbidden/);
  });

  test('a new version that cannot start is wrong, with its cause, while the old one serves', async () => {
    const bad = `${image.split('@')[0]}:missing`;
    await cluster.kubectl(['set', 'image', 'deployment/waaft', `server=${bad}`, '-n', namespace]);
    const shown = await until('the cause', async () => {
      const now = await status('--check');
      return !now.healthy && now;
    });
    assert.equal(shown.rollout.state, 'failing', JSON.stringify(shown));
    assert.equal(shown.problems[0].code, 'IMAGE_NOT_FOUND');
    assert.equal(shown.problems[0].severity, 'wrong');
    assert.ok(shown.rollout.old >= 1);
    const silent = shown.pods.filter(({ live }) => !live.answered);
    assert.equal(silent.length, 1);
    assert.ok(silent[0].current && !silent[0].ready);
    const text = (await waaft(['status'])).stdout.split('\n').find((line) => line.includes(silent[0].name.slice(0, 20)));
    assert.match(text, /no answer/);
    const checked = await waaft(['status', '--check']);
    assert.equal(checked.code, 8);
    assert.equal((await waaft(['status'])).code, 0);
  });
});

test('what is not there is said', { skip: cluster.skip }, async () => {
  const context = (await cluster.kubectl(['config', 'current-context'])).trim();
  const folder = mkdtempSync(join(tmpdir(), 'waaft-status-'));
  try {
    const waaft = (...args) => cluster.waaft([...args, '-n', 'waaft-nowhere'], { cwd: folder });
    const status = await waaft('status', '--check', '--output', 'json', '--context', context);
    assert.equal(status.code, 8);
    assert.equal(agrees('status', status.stdout).problems[0].code, 'NOT_FOUND');
    for (const command of [['scale', '--min', '1'], ['logs'], ['open']]) {
      const done = await waaft(...command, '--context', context);
      assert.equal(done.code, 4, `${command}: ${done.stderr}`);
    }
    const unnamed = await waaft('status');
    assert.notEqual(unnamed.code, 0);
    assert.match(unnamed.stderr, /no cluster is named/);
    const unknown = await waaft('status', '--context', 'nowhere', '--output', 'json');
    assert.equal(unknown.code, 2);
    assert.equal(agrees('status', unknown.stdout).causes[0].code, 'CONTEXT_UNKNOWN');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
