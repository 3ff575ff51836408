// Runs the steps of a pipeline as its CI system would: in the image of the Dockerfile's stage `ci`, with the shell,
// folders and variables that the system gives, each script as it stands in the file.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cleanUp } from '../../support/cleanup.mjs';
import { binary, root, run } from './kit.mjs';

const stepMs = 900_000;

async function docker(args, options = {}) {
  const done = await run(['docker', ...args], { timeout: stepMs, ...options });
  assert.equal(done.code, 0, `docker ${args.join(' ')}: ${done.stdout}${done.stderr}`);
  return done.stdout.trim();
}

// The stage with the program under test instead of one that an hour of compiling makes.
export async function makeCiImage(folder, name) {
  const [stage] = readFileSync(join(root, 'Dockerfile'), 'utf8').match(/^FROM \S+ AS ci\n[\s\S]*?(?=^FROM )/m);
  assert.match(stage, /^COPY --from=build \/image /m);
  execFileSync(binary, ['build-image', '--builder', 'native', '--rootfs', join(folder, 'image'), '--quiet']);
  rmSync(join(folder, 'image/data'), { recursive: true });
  writeFileSync(join(folder, 'Dockerfile'), stage.replace('--from=build /image', 'image'));
  await docker(['build', '--network', 'host', '--tag', name, folder]);
}

// One container, as a job has it; `folders` are those of this machine by their place in it. The engine's socket is in
// it too.
export async function startJob(t, image, folders) {
  const mounts = Object.entries({ '/var/run/docker.sock': '/var/run/docker.sock', ...folders }).flatMap(([there, here]) => ['-v', `${here}:${there}`]);
  const container = await docker(['run', '-d', '--network', 'host', ...mounts, '--entrypoint', 'tail', image, '-f', '/dev/null']);
  cleanUp(t, `a container of ${image}`, () => docker(['rm', '-f', container]));
  // Values reach the container by docker's environment: what is secret is in no list of arguments.
  return (argv, { env, cwd, input }) => run(
    ['docker', 'exec', '-i', '-w', cwd, ...Object.keys(env).flatMap((name) => ['-e', name]), container, ...argv],
    { env, input, timeout: stepMs });
}

// GitHub: steps of one job, each a file of its own; what one adds to $GITHUB_ENV the next ones have.
export async function githubJob(t, image, workflow, { workspace, scratch, contexts }) {
  const [job] = Object.values(workflow.jobs);
  const there = { work: '/__w/live/live', temp: '/__w/_temp', home: '/github/home' };
  for (const name of ['temp', 'home']) mkdirSync(join(scratch, name));
  const exec = await startJob(t, image, { [there.work]: workspace, [there.temp]: join(scratch, 'temp'), [there.home]: join(scratch, 'home') });
  const value = (text) => String(text).replaceAll(/\$\{\{ (\w+)\.(\w+) \}\}/g, (all, context, name) => {
    assert.ok(name in (contexts[context] ?? {}), `nobody sets ${all}`);
    return contexts[context][name];
  });
  const values = (map = {}) => Object.fromEntries(Object.entries(map).map(([name, text]) => [name, value(text)]));
  const added = {};
  const environment = join(scratch, 'temp/set_env');
  return {
    home: join(scratch, 'home'),
    temp: join(scratch, 'temp'),
    steps: job.steps.filter((step) => step.run),
    async run(step, overrides = {}) {
      writeFileSync(environment, '');
      writeFileSync(join(scratch, 'temp/step.sh'), step.run);
      const done = await exec(['bash', '--noprofile', '--norc', '-eo', 'pipefail', `${there.temp}/step.sh`], {
        cwd: there.work,
        env: { CI: 'true', HOME: there.home, RUNNER_TEMP: there.temp, GITHUB_ENV: `${there.temp}/set_env`, GITHUB_SHA: contexts.github.sha,
          ...values(job.env), ...added, ...values(step.env), ...overrides },
      });
      for (const [, name, text] of readFileSync(environment, 'utf8').matchAll(/^(\w+)=(.*)$/gm)) added[name] = text;
      return done;
    },
  };
}

// GitLab: the lines of a job are one script; `files` are variables of type File.
export async function gitlabJob(t, image, job, { workspace, scratch, variables, files }) {
  const there = { work: '/builds/team/live', temp: '/builds/team/live.tmp' };
  mkdirSync(scratch);
  const paths = {};
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(scratch, name), text);
    chmodSync(join(scratch, name), 0o600);
    paths[name] = `${there.temp}/${name}`;
  }
  const exec = await startJob(t, image, { [there.work]: workspace, [there.temp]: scratch });
  const script = (lines) => exec(['bash'], { cwd: there.work, env: { CI: 'true', ...variables, ...paths }, input: ['set -eo pipefail', ...lines, ''].join('\n') });
  const done = await script(job.script);
  if (job.after_script) assert.equal((await script(job.after_script)).code, 0);
  return { ...done, leftover: (await script(['ls -A "$HOME/.docker" 2>/dev/null || true'])).stdout };
}
