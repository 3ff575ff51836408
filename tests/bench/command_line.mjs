// How long the command line takes for itself, beside kubectl's own time:
//   WAAFT=build/release/cmd/waaft node tests/bench/command_line.mjs
// Prints one JSON object. KUBECTL names kubectl, if it is not in the PATH; without one there is no ratio.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const binary = process.env.WAAFT ?? fileURLToPath(new URL('../../build/release/cmd/waaft', import.meta.url));
if (!existsSync(binary)) {
  console.error(`there is no program ${binary}; build it with \`make build\`, or name it in WAAFT`);
  process.exit(2);
}
const rounds = 30;

// The median in milliseconds, from the start of the program to its end; null if it cannot be run.
function median(argv) {
  const times = [];
  for (let i = 0; i < rounds; i += 1) {
    const begin = process.hrtime.bigint();
    const done = spawnSync(argv[0], argv.slice(1), { cwd: tmpdir(), stdio: 'ignore' });
    if (done.error || done.status !== 0) return null;
    times.push(Number(process.hrtime.bigint() - begin) / 1e6);
  }
  return Math.round(times.sort((a, b) => a - b)[rounds / 2] * 10) / 10;
}

const kubectl = median([process.env.KUBECTL ?? 'kubectl', 'version', '--client']);
const version = median([binary, 'version']);
const manifests = median([binary, 'manifests']);
const scratch = mkdtempSync(join(tmpdir(), 'waaft-bench-'));
const folder = median([binary, 'manifests', '--output-dir', scratch]);
rmSync(scratch, { recursive: true });
const ratio = (time) => kubectl && time && Math.round((time / kubectl) * 100) / 100;
console.log(JSON.stringify({
  schema: 'waaft.bench.command_line/1',
  rounds,
  ms: { 'kubectl version --client': kubectl, 'waaft version': version, 'waaft manifests': manifests, 'waaft manifests --output-dir': folder },
  ratio_to_kubectl: { 'waaft version': ratio(version), 'waaft manifests': ratio(manifests) },
}, null, 2));
