// How long the command line takes for itself, beside kubectl's own time:
//   WAAFT=build/release/cmd/waaft node tests/bench/command_line.mjs
// Prints one JSON object. KUBECTL names kubectl, if it is not in the PATH; without one there is no ratio. With a cluster
// (WAAFT_KIT, or KUBECONFIG and WAAFT_TEST_REGISTRY) also what needs one, in a namespace of its own.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startMeter } from './kubectl_meter.mjs';

const binary = process.env.WAAFT ?? fileURLToPath(new URL('../../build/release/cmd/waaft', import.meta.url));
if (!existsSync(binary)) {
  console.error(`there is no program ${binary}; build it with \`make build\`, or name it in WAAFT`);
  process.exit(2);
}
process.env.WAAFT = binary;  // the images of the tests are made from it, too
const { kit } = await import('../cluster/support/kit.mjs');
const { pushImage } = await import('../cluster/support/image.mjs');
const rounds = 30;
const scratch = mkdtempSync(join(tmpdir(), 'waaft-bench-'));

const rounded = (time) => Math.round(time * 10) / 10;
const middle = (times) => rounded(times.sort((a, b) => a - b)[Math.floor(times.length / 2)]);
const ratio = (time, kubectl) => (kubectl && time ? Math.round((time / kubectl) * 100) / 100 : null);

// The median in milliseconds, from the start of the program to its end; null if it cannot be run.
function median(argv) {
  const times = [];
  for (let i = 0; i < rounds; i += 1) {
    const begin = process.hrtime.bigint();
    const done = spawnSync(argv[0], argv.slice(1), { cwd: tmpdir(), stdio: 'ignore' });
    if (done.error || done.status !== 0) return null;
    times.push(Number(process.hrtime.bigint() - begin) / 1e6);
  }
  return middle(times);
}

// The median of its own time, with kubectl's time of the same runs.
async function metered(meter, argv, env) {
  const runs = [];
  for (let i = 0; i < rounds; i += 1) runs.push(await meter.run(argv, { env, cwd: scratch }));
  const [own, kubectl] = [middle(runs.map((run) => run.own)), middle(runs.map((run) => run.kubectl))];
  const least = rounded(Math.min(...runs.map((run) => run.own)));  // what other programs on the machine did not disturb
  return { own, own_least: least, kubectl, ratio: ratio(own, kubectl), processes: Math.max(...runs.map((run) => run.processes)) };
}

async function withCluster() {
  const cluster = kit();
  if (cluster.skip) {
    console.error(`without a cluster: ${cluster.skip}`);
    return null;
  }
  const real = spawnSync('sh', ['-c', 'command -v kubectl'], { env: { ...process.env, ...cluster.env }, encoding: 'utf8' }).stdout.trim();
  const context = (await cluster.kubectl(['config', 'current-context'])).trim();
  const namespace = `waaft-bench-${randomBytes(4).toString('hex')}`;
  writeFileSync(join(scratch, 'waaft.yaml'), `cluster: {context: ${context}, namespace: ${namespace}}\nresources: {cpu: 50m}\n`);
  const image = await pushImage(cluster.registry, { repository: 'waaft-bench' });
  const meter = startMeter(real);
  try {
    const deployed = await cluster.waaft(['deploy', '--image', image, '--probe', 'off', '--yes'], { cwd: scratch, timeout: 300_000 });
    if (deployed.code !== 0) throw new Error(deployed.stderr);
    return {
      'waaft deploy --dry-run': await metered(meter, [binary, 'deploy', '--image', image, '--dry-run'], cluster.env),
      'waaft status': await metered(meter, [binary, 'status', '--check'], cluster.env),
    };
  } finally {
    meter.close();
    await cluster.removeNamespace(namespace);
  }
}

const kubectl = median([process.env.KUBECTL ?? 'kubectl', 'version', '--client']);
const version = median([binary, 'version']);
const manifests = median([binary, 'manifests']);
const folder = median([binary, 'manifests', '--output-dir', join(scratch, 'manifests')]);
const cluster = await withCluster().finally(() => rmSync(scratch, { recursive: true }));
console.log(JSON.stringify({
  schema: 'waaft.bench.command_line/1',
  rounds,
  ms: { 'kubectl version --client': kubectl, 'waaft version': version, 'waaft manifests': manifests, 'waaft manifests --output-dir': folder },
  ratio_to_kubectl: { 'waaft version': ratio(version, kubectl), 'waaft manifests': ratio(manifests, kubectl) },
  // Milliseconds of its own and of kubectl in the same runs; kubectl processes at most.
  cluster,
}, null, 2));
